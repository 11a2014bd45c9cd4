"""What gradient rules are put together from: nodes on behalf of a forward node that scale, sum, repeat or extend a
gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgeq.ir.graph import Node
from edgeq.ops.base import Shape

if TYPE_CHECKING:
    from edgeq.train.tape import Tape


def scaled(tape: Tape, name: str, factor: float, node: Node) -> str:
    """`name` times a number."""
    if factor == 1.0:
        return name
    return tape.add("unary", [name], node, "scaled", function="affine", scale=factor, offset=0.0)


def combined(tape: Tape, function: str, left: str, right: str, node: Node) -> str:
    """A function of two activations, or of one and a constant."""
    return tape.add("binary", [left, right], node, function, function=function)


def summed(tape: Tape, name: str, shape: Shape, node: Node) -> str:
    """`name` summed along the axes that broadcasting made from `shape` repeated."""
    axes = tuple(axis for axis, (size, own) in enumerate(zip(tape.shape(name), shape, strict=True)) if size != own)
    return tape.add("reduce", [name], node, "summed", function="sum", axes=axes) if axes else name


def repeated(tape: Tape, name: str, shape: Shape, node: Node) -> str:
    """`name` with its axes of size 1 repeated up to `shape`."""
    steps = tuple(int(size == own) for size, own in zip(tape.shape(name), shape, strict=True))
    if all(steps):
        return name
    return tape.add("slice", [name], node, "repeated", start=(0,) * len(shape), size=shape, step=steps)


def along(tape: Tape, name: str, axis: int, start: int, size: int, node: Node, step: int = 1) -> str:
    """`size` indices of an axis."""
    shape = tape.shape(name)
    if (start, size, step) == (0, shape[axis], 1):
        return name
    starts, sizes, steps = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis], sizes[axis], steps[axis] = start, size, step
    return tape.add("slice", [name], node, "part", start=tuple(starts), size=tuple(sizes), step=tuple(steps))


def extended(tape: Tape, name: str, axis: int, before: int, behind: int, node: Node) -> str:
    """`name` with zeros before and behind it along an axis."""
    if before == behind == 0:
        return name
    shape = tape.shape(name)
    image = (1, math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
    padding = (0, 0, before, behind, 0, 0)
    wide = tape.add("pad", [tape.view(name, image, node, "image")], node, "extended", padding=padding, value=0.0)
    return tape.view(wide, (*shape[:axis], shape[axis] + before + behind, *shape[axis + 1 :]), node, "whole")


def spread_out(tape: Tape, name: str, axis: int, step: int, node: Node) -> str:
    """`name` with step - 1 zeros between neighbours along an axis."""
    if step == 1 or tape.shape(name)[axis] == 1:
        return name
    shape = tape.shape(name)
    single = tape.view(name, (*shape[: axis + 1], 1, *shape[axis + 1 :]), node, "single")
    wide = extended(tape, single, axis + 1, 0, step - 1, node)
    joined = tape.view(wide, (*shape[:axis], shape[axis] * step, *shape[axis + 1 :]), node, "joined")
    return along(tape, joined, axis, 0, (shape[axis] - 1) * step + 1, node)
