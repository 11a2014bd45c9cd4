"""slice: a box of the input, with steps. Attributes start, size and step, one entry an axis (the batch's are 0, 1, 1).

Splits, selections and unstacking are slices, the dropped axis a reshape. A negative step reads backwards, a step of 0
repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import fold as onnx_fold
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import embedding, gather, gradient_parts, moves, repeats
from edgeq.ops.base import Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.train.tape import Tape


def box(importer: Importer, x: str, start: Sequence[int], size: Sequence[int], step: Sequence[int]) -> str:
    """A slice node, or `x` itself when nothing is left out. Raises EdgeqError for one outside the input."""
    shape = importer.shape(x)
    if not len(start) == len(size) == len(step) == len(shape):
        raise importer.unsupported(f"a slice of {len(start)} axes of {shape}", "one entry per axis")
    ends = [first + (count - 1) * by for first, count, by in zip(start, size, step, strict=True)]
    if min(size) < 1 or any(
        not (0 <= first < length and 0 <= end < length) for first, end, length in zip(start, ends, shape, strict=True)
    ):
        raise importer.unsupported(
            f"a slice from {list(start)} of size {list(size)} of {shape}", "one inside the input"
        )
    if (start[0], size[0]) != (0, 1):
        raise importer.unsupported("a slice of the batch", "a slice along another axis")
    if tuple(size) == shape and all(by == 1 for by in step):
        return x
    return importer.add("slice", [x], {"start": tuple(start), "size": tuple(size), "step": tuple(step)})


def along(importer: Importer, x: str, axis: int, start: int, size: int, step: int = 1) -> str:
    """`size` indices of one axis, all of the others."""
    shape = importer.shape(x)
    starts, sizes, steps = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis], sizes[axis], steps[axis] = start, size, step
    return box(importer, x, starts, sizes, steps)


def without_axis(importer: Importer, x: str, axis: int) -> str:
    shape = importer.shape(x)
    return importer.reshape(x, shape[:axis] + shape[axis + 1 :])


def import_slice(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.slice.Tensor."""
    x, shape = args["self"], importer.shape(args["self"])
    axis, step = args.get("dim", 0) % len(shape), int(args.get("step", 1))
    start, end, step = slice(args.get("start"), args.get("end"), step).indices(shape[axis])
    return along(importer, x, axis, start, len(range(start, end, step)), step)


