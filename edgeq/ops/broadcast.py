"""Broadcasting of two operands: their common rank, and the strides by which a kernel reads them (eq_binary.h)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ops import moves

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer

#: axes of eq_binary_shape_t
AXES = 6


def shape_of(importer: Importer, left: str, right: str) -> tuple[int, ...]:
    """The result's shape. Raises EdgeqError where the operands don't fit or have no kernel."""
    return joined(importer, (importer.shape(left), importer.shape(right)))


def joined(importer: Importer, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[int, ...]:
    """What two shapes broadcast to. Raises EdgeqError where they don't, or have no kernel."""
    try:
        shape = tuple(int(size) for size in np.broadcast_shapes(*shapes))
    except ValueError:
        raise importer.unsupported(f"an operator on {shapes[0]} and {shapes[1]}", "shapes that broadcast") from None
    if shape[:1] != (1,) or len(shape) > AXES:
        raise importer.unsupported(
            f"an operator on {shapes[0]} and {shapes[1]}", f"a batch of 1 in front and at most {AXES} axes"
        )
    return shape


def with_rank(importer: Importer, name: str, rank: int) -> str:
    """`name` with axes of size 1 in front."""
    shape = importer.shape(name)
    if len(shape) == rank:
        return name
    wider = (1,) * (rank - len(shape)) + shape
    if importer.is_constant(name):
        return importer.reordered(name, "an operand", lambda data: data.reshape(wider), 0)
    return importer.viewed(name, wider)


def strides(shape: Sequence[int]) -> list[int]:
    """Elements between neighbours along each axis of an operand, 0 where it is repeated."""
    return [0 if size == 1 else step for size, step in zip(shape, moves.strides_of(shape), strict=True)]


def parameters(output: Sequence[int], left: Sequence[int], right: Sequence[int]) -> dict[str, Any]:
    """The fields of eq_binary_shape_t for two operands with the output's rank."""
    merged = moves.merged_axes(zip(output, strides(left), strides(right), strict=True), AXES)
    size, stride1, stride2 = ([axis[part] for axis in merged] for part in range(3))
    return {"size": size, "stride1": stride1, "stride2": stride2, "split": moves.split_axis(size)}


def reads_whole_first(shape: Mapping[str, Any]) -> bool:
    """Whether the first operand is not repeated, so that the output may lie over it."""
    return all(step > 0 for length, step in zip(shape["size"], shape["stride1"], strict=True) if length > 1)
