"""Random elementwise operators with two operands."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization, Tensor
from edgeq.ops.add import PLUS, coefficients
from edgeq.ops.binary import FUNCTIONS, integers
from tests.ops.cases import CHANNELS, Case, CaseGraph, activations, zero_points


@st.composite
def binary_cases(draw: st.DrawFn) -> Case:
    """Operands repeated along any axes, the second maybe a constant; outputs spread over int8."""
    function = draw(st.sampled_from(sorted(FUNCTIONS)))
    output = (1, *draw(st.lists(st.integers(1, 4), max_size=4)), draw(st.sampled_from(CHANNELS)))
    shapes = [tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in output) for _ in range(2)]
    if draw(st.booleans()):
        shapes[0] = output
    is_constant, tflite = draw(st.booleans()), draw(st.booleans()) or function == "squared_difference"
    zeros, bounds = [draw(zero_points()) for _ in range(3)], draw(activations())
    scales = [draw(st.sampled_from((0.01, 0.05, 0.11))) for _ in range(2)]
    tight, cheap = draw(st.booleans()), draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        names = [graph.activation(shapes[0], zeros[0], scales[0])]
        name = f"c{len(graph.nodes)}"
        if is_constant:
            values = graph.rng.integers(-128, 128, shapes[1]).astype(np.int8)
            quantization = Quantization.per_tensor(scales[1], zeros[1])
            names.append(graph.constant(f"{name}.operand", values, quantization))
        else:
            names.append(graph.activation(shapes[1], zeros[1], scales[1]))
        left, right = (graph.tensors[item] for item in names)
        products = function in ("mul", "squared_difference")
        scale = max(scales) * (0.6 if tight else 1.3)
        if function == "prelu" and not tight:  # both multipliers below 0.5
            scale *= 3
        if products:  # both sides of a multiplier of 0.5
            scale = scales[0] * scales[1] * (1.5 if tight else 40.0) if function == "mul" else max(scales) ** 2 * 50.0
        made = Tensor("y", np.broadcast_shapes(*shapes), "int8", Quantization.per_tensor(scale, zeros[2]))
        attributes, constants = integers(function, left, right, made, tflite)
        if "table1" in constants and not cheap and function != "squared_difference":
            odd = np.where(np.arange(256) % 2, 1 << 20, 0).astype(np.int32)  # no single factor scales this operand
            constants["table1"] = constants["table1"] + odd
        names += [graph.constant(f"{name}.{key}", value) for key, value in constants.items()]
        rounding = {"rounding": "tflite"} if tflite else {}
        graph.node("binary", names, zeros[2], {"function": function, **rounding, **attributes, **bounds}, scale)

    return Case(f"{function} {shapes} {is_constant=} {tflite=} {zeros} {scales} {tight=} {cheap=} {bounds}", add)


@st.composite
def difference_cases(draw: st.DrawFn) -> Case:
    """Differences of two activations of one shape: the kernels of add with a negative factor."""
    shape = (1, draw(st.integers(1, 5)), draw(st.sampled_from(CHANNELS)))
    signs = draw(st.sampled_from(((1, -1), (-1, 1), (-1, -1), PLUS)))
    zeros, bounds = [draw(zero_points()) for _ in range(3)], draw(activations())

    def add(graph: CaseGraph) -> None:
        scales = graph.rng.uniform(0.01, 0.2, 2)
        names = [graph.activation(shape, zero, scale) for zero, scale in zip(zeros, scales, strict=False)]
        target = float(max(scales)) * 1.1
        made = Tensor("y", shape, "int8", Quantization.per_tensor(target, zeros[2]))
        integers_ = coefficients(graph.tensors[names[0]], graph.tensors[names[1]], made, signs)
        graph.node("add", names, zeros[2], {**integers_, "signs": signs, **bounds}, target)

    return Case(f"difference {shape} {signs} {zeros} {bounds}", add)
