"""What transpose, slice and broadcast share: elements found by strides, and the kernel that moves them (eq_move.h)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops.base import Kernel, Operator

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: axes of eq_move_t
AXES = 6


def strides_of(shape: Sequence[int]) -> list[int]:
    """Elements between neighbours along each axis of a contiguous array."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return strides


def parameters(size: Sequence[int], stride: Sequence[int], offset: int) -> dict[str, Any]:
    """The fields of eq_move_t for an output of `size` over an input with `stride` per output axis.

    Neighbouring axes that are walked as one are merged; the rest is filled up in front.
    """
    merged: list[tuple[int, int]] = []
    for length, step in zip(size, stride, strict=True):
        if length == 1:
            continue
        if merged and merged[-1][1] == step * length:
            merged[-1] = (merged[-1][0] * length, step)
        else:
            merged.append((length, step))
    assert len(merged) <= AXES, "the importers admit no more axes"
    merged = [(1, 0)] * (AXES - len(merged)) + merged
    if merged[-1] == (1, 0):
        merged[-1] = (1, 1)
    split = next((axis for axis, (length, _) in enumerate(merged) if length > 1), AXES - 1)
    return {
        "size": [length for length, _ in merged],
        "stride": [step for _, step in merged],
        "offset": offset,
        "split": split,
    }


def units(graph: Graph, node: Node) -> int:
    from edgeq import ops

    fields = ops.get(node.op).c_parameters(graph, node)
    return int(fields["size"][fields["split"]])


KERNELS = tuple(
    Kernel(
        f"eq_move_b{size}_scalar",
        "scalar",
        f"move/eq_move_b{size}_scalar.c",
        units=units,
        family="move",
        dtype=dtype,
        why="portable C, whole runs where they lie together",
    )
    for size, dtype in ((1, "int8"), (2, "int16"))
)


class Move(Operator):
    """Base of the operators whose output is elements of their input; they keep its scale."""

    kernels = KERNELS
    takes_int16 = True

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.run_float(node, inputs)

    def quantize(self, converter: Converter, node: Node) -> None:
        converter.add_keeping_scale(node, (converter.quantized(node.inputs[0]).name,))

    def requantizes_to_any_scale(self) -> bool:
        return False
