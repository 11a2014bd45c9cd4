"""pad: constant padding of height, width and channels, channels last. Attribute padding: (top, bottom, left, right,
front, back) and value; the integer value is the quantized one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.base import Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.constant_pad_nd (and aten.pad in constant mode) of an NCHW tensor: pairs from the last axis backwards."""
    if args.get("mode", "constant") != "constant":
        raise importer.unsupported(f"padding in mode {args['mode']!r}", "constant padding")
    pairs = [int(value) for value in args["pad"]]
    if len(importer.shape(args["self"])) != 4 or len(pairs) > 6 or any(value < 0 for value in pairs):
        raise importer.unsupported(
            f"padding {pairs} of {importer.shape(args['self'])}", "non-negative padding of an image [N, C, H, W]"
        )
    value = float(args.get("value") or 0.0)
    if not math.isfinite(value):
        raise importer.unsupported(f"padding with {value}", "the padding of the max pool that follows")
    left, right, top, bottom, front, back = pairs + [0] * (6 - len(pairs))
    attributes = {"padding": (top, bottom, left, right, front, back), "value": value}
    return importer.channels_first(importer.add("pad", [importer.channels_last(args["self"])], attributes))


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """PAD: zeros (the zero point) round height, width and channels of an image."""
    x, sides = call.input(0), call.integers(1, "padding")
    if len(importer.shape(x)) != 4 or len(sides) != 8 or min(sides) < 0 or max(sides) > LARGEST_SIDE or any(sides[:2]):
        raise importer.unsupported(f"padding {sides} of {importer.shape(x)}", "padding of an image [1, H, W, C]")
    return importer.add("pad", [x], call.attributes(padding=sides[2:], value=0.0))


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Pad in constant mode: sides before and behind of all axes or of those named."""
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
    return import_torch(importer, {"self": x, "pad": pairs, "mode": call.attribute("mode", "constant"), "value": value})


def output_rows(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).shape[1]


#: sides beyond it are a damaged file
LARGEST_SIDE = 1 << 16


class Pad(Operator):
    name = "pad"
    torch_targets = {"aten.constant_pad_nd.default": import_torch, "aten.pad.default": import_torch}
    tflite_targets = {"PAD": import_tflite}
    onnx_targets = {"Pad": import_onnx}
    kernels = (Kernel("eq_pad_s8_scalar", "scalar", "pad/eq_pad_s8_scalar.c", units=output_rows),)

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

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self._pad(node, inputs[0], node.attributes["value"])

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        value = int(np.clip(round(node.attributes["value"] / x.scale) + x.zero_point, -128, 127))
        converter.add_keeping_scale(node, (x.name,), value=value)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        x, y = graph.tensor(node.inputs[0]), graph.tensor(node.outputs[0])
        top, _, left, _, front, _ = node.attributes["padding"]
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
            "value": node.attributes["value"],
        }

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = Pad()
