"""Random masked softmaxes, look-ups, concatenations with constants: what transformers are made of beside products."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization
from edgeq.ops import embedding
from edgeq.ops.softmax import exp_table
from tests.ops.cases import CHANNELS, Case, CaseGraph, zero_points


@st.composite
def masked_softmax_cases(draw: st.DrawFn) -> Case:
    """Rows of one visible run each, which repeat over the matrices."""
    matrices, rows, depth = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.sampled_from(CHANNELS))
    scale, zero_point = 2.0 ** draw(st.floats(-9, 1)), draw(zero_points())
    visible = []
    for _ in range(draw(st.sampled_from((1, rows)))):
        first = draw(st.integers(0, depth - 1))
        visible.append((first, draw(st.integers(first + 1, depth))))

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, matrices, rows, depth), zero_point, scale)
        longest = max(end - first for first, end in visible)
        table = graph.constant(f"c{len(graph.nodes)}.t", exp_table(scale, longest))
        graph.node("masked_softmax", [x, table], -128, {"visible": tuple(visible)}, scale=1 / 256)

    return Case(f"masked_softmax {matrices}x{rows}x{depth} {visible}", add)


@st.composite
def slot_softmax_cases(draw: st.DrawFn) -> Case:
    """Rows of scores of slots, up to an index anywhere in int32."""
    matrices, rows, depth = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.sampled_from(CHANNELS))
    scale, zero_point = 2.0 ** draw(st.floats(-9, 1)), draw(zero_points())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, matrices, rows, depth), zero_point, scale)
        index = graph.activation((1,), 0, 1.0, embedding.INDEX.dtype)
        table = graph.constant(f"c{len(graph.nodes)}.t", exp_table(scale, depth))
        graph.node("slot_softmax", [x, index, table], -128, {}, scale=1 / 256)

    return Case(f"slot_softmax {matrices}x{rows}x{depth}", add)


@st.composite
def embedding_cases(draw: st.DrawFn) -> Case:
    """Indices anywhere in int32: those outside the table are limited to it."""
    count, rows, width = draw(st.integers(1, 9)), draw(st.integers(1, 300)), draw(st.sampled_from(CHANNELS))
    zero_point = draw(zero_points())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, count), 0, 1.0, embedding.INDEX.dtype)
        values = graph.rng.integers(-128, 128, (rows, width)).astype(np.int8)
        quantization = Quantization.per_tensor(0.05, zero_point)
        table = graph.constant(f"c{len(graph.nodes)}.t", values, quantization)
        graph.node("embedding", [x, table], zero_point, {}, scale=0.05)

    return Case(f"embedding {count} of {rows}x{width}", add)


@st.composite
def concat_cases(draw: st.DrawFn) -> Case:
    """Activations and constants in any order along any axis."""
    shape = [1, *(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))]
    axis, zero_point = draw(st.integers(1, len(shape) - 1)), draw(zero_points())
    kinds = draw(
        st.permutations(["activation", *draw(st.lists(st.sampled_from(("activation", "constant")), max_size=3))])
    )
    lengths = [draw(st.integers(1, 6)) for _ in kinds]

    def add(graph: CaseGraph) -> None:
        names = []
        for at, (kind, length) in enumerate(zip(kinds, lengths, strict=True)):
            size = (*shape[:axis], length, *shape[axis + 1 :])
            if kind == "activation":
                names.append(graph.activation(size, zero_point))
            else:
                values = graph.rng.integers(-128, 128, size).astype(np.int8)
                stored = Quantization.per_tensor(0.05, zero_point)
                names.append(graph.constant(f"c{len(graph.nodes)}.{at}", values, stored))
        graph.node("concat", names, zero_point, {"axis": axis}, scale=0.05)

    return Case(f"concat {shape} axis {axis}: {list(zip(kinds, lengths, strict=True))}", add)
