"""Random integer nodes in TensorFlow Lite's rounding that have forms of their own."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization, Tensor
from edgeq.ops.add import tflite_tables
from edgeq.ops.softmax import tflite_exp_table
from tests.ops.cases import CHANNELS, Case, CaseGraph, activations, zero_points


@st.composite
def tflite_add_cases(draw: st.DrawFn) -> Case:
    """Sums in three roundings; `cheap` ones are random scales, where a single shift gives the same bytes."""
    shape = (1, draw(st.integers(1, 6)), draw(st.sampled_from(CHANNELS)))
    zeros, bounds = [draw(zero_points()) for _ in range(3)], draw(activations())
    cheap = draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        scales = graph.rng.uniform(0.01, 0.2, 2)
        operands = [graph.activation(shape, zero, scale) for zero, scale in zip(zeros, scales, strict=False)]
        target = float(max(scales)) * (1.3 if cheap else 0.51)
        made = Tensor("y", shape, "int8", Quantization.per_tensor(target, zeros[2]))
        tables, multiplier, shift = tflite_tables(*(graph.tensors[name] for name in operands), made)
        if not cheap:  # an operand that no single factor scales
            tables[0] = tables[0] + np.where(np.arange(256) % 2, 1 << 20, 0).astype(np.int32)
        names = [graph.constant(f"c{len(graph.nodes)}.t{side}", table) for side, table in enumerate(tables)]
        attributes = {"rounding": "tflite", "multiplier": multiplier, "shift": shift, **bounds}
        graph.node("add", [*operands, *names], zeros[2], attributes, target)

    return Case(f"tflite add {shape} {zeros} {bounds} {cheap=}", add)


@st.composite
def tflite_softmax_cases(draw: st.DrawFn) -> Case:
    shape = (1, draw(st.integers(1, 5)), draw(st.sampled_from((*CHANNELS, 100))))
    scale, zero_point = 2.0 ** draw(st.floats(-9, 1)), draw(zero_points())

    def add(graph: CaseGraph) -> None:
        x = graph.activation(shape, zero_point, scale)
        table = graph.constant(f"c{len(graph.nodes)}.t", tflite_exp_table(scale, 1.0))
        graph.node("softmax", [x, table], -128, {"rounding": "tflite"}, scale=1 / 256)

    return Case(f"tflite softmax {shape} {scale} {zero_point}", add)
