"""Random reductions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from edgeq.ops import fixed_point
from tests.ops.cases import CHANNELS, FORMS, Case, CaseGraph, activations, zero_points


@st.composite
def reduction_cases(draw: st.DrawFn) -> Case:
    """Sums, extremes and indices along any of up to five axes."""
    op = draw(st.sampled_from(("reduce", "reduce", "reduce_extreme", "argmax")))
    shape = (1, *draw(st.lists(st.integers(1, 5), max_size=4)), draw(st.sampled_from(CHANNELS)))
    axes = tuple(sorted(draw(st.sets(st.integers(1, len(shape) - 1), min_size=1, max_size=3))))
    axes = axes[:1] if op == "argmax" else axes
    form, function = draw(st.sampled_from(FORMS)), draw(st.sampled_from(("max", "min")))
    zero_point, output_zero, bounds = draw(zero_points()), draw(zero_points()), draw(activations())

    def add(graph: CaseGraph) -> None:
        x, name = graph.activation(shape, zero_point), f"c{len(graph.nodes)}"
        if op != "reduce":
            scale, zero = (0.05, zero_point) if op == "reduce_extreme" else (1.0, 0)
            graph.node(op, [x], zero, {"function": function, "axes": axes}, scale)
            return
        count = int(np.prod([shape[axis] for axis in axes]))
        scale = np.array([{"high": 0.49, "shift": 2.5, "tflite": 1.2}[form] / count])
        scale = np.maximum(scale, 0.6) if form == "shift" else scale
        rounding = fixed_point.TFLITE if form == "tflite" else fixed_point.SINGLE
        multiplier, shift = fixed_point.multiplier(scale, rounding)
        inputs = [x, graph.constant(f"{name}.m", multiplier), graph.constant(f"{name}.s", shift)]
        graph.node(op, inputs, output_zero, {"function": "mean", "axes": axes, "rounding": rounding, **bounds})

    return Case(f"{op} {function} {shape} {axes} {form} {zero_point} {output_zero} {bounds}", add)


@st.composite
def product_cases(draw: st.DrawFn) -> Case:
    """Products of a few factors of int8 or int16 along any axes."""
    dtype = draw(st.sampled_from(("int8", "int16")))
    shape = (1, *(draw(st.integers(1, 2)) for _ in range(2)), draw(st.sampled_from(CHANNELS)))
    axes, zero = sorted(draw(st.sets(st.integers(1, 2), min_size=1))), draw(zero_points()) if dtype == "int8" else 0
    info = np.iinfo(dtype)
    scale = draw(st.floats(0.5, 3.0)) / (info.max + 1)

    def add(graph: CaseGraph) -> None:
        multiplier, shift = fixed_point.wide_multiplier(np.array([scale]))
        attributes = {"multiplier": int(multiplier[0]), "shift": int(shift[0]), "axes": tuple(axes)}
        bounds = {"act_min": int(info.min), "act_max": int(info.max)}
        x = graph.activation(shape, zero, 0.05, dtype)
        graph.node("reduce_product", [x], zero, {**attributes, **bounds}, 0.05, dtype)

    return Case(f"product {dtype} {shape} {axes} {zero} {scale}", add)
