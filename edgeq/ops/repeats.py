"""Repetition along axes: import functions that make slices with step 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall

#: elements beyond it are a damaged file
LARGEST = 1 << 24


def repeated(importer: Importer, x: str, axis: int, count: int) -> str:
    """`x` with the index 0 of an axis of size 1 `count` times over."""
    shape = importer.shape(x)
    if axis == 0 or shape[axis] != 1 or not 1 <= count <= LARGEST:
        raise importer.unsupported(f"{count} times axis {axis} of {shape}", "a repetition of another axis, of size 1")
    if count == 1:
        return x
    size = (*shape[:axis], count, *shape[axis + 1 :])
    steps = tuple(0 if at == axis else 1 for at in range(len(shape)))
    return importer.add("slice", [x], {"start": (0,) * len(shape), "size": size, "step": steps})


def tiled(importer: Importer, x: str, counts: Sequence[int], each: bool = False) -> str:
    """`x` `counts[axis]` times along every axis, whole or (`each`) every element at once."""
    for axis, count in enumerate(counts):
        shape = importer.shape(x)
        if count == 1:
            continue
        if axis == 0:
            raise importer.unsupported("a repetition of the batch", "a repetition of another axis")
        at = axis + 1 if each else axis
        if shape[axis] == 1:
            x = repeated(importer, x, axis, count)
            continue
        x = repeated(importer, importer.reshape(x, (*shape[:at], 1, *shape[at:])), at, count)
        x = importer.reshape(x, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))
    return x


def with_rank(importer: Importer, x: str, rank: int) -> str:
    """`x` with axes of size 1 behind the batch's until it has `rank` axes."""
    shape = importer.shape(x)
    return importer.reshape(x, (1,) * (rank - len(shape)) + shape) if len(shape) < rank else x


def expanded(importer: Importer, x: str, target: Sequence[int]) -> str:
    """`x` broadcast to the shape `target`; -1 keeps a size."""
    x = with_rank(importer, x, len(target))
    for axis, size in enumerate(target):
        if size not in (-1, importer.shape(x)[axis]):
            x = repeated(importer, x, axis, size)
    return x


def import_expand(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.expand."""
    return expanded(importer, args["self"], [int(size) for size in args["size"]])


def import_repeat(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.repeat and aten.tile."""
    counts = [int(count) for count in (args["repeats"] if "repeats" in args else args["dims"])]
    x = with_rank(importer, args["self"], len(counts))
    return tiled(importer, x, [1] * (len(importer.shape(x)) - len(counts)) + counts)


def import_interleave(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.repeat_interleave by one number along one axis."""
    rank = len(importer.shape(args["self"]))
    if args.get("dim") is None:
        raise importer.unsupported("repeating the elements of the flattened tensor", "an axis")
    counts = [1] * rank
    counts[args["dim"] % rank] = int(args["repeats"])
    return tiled(importer, args["self"], counts, each=True)


def tflite_tile(importer: Importer, call: TfliteCall) -> str:
    """TILE by constant numbers."""
    x, counts = call.input(0), call.integers(1, "the numbers of repetitions")
    if len(counts) != len(importer.shape(x)) or min(counts) < 1:
        raise importer.unsupported(f"{counts} repetitions of {importer.shape(x)}", "a number above 0 for every axis")
    return importer.reshape(tiled(importer, x, counts), call.output_shape())


def tflite_broadcast(importer: Importer, call: TfliteCall) -> str:
    """BROADCAST_TO a constant shape."""
    x, target = call.input(0), call.integers(1, "a shape")
    if len(target) < len(importer.shape(x)) or min(target) < 1:
        raise importer.unsupported(f"broadcasting {importer.shape(x)} to {target}", "as many axes or more")
    return importer.reshape(expanded(importer, x, target), call.output_shape())


def onnx_expand(importer: Importer, call: OnnxCall) -> str:
    """Expand to a constant shape, in which 1 keeps a size."""
    x, wanted = call.activation(), call.integers(1, "a shape") or ()
    shape = call.model_shape()
    rank = max(len(shape), len(wanted))
    wide = (1,) * (rank - len(shape)) + shape
    target = [max(pair) for pair in zip(wide, (1,) * (rank - len(wanted)) + wanted, strict=True)]
    return expanded(importer, x, call.stored(tuple(target)))


def onnx_tile(importer: Importer, call: OnnxCall) -> str:
    """Tile by constant numbers."""
    x, counts = call.activation(), call.integers(1, "the numbers of repetitions") or ()
    if len(counts) != len(call.model_shape()) or min(counts, default=0) < 1:
        raise importer.unsupported(f"{counts} repetitions of {call.model_shape()}", "a number above 0 for every axis")
    return tiled(importer, x, call.stored(counts))


ONNX_TARGETS = {"Expand": onnx_expand, "Tile": onnx_tile}
TORCH_TARGETS = {
    "aten.expand.default": import_expand,
    "aten.repeat.default": import_repeat,
    "aten.tile.default": import_repeat,
    "aten.repeat_interleave.self_int": import_interleave,
}
TFLITE_TARGETS = {"TILE": tflite_tile, "BROADCAST_TO": tflite_broadcast}
