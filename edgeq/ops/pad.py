"""pad: constant padding of height, width and channels, channels last. Attribute padding: (top, bottom, left, right,
front, back) and value; the integer value is the quantized one. Padding that repeats elements of its input is a gather,
padding of other axes a pad of the tensor seen as an image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import gather, gradient_parts
from edgeq.ops import slice as slices
from edgeq.ops.base import Kernel, Operator, Shape
from edgeq.ops.float_types import FLOATS

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


#: torch's and TensorFlow Lite's padding modes that repeat elements of the input -> numpy's name of the same
REPEATING = {"reflect": "reflect", "replicate": "edge", "circular": "wrap", "symmetric": "symmetric"}
#: ONNX's padding modes by other names
ONNX_MODES = {"edge": "replicate", "wrap": "circular"}
#: sides beyond it are a damaged file
LARGEST_SIDE = 1 << 16

Sides = Mapping[int, tuple[int, int]]


def constant_pad(importer: Importer, x: str, sides: Sides, value: float, attributes: Mapping[str, Any]) -> str:
    """`x` with constants before and behind it along some axes (never the batch): one node up to rank 4, one an axis
    beyond."""
    shape = importer.shape(x)
    if not math.isfinite(value):
        raise importer.unsupported(f"padding with {value}", "the padding of the max pool that follows")
    if len(shape) <= 4:
        lead = 4 - len(shape)
        image = (1,) * (lead + 1) + shape[1:]
        pairs = [sides.get(axis - lead, (0, 0)) for axis in (1, 2, 3)]
        if lead:
            x = importer.reshape(x, image)
        padding = tuple(side for pair in pairs for side in pair)
        x = importer.add("pad", [x], {**attributes, "padding": padding, "value": value})
        return importer.reshape(x, importer.shape(x)[:1] + importer.shape(x)[lead + 1 :]) if lead else x
    for axis, (before, behind) in sides.items():
        shape = importer.shape(x)
        image = (1, math.prod(shape[1:axis]), shape[axis], math.prod(shape[axis + 1 :]))
        padding = (0, 0, before, behind, 0, 0)
        x = importer.add("pad", [importer.reshape(x, image)], {**attributes, "padding": padding, "value": value})
        x = importer.reshape(x, (*shape[:axis], shape[axis] + before + behind, *shape[axis + 1 :]))
    return x


def repeating_pad(importer: Importer, x: str, sides: Sides, mode: str) -> str:
    """`x` continued by its own elements along some axes."""
    shape = importer.shape(x)
    for axis, pair in sides.items():
        most = {"reflect": shape[axis] - 1, "edge": LARGEST_SIDE}.get(mode, shape[axis])
        if max(pair) > most:
            raise importer.unsupported(f"{mode} padding {pair} of axis {axis} of {shape}", f"at most {most} elements")
    chosen = {axis: np.pad(np.arange(shape[axis]), pair, mode=mode) for axis, pair in sides.items()}  # type: ignore[call-overload]
    return gather.take(importer, x, chosen)


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.pad and what it decomposes into: pairs from the last axis backwards; negative sides cut off."""
    mode = args.get("mode", "constant")
    return _pad(importer, args["self"], [int(side) for side in args["pad"]], mode, float(args.get("value") or 0.0))


