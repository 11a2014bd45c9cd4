"""Random products of activations."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from edgeq.ops import fixed_point
from tests.ops.cases import CHANNELS, FORMS, Case, CaseGraph, activations, zero_points


@st.composite
def matmul_cases(draw: st.DrawFn) -> Case:
    """Plain and transposed second operands, one a batch or one for all."""
    batches = (1, *draw(st.lists(st.integers(1, 3), max_size=2)))
    rows, inner = draw(st.integers(1, 9)), draw(st.sampled_from((*CHANNELS, 64, 257, 516)))
    columns = draw(st.sampled_from((*CHANNELS, 63, 65)))
    transposed, shared = draw(st.booleans()), draw(st.booleans())
    form, zeros, bounds = draw(st.sampled_from(FORMS)), [draw(zero_points()) for _ in range(3)], draw(activations())

    def add(graph: CaseGraph) -> None:
        second = ((1,) * len(batches) if shared else batches) + ((columns, inner) if transposed else (inner, columns))
        names = [graph.activation((*batches, rows, inner), zeros[0]), graph.activation(second, zeros[1])]
        scale = np.array([0.6 if form == "shift" else 0.01 / np.sqrt(inner)])
        rounding = fixed_point.TFLITE if form == "tflite" else fixed_point.SINGLE
        multiplier, shift = fixed_point.multiplier(scale, rounding)
        name = f"c{len(graph.nodes)}"
        names += [graph.constant(f"{name}.m", multiplier), graph.constant(f"{name}.s", shift)]
        attributes = {"transposed": transposed, "factor": 1.0, "rounding": rounding, **bounds}
        graph.node("matmul", names, zeros[2], attributes)

    return Case(f"matmul {batches} {rows}x{inner}x{columns} {transposed=} {shared=} {form} {zeros} {bounds}", add)
