"""TensorFlow Lite's operators that put elements at constant places: import functions of the operator select. What is
written nowhere keeps an operand's elements or the byte 0, whatever its scale. Constant elements make a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.tflite.unsigned import SHIFT
from edgeq.ops import gather, repeats, select_import

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall

#: elements whose places fit a microcontroller's flash
MOST_PLACES = 1 << 20
NOWHERE = -1


def _placed(importer: Importer, call: TfliteCall, x: str, places: np.ndarray, otherwise: str) -> str:
    """Of the shape of `places` the elements of `x` that they number, `otherwise` where they are NOWHERE."""
    flat = importer.viewed(x, (1, int(np.prod(importer.shape(x)))))
    taken = gather.take(importer, flat, {1: np.maximum(places, 0).reshape(-1)})
    moved = importer.viewed(taken, places.shape) if importer.storage(taken) else importer.reshape(taken, places.shape)
    chosen = importer.boolean_constant(places != NOWHERE)
    return select_import.choose(importer, (chosen, moved, otherwise), call.attributes())


def _zero(importer: Importer, call: TfliteCall, x: str, rank: int) -> str:
    """A constant of the integer 0 as the file stores `x`, or of the number 0."""
    stored = importer.storage(x)
    if stored is None:
        return importer.constant(np.zeros((1,) * rank))
    value = -SHIFT if call.is_unsigned() else 0
    return importer.integer_constant(np.full((1,) * rank, value, stored.dtype), stored)


def _require_places(importer: Importer, shape: tuple[int, ...]) -> None:
    if int(np.prod(shape, dtype=np.int64)) > MOST_PLACES:
        raise importer.unsupported(f"constant places in {shape}", f"at most {MOST_PLACES} elements")


def reverse_sequence(importer: Importer, call: TfliteCall) -> str:
    """REVERSE_SEQUENCE with constant lengths: the first elements along an axis, backwards, as many for each index of
    another one."""
    x, shape, lengths = call.input(0), importer.shape(call.input(0)), call.integers(1, "lengths")
    along, batch = call.option("seq_dim"), call.option("batch_dim")
    _require_places(importer, shape)
    if not (0 <= along < len(shape) and 0 <= batch < len(shape)) or along == batch:
        raise importer.unsupported(f"a reversal along axis {along} for each of axis {batch} of {shape}", "two axes")
    if len(lengths) != shape[batch] or not all(0 <= length <= shape[along] for length in lengths):
        raise importer.unsupported(f"lengths {lengths[:4]} for {shape}", "one for each, at most the axis")
    places = np.moveaxis(np.arange(int(np.prod(shape))).reshape(shape).copy(), (batch, along), (0, 1))
    for rows, length in zip(places, lengths, strict=True):
        rows[:length] = rows[:length][::-1].copy()
    places = np.moveaxis(places, (0, 1), (batch, along))
    flat = importer.viewed(x, (1, places.size))
    return importer.viewed(gather.take(importer, flat, {1: places.reshape(-1)}), shape)


def matrix_diag(importer: Importer, call: TfliteCall) -> str:
    """MATRIX_DIAG: rows become diagonals of matrices."""
    x, shape = call.input(0), importer.shape(call.input(0))
    made = (*shape, shape[-1])
    _require_places(importer, made)
    wide = importer.viewed(x, (*shape[:-1], 1, shape[-1])) if len(shape) > 1 else x
    chosen = importer.boolean_constant(np.eye(shape[-1]))
    return select_import.choose(importer, (chosen, wide, _zero(importer, call, x, len(made))), call.attributes())


def matrix_set_diag(importer: Importer, call: TfliteCall) -> str:
    """MATRIX_SET_DIAG: matrices with other diagonals."""
    x, diagonal = call.input(0), call.input(1)
    shape, given = importer.shape(x), importer.shape(diagonal)
    if len(shape) < 2 or given != (*shape[:-2], min(shape[-2:])):
        raise importer.unsupported(f"diagonals {given} of {shape}", "matrices and their diagonals")
    _require_places(importer, shape[-2:])
    column = shape[-2] <= shape[-1]
    wide = importer.viewed(diagonal, (*given, 1) if column else (*given[:-1], 1, given[-1]))
    return select_import.choose(
        importer, (importer.boolean_constant(np.eye(shape[-2], shape[-1])), wide, x), call.attributes()
    )


def scatter_nd(importer: Importer, call: TfliteCall) -> str:
    """SCATTER_ND by constant indices [.., n], all different: slices at places of the first n axes."""
    indices, shape, number = call.integers(0, "indices"), call.integers(2, "a shape"), call.operator.inputs[0]
    form = () if number is None else call.model.tensors[number].shape
    _require_places(importer, shape)
    if not form or not 1 <= form[-1] <= len(shape) or min(shape) < 1:
        raise importer.unsupported(f"indices of shape {form} into {shape}", "an index per axis, at most all axes")
    first, rest = shape[: form[-1]], shape[form[-1] :]
    at = np.array(indices, np.int64).reshape(-1, form[-1])
    if np.any(at < 0) or np.any(at >= first):
        raise importer.unsupported(f"an index outside {first}", "indices from 0 up to the sizes")
    rows = np.ravel_multi_index(tuple(at.T), first)
    x = call.input(1)
    if len(np.unique(rows)) != len(rows) or importer.shape(x) != (*form[:-1], *rest):
        raise importer.unsupported(f"places of {importer.shape(x)} that repeat or don't fit", "one for each element")
    places = np.full((int(np.prod(first)), int(np.prod(rest))), NOWHERE)
    places[rows] = np.arange(int(np.prod(importer.shape(x)))).reshape(len(rows), -1)
    return _placed(importer, call, x, places.reshape(shape), _zero(importer, call, x, len(shape)))


def dynamic_update_slice(importer: Importer, call: TfliteCall) -> str:
    """DYNAMIC_UPDATE_SLICE at a constant start, which TensorFlow Lite moves into the operand."""
    x, update, start = call.input(0), call.input(1), call.integers(2, "the start of an update")
    shape, size = importer.shape(x), importer.shape(update)
    _require_places(importer, shape)
    if not len(start) == len(size) == len(shape) or any(n > m for n, m in zip(size, shape, strict=True)):
        raise importer.unsupported(f"an update of {shape} by {size} at {start}", "one that fits")
    places, numbers = np.full(shape, NOWHERE), np.arange(int(np.prod(size))).reshape(size)
    inside = zip(start, size, shape, strict=True)
    first = [max(0, min(at, whole - part)) for at, part, whole in inside]
    places[tuple(slice(at, at + part) for at, part in zip(first, size, strict=True))] = numbers
    return _placed(importer, call, update, places, x)


def fill(importer: Importer, call: TfliteCall) -> str:
    """FILL of a constant shape with a value."""
    shape, value = _stated(importer, call, call.integers(0, "a shape")), call.input(1)
    if importer.is_constant(value):
        return _folded(importer, call, np.broadcast_to(_scalar(importer, call, 1), shape))
    if importer.shape(value) != (1,):
        raise importer.unsupported(f"a FILL with a value of shape {importer.shape(value)}", "one without axes")
    return repeats.expanded(importer, importer.viewed(value, (1,) * len(shape)), shape)


def sparse_to_dense(importer: Importer, call: TfliteCall) -> str:
    """SPARSE_TO_DENSE at constant places, all different: of constants, or of one computed value."""
    indices = np.array(call.integers(0, "indices"), np.int64)
    shape = _stated(importer, call, call.integers(1, "a shape"))
    if not shape or indices.size % len(shape):
        raise importer.unsupported(f"{indices.size} indices into {shape}", "one for each axis")
    at = indices.reshape(-1, len(shape))
    if np.any(at < 0) or np.any(at >= shape) or len(np.unique(at, axis=0)) != len(at):
        raise importer.unsupported(f"an index outside {shape}, or twice the same", "different places")
    where, values, otherwise = tuple(at.T), call.input(2), _scalar(importer, call, 3)
    if importer.shape(values) not in ((), (len(at),)):
        raise importer.unsupported(f"{len(at)} places for values {importer.shape(values)}", "one for each value")
    if importer.is_constant(values):
        dense = np.array(np.broadcast_to(otherwise, shape))
        dense[where] = importer.constant_integers(values)
        return _folded(importer, call, dense)
    places = np.full(shape, NOWHERE)
    places[where] = 0
    return _placed(importer, call, values, places, _folded(importer, call, otherwise.reshape((1,) * len(shape))))


def _stated(importer: Importer, call: TfliteCall, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that an operand gives and the file states as well."""
    if shape != call.output_shape():
        raise importer.unsupported(f"the shape {shape} of a result {call.output_shape()}", "a complete model")
    importer.require_elements(int(np.prod(shape, dtype=np.int64)), "a constant")
    return shape


def _scalar(importer: Importer, call: TfliteCall, index: int) -> np.ndarray:
    """The one element of a constant operand as the file stores it."""
    name = call.input(index)
    if not importer.is_constant(name) or importer.shape(name) not in ((), (1,)):
        raise importer.unsupported("one value that is computed, without axes,", "a constant, or BROADCAST_TO")
    return importer.constant_integers(name).reshape(())


def _folded(importer: Importer, call: TfliteCall, data: np.ndarray) -> str:
    """A constant of the operator's output."""
    stored = call.output_quantization()
    if stored is None:
        return importer.constant(data)
    if data.dtype != stored.dtype:
        raise importer.unsupported(f"{data.dtype} values of a result that is {stored.dtype}", "one type")
    return importer.integer_constant(np.array(data), stored)


TARGETS: dict[str, Any] = {
    "DYNAMIC_UPDATE_SLICE": dynamic_update_slice,
    "FILL": fill,
    "MATRIX_DIAG": matrix_diag,
    "MATRIX_SET_DIAG": matrix_set_diag,
    "REVERSE_SEQUENCE": reverse_sequence,
    "SCATTER_ND": scatter_nd,
    "SPARSE_TO_DENSE": sparse_to_dense,
}
