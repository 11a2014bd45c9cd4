"""Operators on constants, computed at import: mostly the arithmetic on shapes that exporters write.

Source: the operators' texts in onnx/docs/Operators.md. Results beyond MOST_ELEMENTS are refused before they are made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgeq.frontend.importer import MOST_ELEMENTS
from edgeq.frontend.onnx.model import TYPES, OnnxNode

Arrays = list[np.ndarray]
Function = Callable[[OnnxNode, Arrays], np.ndarray]


class FoldError(ValueError):
    """Operands that the operator can't have; the message says why."""


def _sized(shape: Any) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in shape)
    if any(size < 0 for size in sizes) or math.prod(sizes) > MOST_ELEMENTS:
        raise FoldError(f"a constant of shape {list(sizes)[:12]}")
    return sizes


def _elementwise(function: Callable[..., np.ndarray]) -> Function:
    def compute(node: OnnxNode, arrays: Arrays) -> np.ndarray:
        _sized(np.broadcast_shapes(*(array.shape for array in arrays)))
        return function(*arrays)

    return compute


def _divide(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Integers are divided towards zero."""
    if left.dtype.kind == "f":
        return np.divide(left, right)
    if not right.all():
        raise FoldError("a division by zero")
    return np.trunc(left / right).astype(left.dtype)


def axes_of(node: OnnxNode, arrays: Arrays, index: int = 1) -> tuple[int, ...] | None:
    """Axes from an operand or, in older operator sets, an attribute."""
    if len(arrays) > index:
        return tuple(int(axis) for axis in arrays[index].reshape(-1))
    return node.attributes.get("axes")


def unsqueezed(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with sizes of 1 put in, axes counted in the result."""
    rank = len(shape) + len(axes)
    wanted = {axis % rank for axis in axes if -rank <= axis < rank}
    if len(wanted) != len(axes):
        raise FoldError(f"axes {axes} of {rank}")
    rest = iter(shape)
    return tuple(1 if axis in wanted else next(rest) for axis in range(rank))


def squeezed(shape: tuple[int, ...], axes: tuple[int, ...] | None) -> tuple[int, ...]:
    """The shape without these sizes of 1 (without all of them where `axes` is None)."""
    rank = len(shape)
    dropped = {axis for axis, size in enumerate(shape) if size == 1}
    if axes is not None:
        if any(not -rank <= axis < rank or shape[axis] != 1 for axis in axes):
            raise FoldError(f"a squeeze of axes {axes} of {list(shape)}")
        dropped = {axis % rank for axis in axes}
    return tuple(size for axis, size in enumerate(shape) if axis not in dropped)


def reshaped(shape: tuple[int, ...], wanted: tuple[int, ...], allow_zero: bool) -> tuple[int, ...]:
    """The shape that Reshape's operand asks for: 0 keeps a size, -1 is what is left."""
    sizes = list(wanted)
    for axis, size in enumerate(sizes):
        if size == 0 and not allow_zero:
            if axis >= len(shape):
                raise FoldError(f"a reshape of {list(shape)} to {list(wanted)}")
            sizes[axis] = shape[axis]
    total, known = math.prod(shape), math.prod(size for size in sizes if size != -1)
    if sizes.count(-1) == 1 and known > 0:
        sizes[sizes.index(-1)] = total // known
    if any(size < 0 for size in sizes) or math.prod(sizes) != total:
        raise FoldError(f"a reshape of {list(shape)} to {list(wanted)}")
    return tuple(sizes)


def slices(node: OnnxNode, shape: tuple[int, ...], operands: Arrays) -> list[slice]:
    """Slice's starts, ends, axes and steps as slices of every axis."""
    starts, ends = (tuple(int(v) for v in array.reshape(-1)) for array in operands[:2])
    axes = tuple(int(v) for v in operands[2].reshape(-1)) if len(operands) > 2 else tuple(range(len(starts)))
    steps = tuple(int(v) for v in operands[3].reshape(-1)) if len(operands) > 3 else (1,) * len(starts)
    rank = len(shape)
    result = [slice(None)] * rank
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise FoldError("a slice whose bounds disagree")
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not -rank <= axis < rank:
            raise FoldError(f"a slice of axis {axis} of {rank}")
        if step < 0 and end < -shape[axis]:  # how exporters write "to the first one"
            result[axis] = slice(start, None, step)
        else:
            result[axis] = slice(start, end, step)
    return result


def _cast(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    kind = TYPES.get(node.attributes.get("to", 1))
    if kind is None:
        raise FoldError(f"a cast to type number {node.attributes.get('to')}")
    return arrays[0].astype(kind)


def _constant(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    for key, value in node.attributes.items():
        if key == "value":
            return np.asarray(value)
        if key in ("value_int", "value_ints"):
            return np.array(value, np.int64)
        if key in ("value_float", "value_floats"):
            return np.array(value, np.float32)
    raise FoldError("a constant without a value")


def _constant_of_shape(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    value = node.attributes.get("value", np.zeros(1, np.float32))
    return np.full(_sized(arrays[0].reshape(-1)), value.reshape(-1)[0], value.dtype)


def _range(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    start, limit, delta = (array.reshape(-1)[0] for array in arrays)
    if delta == 0 or not np.isfinite([float(start), float(limit), float(delta)]).all():
        raise FoldError("a range without an end")
    _sized([max(0, math.ceil((float(limit) - float(start)) / float(delta)))])
    return np.arange(start, limit, delta, dtype=arrays[0].dtype)


def _expand(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    shape = _sized(np.broadcast_shapes(arrays[0].shape, _sized(arrays[1].reshape(-1))))
    return np.broadcast_to(arrays[0], shape).copy()


def _slice(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    return arrays[0][tuple(slices(node, arrays[0].shape, arrays[1:]))]


def _gather(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    data, index = arrays
    axis = node.attributes.get("axis", 0)
    _sized([data.size, index.size])
    return np.take(data, index, axis=axis)


def _quantize(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    """QuantizeLinear: x / scale rounded half to even, plus the zero point."""
    x, scale = arrays[0].astype(np.float32), arrays[1].astype(np.float32)
    zero_point = arrays[2] if len(arrays) > 2 else np.zeros((), np.uint8)
    info = np.iinfo(zero_point.dtype)
    if scale.size > 1:
        axis = node.attributes.get("axis", 1)
        shape = [-1 if at == axis % x.ndim else 1 for at in range(x.ndim)]
        scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
    steps = np.rint(x / scale.astype(np.float32)) + zero_point.astype(np.float64)
    return np.clip(np.nan_to_num(steps), info.min, info.max).astype(zero_point.dtype)


def _trilu(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    diagonal = int(arrays[1].reshape(-1)[0]) if len(arrays) > 1 else 0
    return (np.triu if node.attributes.get("upper", 1) else np.tril)(arrays[0], diagonal)


def _modulo(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    if arrays[1].dtype.kind != "f" and not arrays[1].all():
        raise FoldError("a remainder of zero")
    return (np.fmod if node.attributes.get("fmod", 0) else np.mod)(*arrays)


def _reduced(function: Callable[..., np.ndarray]) -> Function:
    def compute(node: OnnxNode, arrays: Arrays) -> np.ndarray:
        axes = axes_of(node, arrays)
        if not axes and node.attributes.get("noop_with_empty_axes", 0):
            return arrays[0]
        return function(arrays[0], axis=axes or None, keepdims=bool(node.attributes.get("keepdims", 1)))

    return compute


def _tile(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    counts = [int(count) for count in arrays[1].reshape(-1)]
    _sized(size * count for size, count in zip(arrays[0].shape, counts, strict=True))
    return np.tile(arrays[0], counts)


FUNCTIONS: Mapping[str, Function] = {
    "Abs": _elementwise(np.abs),
    "And": _elementwise(np.logical_and),
    "Cos": _elementwise(np.cos),
    "Exp": _elementwise(np.exp),
    "Greater": _elementwise(np.greater),
    "GreaterOrEqual": _elementwise(np.greater_equal),
    "Less": _elementwise(np.less),
    "LessOrEqual": _elementwise(np.less_equal),
    "Log": _elementwise(np.log),
    "Mod": _modulo,
    "Not": _elementwise(np.logical_not),
    "Or": _elementwise(np.logical_or),
    "Pow": _elementwise(np.power),
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "Sin": _elementwise(np.sin),
    "Tile": _tile,
    "Trilu": _trilu,
    "Add": _elementwise(np.add),
    "Cast": _cast,
    "Ceil": _elementwise(np.ceil),
    "Concat": lambda node, arrays: np.concatenate(arrays, axis=node.attributes["axis"]),
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Div": _elementwise(_divide),
    "Equal": _elementwise(np.equal),
    "Expand": _expand,
    "Floor": _elementwise(np.floor),
    "Gather": _gather,
    "Identity": lambda node, arrays: arrays[0],
    "Max": _elementwise(lambda *arrays: np.maximum.reduce(np.broadcast_arrays(*arrays))),
    "Min": _elementwise(lambda *arrays: np.minimum.reduce(np.broadcast_arrays(*arrays))),
    "Mul": _elementwise(np.multiply),
    "Neg": _elementwise(np.negative),
    "QuantizeLinear": _quantize,
    "Range": _range,
    "Reciprocal": _elementwise(np.reciprocal),
    "Reshape": lambda node, arrays: arrays[0].reshape(
        reshaped(
            arrays[0].shape, tuple(int(v) for v in arrays[1].reshape(-1)), bool(node.attributes.get("allowzero", 0))
        )
    ),
    "Slice": _slice,
    "Sqrt": _elementwise(np.sqrt),
    "Squeeze": lambda node, arrays: arrays[0].reshape(squeezed(arrays[0].shape, axes_of(node, arrays))),
    "Sub": _elementwise(np.subtract),
    "Transpose": lambda node, arrays: arrays[0].transpose(node.attributes.get("perm")),
    "Unsqueeze": lambda node, arrays: arrays[0].reshape(
        unsqueezed(arrays[0].shape, axes_of(node, arrays) or ())
    ),
    "Where": _elementwise(np.where),
}  # fmt: skip


def folded(node: OnnxNode, arrays: Arrays) -> np.ndarray:
    """The result of a node on constants. Raises FoldError where there is none."""
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(FUNCTIONS[node.op](node, arrays))
    except FoldError:
        raise
    except Exception as error:  # numpy refuses operands that don't fit in many ways
        raise FoldError(f"operands that don't fit ({error})") from error
    _sized(result.shape)
    return result