def torch_repeating(mode: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of aten.reflection_pad and aten.replication_pad."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        return _pad(importer, args["self"], [int(side) for side in args["padding"]], mode, 0.0)

    return convert


def _pad(importer: Importer, x: str, pairs: list[int], mode: str, value: float) -> str:
    rank = len(importer.shape(x))
    sides = {
        rank - 1 - at // 2: (pairs[at], pairs[at + 1]) for at in range(0, len(pairs), 2) if any(pairs[at : at + 2])
    }
    if len(pairs) % 2 or any(axis < 1 for axis in sides) or max(map(abs, pairs), default=0) > LARGEST_SIDE:
        raise importer.unsupported(f"padding {pairs} of {importer.shape(x)}", "padding of axes other than the batch")
    for axis, (before, behind) in sides.items():
        length = importer.shape(x)[axis]
        left, right = max(0, -before), max(0, -behind)
        x = slices.along(importer, x, axis, left, length - left - right)
    sides = {axis: (max(0, before), max(0, behind)) for axis, (before, behind) in sides.items()}
    sides = {axis: pair for axis, pair in sides.items() if any(pair)}
    if not sides:
        return x
    if mode in REPEATING:
        return repeating_pad(importer, x, sides, REPEATING[mode])
    if mode != "constant":
        raise importer.unsupported(f"padding in mode {mode!r}", f"constant, {', '.join(REPEATING)}")
    if rank not in (3, 4):
        return constant_pad(importer, x, sides, value, {})
    last = {1: 3, rank - 1: 2, **({2: 1} if rank == 4 else {})}  # axis of the framework -> axis channels-last
    image = importer.channels_last(x)
    moved = {last[axis]: pair for axis, pair in sides.items()}
    return importer.channels_first(constant_pad(importer, image, moved, value, {}), rank)


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """PAD (the zero point), PADV2 (a constant) and MIRROR_PAD, of any axes but the batch's."""
    x, pairs = call.input(0), call.integers(1, "padding")
    shape, name = importer.shape(x), call.operator.name
    if len(pairs) != 2 * len(shape) or min(pairs) < 0 or max(pairs) > LARGEST_SIDE or any(pairs[:2]):
        raise importer.unsupported(f"padding {pairs} of {shape}", "padding of axes other than the batch")
    sides = {axis: (pairs[2 * axis], pairs[2 * axis + 1]) for axis in range(1, len(shape))}
    sides = {axis: pair for axis, pair in sides.items() if any(pair)}
    if name == "MIRROR_PAD":
        mode = call.option("mode")
        if mode not in (0, 1):
            raise importer.unsupported(f"mirror padding number {mode}", "REFLECT or SYMMETRIC")
        made = repeating_pad(importer, x, sides, ("reflect", "symmetric")[mode])
        return made if made != x else importer.reshape(x, shape)
    value = 0.0
    if name == "PADV2":
        value = float(importer.constant_array(call.input(2, "a value"), "the value of padding").reshape(-1)[0])
    return constant_pad(importer, x, sides, value, call.attributes())


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Pad: sides before and behind of all axes or of those named."""
    x, sides = call.activation(), call.integers(1, "padding") or ()
    rank = len(importer.shape(x))
    axes = call.integers(3, "axes") or tuple(range(rank))
    if len(sides) != 2 * len(axes) or any(not -rank <= axis < rank for axis in axes) or max(sides, default=0) > 1 << 16:
        raise importer.unsupported(f"padding {sides} of {importer.shape(x)}", "two numbers per axis")
    before, behind = [0] * rank, [0] * rank
    for at, axis in enumerate(axes):
        before[axis], behind[axis] = sides[at], sides[at + len(axes)]
    if rank < 2 or before[0] or behind[0]:
        raise importer.unsupported("padding of the batch", "padding of the other axes")
    pairs = [side for axis in range(rank - 1, 0, -1) for side in (before[axis], behind[axis])]
    value = call.scalar(2, 0.0, "the padding value")
    mode = call.attribute("mode", "constant")
    return import_torch(importer, {"self": x, "pad": pairs, "mode": ONNX_MODES.get(mode, mode), "value": value})


def output_rows(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).shape[1]


class Pad(Operator):
    name = "pad"
    torch_targets = {
        "aten.constant_pad_nd.default": import_torch,
        "aten.pad.default": import_torch,
        "aten.reflection_pad1d.default": torch_repeating("reflect"),
        "aten.reflection_pad2d.default": torch_repeating("reflect"),
        "aten.replication_pad1d.default": torch_repeating("replicate"),
        "aten.replication_pad2d.default": torch_repeating("replicate"),
    }
    tflite_targets = {"PAD": import_tflite, "PADV2": import_tflite, "MIRROR_PAD": import_tflite}
    onnx_targets = {"Pad": import_onnx}
    takes_int16 = takes_float = True
    kernels = (
        Kernel("eq_pad_s8_scalar", "scalar", "pad/eq_pad_s8_scalar.c", units=output_rows),
        Kernel("eq_pad_s16_scalar", "scalar", "pad/eq_pad_s16_scalar.c", units=output_rows, dtype="int16"),
        *(
            Kernel(
                f"eq_pad_s{kind.bits}_scalar",
                "scalar",
                f"pad/eq_pad_s{kind.bits}_scalar.c",
                units=output_rows,
                dtype=kind.name,
                pointers=f"int{kind.bits}_t",
            )
            for kind in FLOATS.values()
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        top, bottom, left, right, front, back = node.attributes["padding"]
        batch, height, width, channels = inputs[0].shape
        return [(batch, height + top + bottom, width + left + right, channels + front + back)]

    def _pad(self, node: Node, x: np.ndarray, value: float | int) -> list[np.ndarray]:
        top, bottom, left, right, front, back = node.attributes["padding"]
        sides = ((0, 0), (top, bottom), (left, right), (front, back))
        return [np.pad(x, sides, constant_values=value)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self._pad(node, inputs[0], node.attributes["value"])

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        x = node.inputs[0]
        for axis in (1, 2, 3):
            before = node.attributes["padding"][2 * axis - 2]
            gradient = gradient_parts.along(tape, gradient, axis, before, tape.shape(x)[axis], node)
        tape.give(x, gradient, node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self._pad(node, inputs[0], node.attributes["value"])

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        info = np.iinfo(x.dtype)
        value = int(np.clip(round(node.attributes["value"] / x.scale) + x.zero_point, info.min, info.max))
        converter.add_keeping_scale(node, (x.name,), value=value)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        x, y = graph.tensor(node.inputs[0]), graph.tensor(node.outputs[0])
        top, _, left, _, front, _ = node.attributes["padding"]
        value = node.attributes["value"]
        if x.dtype in FLOATS:  # the kernels copy the bits of numbers
            value = int(np.array([value], x.dtype).view(f"int{FLOATS[x.dtype].bits}")[0])
        return {
            "in_h": x.shape[1],
            "in_w": x.shape[2],
            "in_c": x.shape[3],
            "out_h": y.shape[1],
            "out_w": y.shape[2],
            "out_c": y.shape[3],
            "pad_top": top,
            "pad_left": left,
            "pad_front_c": front,
            "value": value,
        }

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = Pad()
