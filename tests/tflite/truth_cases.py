"""Comparisons, logic and choices, as TensorFlow Lite files have them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.writer import Network

#: operators -> types of operands that TensorFlow Lite 2.14 has kernels for
COMPARISONS = {
    "EQUAL": ("int8", "int16", "bool"), "NOT_EQUAL": ("int8", "bool"), "GREATER": ("int8",),
    "GREATER_EQUAL": ("int8", "int16"), "LESS": ("int8", "int16"), "LESS_EQUAL": ("int8",),
}  # fmt: skip


@st.composite
def pairs_of_shapes(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """Two shapes with a batch of 1 in front that broadcast to one."""
    output = (1, *(draw(st.integers(1, 4)) for _ in range(draw(st.integers(0, 2)))), draw(st.sampled_from(CHANNELS)))
    repeated = tuple(1 if draw(st.booleans()) else size for size in output)
    shapes = draw(st.sampled_from(([output, output], [output, repeated])))
    return shapes[::-1] if draw(st.booleans()) else shapes


def quantized(kind: str, scale: float, zero: int) -> tuple[float | None, int]:
    """Scale and zero point of a tensor of that type."""
    return {"int8": (scale, zero), "int16": (scale / 256, 0)}.get(kind, (None, 0))


def values(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if kind == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max + 1, shape).astype(kind)


@st.composite
def comparisons(draw: st.DrawFn, kinds: tuple[str, ...]) -> Case:
    """Operands in scales of their own or of one kind, one of them maybe a constant."""
    names = [name for name, taken in COMPARISONS.items() if set(kinds) & set(taken)]
    name = draw(st.sampled_from(names))
    kind = draw(st.sampled_from([kind for kind in COMPARISONS[name] if kind in kinds]))
    shapes, constant = draw(pairs_of_shapes()), draw(st.sampled_from((None, None, 0, 1)))
    parts = [quantized(kind, draw(scales()), draw(zero_points())) for _ in range(2)]
    parts = draw(st.sampled_from((parts, parts[:1] * 2)))
    one = draw(st.booleans())

    def add(network: Network, rng: np.random.Generator) -> None:
        operands = []
        for side, (shape, part) in enumerate(zip(shapes, parts, strict=True)):
            if side == constant and shapes[1 - side] == np.broadcast_shapes(*shapes):
                size = (1,) * len(shape) if one else shape
                operands.append(network.tensor(size, kind, *part, values(rng, kind, size)))
            else:
                operands.append(network.input(shape, kind, *part))
        y = network.tensor(np.broadcast_shapes(*shapes), "bool")
        network.operator(name, operands, [y])
        network.outputs.append(y)

    return Case(f"{name} {kind} {shapes} {constant=} {parts} {one=}", add)


@st.composite
def logics(draw: st.DrawFn) -> Case:
    """Operators of truth values alone."""
    name = draw(st.sampled_from(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT", "REDUCE_ANY", "REDUCE_ALL")))
    shapes, keep = draw(pairs_of_shapes()), draw(st.booleans())
    axes = sorted(draw(st.sets(st.integers(1, max(1, len(shapes[0]) - 1)), min_size=1)))

    def add(network: Network, rng: np.random.Generator) -> None:
        operands, table, options = [network.input(shapes[0], "bool")], "", {}
        result = shapes[0]
        if name in ("LOGICAL_AND", "LOGICAL_OR"):
            operands.append(network.input(shapes[1], "bool"))
            result = np.broadcast_shapes(*shapes)
        elif name.startswith("REDUCE"):
            operands.append(network.integers(*axes))
            result = tuple(1 if axis in axes else size for axis, size in enumerate(result) if keep or axis not in axes)
            table, options = "ReducerOptions", {"keep_dims": keep}
        y = network.tensor(result, "bool")
        network.operator(name, operands, [y], table, **options)
        network.outputs.append(y)

    return Case(f"{name} {shapes} {axes} {keep=}", add)


@st.composite
def choices(draw: st.DrawFn, kind: str) -> Case:
    """SELECT of operands of one shape, SELECT_V2 of any that broadcast; some of the three maybe constants."""
    name = draw(st.sampled_from(("SELECT", "SELECT_V2")))
    output = (1, draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.sampled_from(CHANNELS)))
    shapes = [tuple(1 if name == "SELECT_V2" and draw(st.booleans()) else size for size in output) for _ in range(3)]
    constants = draw(st.sets(st.integers(0, 2), max_size=2))
    part = quantized(kind, draw(scales()), draw(zero_points()))

    def add(network: Network, rng: np.random.Generator) -> None:
        operands = []
        for side, shape in enumerate(shapes):
            given, known = ("bool", (None, 0)) if side == 0 else (kind, part)
            if side in constants:
                operands.append(network.tensor(shape, given, *known, values(rng, given, shape)))
            else:
                operands.append(network.input(shape, given, *known))
        y = network.tensor(np.broadcast_shapes(*shapes), kind, *part)
        network.operator(name, operands, [y])
        network.outputs.append(y)

    return Case(f"{name} {kind} {shapes} {constants} {part}", add)
