"""Elementwise operators with two operands, as TensorFlow Lite files have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import ACTIVATION_NUMBERS, Case, scales, zero_points
from tests.tflite.writer import Network

OPTIONS = {
    "ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "MAXIMUM": "", "MINIMUM": "",
    "PRELU": "", "SQUARED_DIFFERENCE": "",
}  # fmt: skip


@st.composite
def binaries(draw: st.DrawFn) -> Case:
    """Operands of one shape, repeated along some axes or with fewer axes; one of them maybe a constant."""
    name = draw(st.sampled_from(sorted(OPTIONS)))
    output = (1, draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.sampled_from(CHANNELS)))
    shapes = [output, output]
    style = draw(st.sampled_from(("same", "repeated", "both", "fewer", "one")))
    if style in ("repeated", "both"):
        shapes[1] = tuple(1 if draw(st.booleans()) else size for size in output)
    if style == "both":
        shapes[0] = tuple(1 if size == other and draw(st.booleans()) else size
                          for size, other in zip(output, shapes[1], strict=True))  # fmt: skip
    constant = draw(st.sampled_from((None, None, 0, 1))) if style != "fewer" else 1
    if style == "fewer":
        shapes[1] = output[draw(st.integers(1, 3)) :]
    if style == "one":
        shapes[1] = draw(st.sampled_from(((), (1,), (1, 1, 1, 1))))
        constant = 1
    if name == "PRELU":
        shapes, constant = [output, output[1:] if draw(st.booleans()) else (1, 1, output[3])], 1
    elif draw(st.booleans()):
        shapes.reverse()
        constant = constant if constant is None else 1 - constant
    activation = draw(st.sampled_from(ACTIVATION_NUMBERS))
    parts = [(draw(scales()), draw(zero_points())) for _ in range(3)]
    if name in ("MAXIMUM", "MINIMUM"):
        parts = [parts[0]] * 3

    def add(network: Network, rng: np.random.Generator) -> None:
        operands = []
        for side, (shape, part) in enumerate(zip(shapes, parts, strict=False)):
            values = rng.integers(-128, 128, shape).astype(np.int8)
            made = network.input(shape, "int8", *part) if side != constant else network.tensor(
                shape, "int8", part[0], part[1], values)  # fmt: skip
            operands.append(made)
        scale, zero = parts[2]
        if name in ("ADD", "SUB"):  # an output scale that the sum needs: smaller ones have no multiplier below 1
            scale = max(scale, 0.6 * max(parts[0][0], parts[1][0]))
        if name == "MUL":
            scale = max(scale, 1.01 * parts[0][0] * parts[1][0])
        if name == "SQUARED_DIFFERENCE":
            scale = max(scale, 4.0 * max(parts[0][0], parts[1][0]) ** 2)
        result = tuple(int(size) for size in np.broadcast_shapes(*shapes))
        y = network.tensor(result, "int8", float(np.float32(scale)), zero)
        options: dict[str, Any] = {"fused_activation_function": activation} if OPTIONS[name] else {}
        network.operator(name, operands, [y], OPTIONS[name], **options)
        network.outputs.append(y)

    return Case(f"{name} {shapes} {constant=} {parts} {activation=}", add)
