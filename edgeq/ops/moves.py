"""What transpose, slice and broadcast share: elements found by strides, and the kernel that moves them (eq_move.h)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from edgeq.ir.graph import Graph, Node
from edgeq.ops.base import KeepsScale, Kernel

#: axes of eq_move_t
AXES = 6


def strides_of(shape: Sequence[int]) -> list[int]:
    """Elements between neighbours along each axis of a contiguous array."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return strides


def merged_axes(axes: Iterable[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
    """Axes as (length, stride of each operand), neighbours that all operands walk as one merged, filled up in front to
    `count` with axes of length 1."""
    axes = list(axes)
    operands = len(axes[0]) - 1 if axes else 1
    merged: list[tuple[int, ...]] = []
    for length, *steps in axes:
        if length == 1:
            continue
        if merged and merged[-1][1:] == tuple(step * length for step in steps):
            merged[-1] = (merged[-1][0] * length, *steps)
        else:
            merged.append((length, *steps))
    assert len(merged) <= count, "the importers admit no more axes"
    return [(1,) + (0,) * operands] * (count - len(merged)) + merged


def split_axis(size: Sequence[int]) -> int:
    """The first axis longer than 1, which work is split along; the last one if there is none."""
    return next((axis for axis, length in enumerate(size) if length > 1), len(size) - 1)


def parameters(size: Sequence[int], stride: Sequence[int], offset: int) -> dict[str, Any]:
    """The fields of eq_move_t for an output of `size` over an input with `stride` per output axis."""
    merged = merged_axes(zip(size, stride, strict=True), AXES)
    if merged[-1] == (1, 0):
        merged[-1] = (1, 1)
    lengths, steps = ([axis[part] for axis in merged] for part in (0, 1))
    return {"size": lengths, "stride": steps, "offset": offset, "split": split_axis(lengths)}


def units(graph: Graph, node: Node) -> int:
    from edgeq import ops

    fields = ops.get(node.op).c_parameters(graph, node)
    return int(fields["size"][fields["split"]])


#: bytes and type of what kernels that only move elements take
ELEMENTS = ((1, "int8"), (2, "int16"), (2, "float16"), (4, "float32"))
KERNELS = tuple(
    Kernel(
        f"eq_move_b{size}_scalar",
        "scalar",
        f"move/eq_move_b{size}_scalar.c",
        units=units,
        family="move",
        dtype=dtype,
        pointers=f"int{8 * size}_t",
        why="portable C, whole runs where they lie together",
    )
    for size, dtype in ELEMENTS
)


class Move(KeepsScale):
    """Base of the operators whose output is elements of their input; they keep its scale."""

    kernels = KERNELS
    takes_int16 = takes_float = True
