"""Elementwise operators with int16 activations, drawn by hypothesis, as TensorFlow Lite files have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import ACTIVATION_NUMBERS, Case, scales, zero_points
from tests.tflite.writer import Network

#: operators of one operand -> options
UNARY = {
    "ABS": "", "LEAKY_RELU": "LeakyReluOptions", "LOGISTIC": "", "QUANTIZE": "", "RELU": "", "RELU6": "", "TANH": "",
}  # fmt: skip
BINARY = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "MAXIMUM": "", "MINIMUM": ""}


@st.composite
def wide_unaries(draw: st.DrawFn) -> Case:
    """Functions of one operand; scales of LOGISTIC and TANH may be powers of two, which have rules of their own."""
    name = draw(st.sampled_from(sorted(UNARY)))
    source = float(np.float32(2.0 ** draw(st.floats(-16, -1) | st.integers(-15, -9).map(float))))
    target = 2.0**-15 if name in ("LOGISTIC", "TANH") else float(np.float32(source * 2.0 ** draw(st.floats(-2, 2))))
    narrow = name == "QUANTIZE" and draw(st.booleans())
    zero_point = draw(zero_points()) if narrow else 0
    target = target * 200 if narrow else target
    alpha = draw(st.floats(-0.5, 1.0, width=32))

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, 500), "int16", source)
        y = network.tensor((1, 500), "int8" if narrow else "int16", target, zero_point)
        options = {"alpha": alpha} if name == "LEAKY_RELU" else {}
        network.operator(name, [x], [y], UNARY[name], **options)
        network.outputs.append(y)

    return Case(f"int16 {name} {source} {target} {narrow=} {zero_point} {alpha=}", add)


@st.composite
def wide_binaries(draw: st.DrawFn) -> Case:
    """Operands of one shape, repeated along some axes, or a constant; sums by shifts where scales are powers of two."""
    name = draw(st.sampled_from(sorted(BINARY)))
    output = (1, draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.sampled_from(CHANNELS)))
    shapes = [output, output]
    style = draw(st.sampled_from(("same", "repeated", "one")))
    constant = draw(st.sampled_from((None, 1))) if style != "one" else 1
    if style == "repeated":
        shapes[1] = tuple(1 if draw(st.booleans()) else size for size in output)
    if style == "one":
        shapes[1] = (1,)
    if draw(st.booleans()) and name != "MUL":
        shapes.reverse()
        constant = constant if constant is None else 1 - constant
    by_shifts = style == "same" and draw(st.booleans())
    if by_shifts:
        exponents = [draw(st.integers(-14, -8)) for _ in range(2)]
        parts = [2.0**exponent for exponent in (*exponents, max(exponents))]
    else:
        parts = [draw(scales()) / 256 for _ in range(3)]
        parts[2] = max(parts[2], 0.6 * max(parts[:2]), 1.01 * parts[0] * parts[1] if name == "MUL" else 0.0)
    if name in ("MAXIMUM", "MINIMUM"):
        parts = [parts[0]] * 3
    activation = draw(st.sampled_from(ACTIVATION_NUMBERS))

    def add(network: Network, rng: np.random.Generator) -> None:
        operands = []
        for side, shape in enumerate(shapes):
            values = rng.integers(-32768, 32768, shape).astype(np.int16)
            made = network.tensor(shape, "int16", parts[side], 0, values)
            operands.append(network.input(shape, "int16", parts[side]) if side != constant else made)
        result = tuple(int(size) for size in np.broadcast_shapes(*shapes))
        y = network.tensor(result, "int16", float(np.float32(parts[2])))
        options: dict[str, Any] = {"fused_activation_function": activation} if BINARY[name] else {}
        if name in ("ADD", "SUB"):
            options["pot_scale_int16"] = by_shifts
        network.operator(name, operands, [y], BINARY[name], **options)
        network.outputs.append(y)

    return Case(f"int16 {name} {shapes} {constant=} {parts} {by_shifts=} {activation=}", add)
