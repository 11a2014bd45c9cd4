"""Operators on integers as they are stored, as TensorFlow Lite files have them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.truth_cases import pairs_of_shapes, quantized, values
from tests.tflite.writer import Network

NAMES = ("FLOOR_DIV", "FLOOR_MOD", "BITWISE_XOR", "RIGHT_SHIFT")
DIVISIONS = NAMES[:2]


def _without_zeros(network: Network, x: int, shape: tuple[int, ...], kind: str, part: tuple[float | None, int]) -> int:
    """The larger of `x` and 1, or the smaller of `x` and -1: TensorFlow Lite stops where a divisor is 0."""
    name, end = ("MAXIMUM", 1) if len(network.tensors) % 2 else ("MINIMUM", -1)
    bound = network.tensor((1,) * len(shape), kind, *part, np.full((1,) * len(shape), end, kind))
    y = network.tensor(shape, kind, *part)
    network.operator(name, [x, bound], [y])
    return y


@st.composite
def stored(draw: st.DrawFn, kind: str) -> Case:
    """Operands and result in scales of their own; one operand maybe a constant, of one value or many."""
    name, shapes = draw(st.sampled_from(NAMES)), draw(pairs_of_shapes())
    constant, one = draw(st.sampled_from((None, None, 0, 1))), draw(st.booleans())
    parts = [quantized(kind, draw(scales()), draw(zero_points())) for _ in range(3)]

    def add(network: Network, rng: np.random.Generator) -> None:
        operands = []
        for side, (shape, part) in enumerate(zip(shapes, parts, strict=False)):
            divides = side == 1 and name in DIVISIONS
            if side == constant and shapes[1 - side] == np.broadcast_shapes(*shapes):
                size = (1,) * len(shape) if one else shape
                data = values(rng, kind, size)
                data = np.where(divides & (data == 0), -1, data).astype(kind)
                operands.append(network.tensor(size, kind, *part, data))
                continue
            x = network.input(shape, kind, *part)
            operands.append(_without_zeros(network, x, shape, kind, part) if divides else x)
        y = network.tensor(np.broadcast_shapes(*shapes), kind, *parts[2])
        network.operator(name, operands, [y])
        network.outputs.append(y)

    return Case(f"{name} {kind} {shapes} {constant=} {parts} {one=}", add)


@st.composite
def bitcasts(draw: st.DrawFn, kind: str) -> Case:
    """The same bits in another scale, in int8, uint8 or int16."""
    target, shape = draw(st.sampled_from(("int8", "uint8", "int16"))), draw(pairs_of_shapes())[0]
    parts = [quantized("int16" if name == "int16" else "int8", draw(scales()), draw(zero_points()))
             for name in (kind, target)]  # fmt: skip
    wider = (*shape[:-1][:4], 2)
    sizes = {
        name: shape if (kind == "int16") == (target == "int16") else wider[:-1] if name == "int16" else wider
        for name in (kind, target)
    }

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(sizes[kind], kind, *parts[0])
        scale, zero = parts[1]
        y = network.tensor(sizes[target], target, scale, zero + 128 if target == "uint8" else zero)
        network.operator("BITCAST", [x], [y])
        network.outputs.append(y)

    return Case(f"BITCAST {kind} {target} {sizes} {parts}", add)
