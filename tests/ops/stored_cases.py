"""Random operators on integers as they are stored."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization
from edgeq.ops.stored import FUNCTIONS
from tests.ops.cases import CHANNELS, Case, CaseGraph


@st.composite
def stored_cases(draw: st.DrawFn) -> Case:
    """Operands of int8 or int16 repeated along any axes, either maybe a constant with zeros and ends of its range."""
    function, dtype = draw(st.sampled_from(sorted(FUNCTIONS))), draw(st.sampled_from(("int8", "int16")))
    output = (1, *draw(st.lists(st.integers(1, 4), max_size=3)), draw(st.sampled_from(CHANNELS)))
    shapes = [tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in output) for _ in range(2)]
    constant, small = draw(st.sampled_from((None, 0, 1))), draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        info, names = np.iinfo(dtype), []
        for side, shape in enumerate(shapes):
            if side != constant:
                names.append(graph.activation(shape, 0, 0.1, dtype))
                continue
            values = graph.rng.integers(-20, 21, shape) if small else graph.rng.integers(info.min, info.max + 1, shape)
            values.flat[0] = graph.rng.choice((0, -1, info.min, info.max))
            quantization = Quantization(np.array([0.1]), 0, None, dtype)
            names.append(graph.constant(f"i{len(graph.nodes)}.{side}", values.astype(dtype), quantization))
        graph.node("stored", names, 0, {"function": function, "bits": info.bits}, 0.2, dtype)

    return Case(f"stored {function} {dtype} {shapes} {constant=} {small=}", add)


@st.composite
def wrapping_sum_cases(draw: st.DrawFn) -> Case:
    """Sums of int16 along any axes, modulo 2^16."""
    shape = (1, *draw(st.lists(st.integers(1, 5), max_size=4)), draw(st.sampled_from(CHANNELS)))
    axes = tuple(sorted(draw(st.sets(st.integers(1, len(shape) - 1), min_size=1, max_size=3))))

    def add(graph: CaseGraph) -> None:
        x = graph.activation(shape, 0, 0.1, "int16")
        graph.node("reduce_wrapping", [x], 0, {"function": "sum", "axes": axes}, 0.1, "int16")

    return Case(f"reduce_wrapping {shape} {axes}", add)