def import_select(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.select.int: one index of an axis, which disappears."""
    x, shape = args["self"], importer.shape(args["self"])
    axis = args["dim"] % len(shape)
    return without_axis(importer, along(importer, x, axis, args["index"] % shape[axis], 1), axis)


def import_split(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """aten.split.Tensor, aten.split_with_sizes, aten.chunk, aten.tensor_split: parts of an axis."""
    x, shape = args["self"], importer.shape(args["self"])
    axis = args.get("dim", 0) % len(shape)
    length = shape[axis]
    part = -(-length // args["chunks"]) if "chunks" in args else args.get("split_size", args.get("split_sizes"))
    sizes = list(part) if isinstance(part, list) else [min(part, length - at) for at in range(0, length, part)]
    starts = np.cumsum([0, *sizes[:-1]])
    return [along(importer, x, axis, int(at), int(size)) for at, size in zip(starts, sizes, strict=True)]


def import_unbind(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """aten.unbind.int: every index of an axis."""
    x, shape = args["self"], importer.shape(args["self"])
    axis = args.get("dim", 0) % len(shape)
    return [without_axis(importer, along(importer, x, axis, at, 1), axis) for at in range(shape[axis])]


def import_flip(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.flip: some axes backwards."""
    x, shape = args["self"], importer.shape(args["self"])
    axes = {axis % len(shape) for axis in args["dims"]}
    start = [size - 1 if axis in axes else 0 for axis, size in enumerate(shape)]
    return box(importer, x, start, shape, [-1 if axis in axes else 1 for axis in range(len(shape))])


def tflite_slice(importer: Importer, call: TfliteCall) -> str:
    """SLICE: begin and size (-1: to the end)."""
    x, shape = call.input(0), importer.shape(call.input(0))
    begin, size = call.integers(1, "a slice's begin"), call.integers(2, "a slice's size")
    if not len(begin) == len(size) == len(shape):
        raise importer.unsupported(f"a slice of {len(begin)} axes of {shape}", "one entry per axis")
    sizes = [length - at if count == -1 else count for at, count, length in zip(begin, size, shape, strict=True)]
    return box(importer, x, begin, sizes, [1] * len(shape))


def tflite_strided_slice(importer: Importer, call: TfliteCall) -> str:
    """STRIDED_SLICE with its masks; new axes and an ellipsis are not written by converters."""
    x, shape = call.input(0), importer.shape(call.input(0))
    begin, end, strides = (call.integers(1 + part, "a slice's bounds") for part in range(3))
    if call.option("ellipsis_mask") or call.option("new_axis_mask") or not len(begin) == len(end) == len(strides):
        raise importer.unsupported("a strided slice with an ellipsis or a new axis", "plain bounds")
    if len(begin) > len(shape) or 0 in strides:
        raise importer.unsupported(f"a strided slice {begin} of {shape}", "one entry per axis, strides other than 0")
    starts, sizes, steps, dropped = [0] * len(shape), list(shape), [1] * len(shape), []
    for axis, (first, last, by) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << axis
        if call.option("shrink_axis_mask") & bit:
            starts[axis], sizes[axis] = first % shape[axis], 1
            dropped.append(axis)
            continue
        bounds = slice(
            None if call.option("begin_mask") & bit else first, None if call.option("end_mask") & bit else last, by
        )
        starts[axis], stop, steps[axis] = bounds.indices(shape[axis])
        sizes[axis] = len(range(starts[axis], stop, by))
    y = box(importer, x, starts, sizes, steps)
    if dropped:
        y = importer.reshape(y, tuple(size for axis, size in enumerate(sizes) if axis not in dropped))
    return y


def tflite_split(importer: Importer, call: TfliteCall) -> list[str]:
    """SPLIT (axis, x) into equal parts and SPLIT_V (x, sizes, axis)."""
    even = call.operator.name == "SPLIT"
    x = call.input(1 if even else 0)
    shape = importer.shape(x)
    axis = call.integers(0 if even else 2, "a split's axis")[0]
    count = len(call.operator.outputs)
    if not -len(shape) <= axis < len(shape) or (even and shape[axis] % count):
        raise importer.unsupported(f"a split of {shape} along axis {axis} into {count}", "equal parts")
    axis %= len(shape)
    sizes = [shape[axis] // count] * count if even else list(call.integers(1, "a split's sizes"))
    if -1 in sizes:
        sizes[sizes.index(-1)] = shape[axis] - sum(sizes) - 1
    starts = np.cumsum([0, *sizes[:-1]])
    return [along(importer, x, axis, int(at), int(size)) for at, size in zip(starts, sizes, strict=True)]


def tflite_unpack(importer: Importer, call: TfliteCall) -> list[str]:
    """UNPACK: every index of an axis."""
    return import_unbind(importer, {"self": call.input(0), "dim": call.option("axis")})


def tflite_reverse(importer: Importer, call: TfliteCall) -> str:
    """REVERSE_V2 along constant axes."""
    return import_flip(importer, {"self": call.input(0), "dims": call.integers(1, "the axes to reverse")})


def onnx_slice(importer: Importer, call: OnnxCall) -> str:
    """Slice with constant bounds."""
    x, shape = call.activation(), call.model_shape()
    operands = [np.array(call.integers(index, "a slice's bounds") or ()) for index in range(1, call.count())]
    ranges = [range(size)[part] for size, part in zip(shape, onnx_fold.slices(call.node, shape, operands), strict=True)]
    ranges = [range(1)] * call.behind + ranges
    if any(len(part) == 0 for part in ranges):
        raise importer.unsupported(f"an empty slice of {shape}", "one inside the input")
    return box(
        importer, x, [part.start for part in ranges], [len(part) for part in ranges], [part.step for part in ranges]
    )


def onnx_split(importer: Importer, call: OnnxCall) -> list[str]:
    """Split into parts of the sizes given, or into as many equal ones as there are outputs (the last may be less)."""
    x, axis = call.activation(), call.axis(0)
    length, count = call.shape()[axis], max(1, len(call.node.outputs))
    sizes = list(call.integers(1, "a split's sizes") or ())
    if not sizes:
        part = -(-length // count)
        sizes = [min(part, length - at) for at in range(0, length, part)]
    if len(sizes) != count or sum(sizes) != length:
        raise importer.unsupported(f"a split of {call.shape()} along axis {axis} into {sizes}", "parts that fit")
    starts = np.cumsum([0, *sizes[:-1]])
    return [along(importer, x, axis, int(at), int(size)) for at, size in zip(starts, sizes, strict=True)]


def onnx_gather(importer: Importer, call: OnnxCall) -> str:
    """Gather by constant indices: those in even steps are a slice. Of a constant it is a look-up."""
    if call.constant(0) is not None:
        return embedding.import_onnx(importer, call)
    x, shape, axis = call.activation(), call.shape(), call.axis(0)
    index, of = call.integers(1, "indices") or (), call.shape(1)
    steps = {after - before for before, after in pairwise(index)} or {1}
    if not index or any(not -shape[axis] <= at < shape[axis] for at in index):
        raise importer.unsupported(f"a gather of {index[:8]} along axis {axis} of {shape}", "indices inside it")
    if len(steps) == 1:
        y = along(importer, x, axis, index[0] % shape[axis], len(index), steps.pop())
    else:
        y = gather.take(importer, x, {axis: [at % shape[axis] for at in index]})
    return y if len(of) == 1 else importer.reshape(y, (*shape[:axis], *of, *shape[axis + 1 :]))


class Slice(moves.Move):
    name = "slice"
    torch_targets = {
        "aten.slice.Tensor": import_slice,
        "aten.select.int": import_select,
        "aten.split.Tensor": import_split,
        "aten.split_with_sizes.default": import_split,
        "aten.chunk.default": import_split,
        "aten.unbind.int": import_unbind,
        "aten.flip.default": import_flip,
        **repeats.TORCH_TARGETS,
    }
    tflite_targets = {
        "SLICE": tflite_slice,
        "STRIDED_SLICE": tflite_strided_slice,
        "SPLIT": tflite_split,
        "SPLIT_V": tflite_split,
        "UNPACK": tflite_unpack,
        "REVERSE_V2": tflite_reverse,
        **repeats.TFLITE_TARGETS,
    }

    onnx_targets = {"Gather": onnx_gather, "Slice": onnx_slice, "Split": onnx_split, **repeats.ONNX_TARGETS}

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(inputs[0].shape[0], *node.attributes["size"][1:])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        index: list[Any] = [slice(None)]
        k = node.attributes
        for start, size, step in zip(k["start"][1:], k["size"][1:], k["step"][1:], strict=True):
            index.append(start + step * np.arange(size))
        for axis, chosen in enumerate(index[1:], 1):
            inputs = [np.take(inputs[0], chosen, axis=axis)]
        return [np.ascontiguousarray(inputs[0])]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        """Axis by axis back to where elements were taken from: what was repeated is summed, what was left out is 0."""
        x, k = node.inputs[0], node.attributes
        for axis, length in enumerate(tape.shape(x)[1:], 1):
            start, size, step = (k[key][axis] for key in ("start", "size", "step"))
            if size > 1 and step == 0:
                gradient, size, step = (
                    tape.add("reduce", [gradient], node, "summed", function="sum", axes=(axis,)),
                    1,
                    1,
                )
            if size > 1 and step < 0:
                gradient = gradient_parts.along(tape, gradient, axis, size - 1, size, node, -1)
                start, step = start + (size - 1) * step, -step
            gradient = gradient_parts.spread_out(tape, gradient, axis, step, node)
            behind = length - start - tape.shape(gradient)[axis]
            gradient = gradient_parts.extended(tape, gradient, axis, start, behind, node)
        tape.give(x, gradient, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        moved = {}
        for key in ("start", "size", "step"):
            values = [0] * len(perm)
            for axis, value in zip(perm, node.attributes[key], strict=True):
                values[axis] = value
            moved[key] = tuple(values)
        return node.with_attributes(**moved)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        strides = moves.strides_of(graph.tensor(node.inputs[0]).shape)
        k = node.attributes
        offset = sum(first * stride for first, stride in zip(k["start"], strides, strict=True))
        steps = [by * stride for by, stride in zip(k["step"], strides, strict=True)]
        return moves.parameters(k["size"], steps, offset)


OP = Slice()
