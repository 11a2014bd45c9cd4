"""Random operators that states are made with."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization
from edgeq.ops import embedding, fixed_point
from tests.ops.cases import CHANNELS, FORMS, Case, CaseGraph, activations, zero_points


@st.composite
def push_cases(draw: st.DrawFn) -> Case:
    """Windows of int8 and int16."""
    rows, length = draw(st.sampled_from(CHANNELS)), draw(st.integers(1, 9))
    dtype = draw(st.sampled_from(("int8", "int16")))
    zero_point = draw(zero_points())

    def add(graph: CaseGraph) -> None:
        window = graph.activation((1, rows * length), zero_point, 0.05, dtype)
        column = graph.activation((1, rows), zero_point, 0.05, dtype)
        graph.node("push", [window, column], zero_point, {}, 0.05, dtype)

    return Case(f"push {rows} {length} {dtype}", add)


@st.composite
def slide_cases(draw: st.DrawFn) -> Case:
    """Windows of int8 and int16 that get some rows."""
    rows, inner = draw(st.integers(2, 12)), draw(st.sampled_from(CHANNELS))
    added = draw(st.integers(1, rows - 1))
    dtype, zero_point = draw(st.sampled_from(("int8", "int16"))), draw(zero_points())

    def add(graph: CaseGraph) -> None:
        window = graph.activation((1, rows, 2, inner), zero_point, 0.05, dtype)
        new = graph.activation((1, added, 2, inner), zero_point, 0.05, dtype)
        graph.node("slide", [window, new], zero_point, {}, 0.05, dtype)

    return Case(f"slide {rows}x{inner} by {added} {dtype}", add)


@st.composite
def write_slot_cases(draw: st.DrawFn) -> Case:
    """Caches of int8 and int16 with slots along any axis, and an index anywhere in int32."""
    shape = [1, *draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))]
    axis = draw(st.integers(1, len(shape) - 1))
    dtype, zero_point = draw(st.sampled_from(("int8", "int16"))), draw(zero_points())

    def add(graph: CaseGraph) -> None:
        cache = graph.activation(tuple(shape), zero_point, 0.05, dtype)
        row = graph.activation((*shape[:axis], 1, *shape[axis + 1 :]), zero_point, 0.05, dtype)
        index = graph.activation((1,), 0, 1.0, embedding.INDEX.dtype)
        graph.node("write_slot", [cache, row, index], zero_point, {"axis": axis}, 0.05, dtype)

    return Case(f"write_slot {shape} axis {axis} {dtype}", add)


@st.composite
def svdf_cases(draw: st.DrawFn) -> Case:
    """Windows of int8 with a zero point and of int16, whose sums wrap where weights are largest."""
    units, length = draw(st.sampled_from(CHANNELS)), draw(st.integers(1, 40))
    dtype, form = draw(st.sampled_from(("int8", "int16"))), draw(st.sampled_from(FORMS))
    zero_point = draw(zero_points()) if dtype == "int8" else 0
    output_zero, bounds = draw(zero_points()), draw(activations())
    highest = draw(st.sampled_from((0.02, 1.0)))

    def add(graph: CaseGraph) -> None:
        window = graph.activation((1, units * length), zero_point, 0.05, dtype)
        largest = int(np.iinfo(dtype).max * highest)
        weights = graph.rng.integers(-largest, largest + 1, (units, length)).astype(dtype)
        bias = graph.rng.integers(-(2**20), 2**20, units).astype(np.int32)
        spread = np.iinfo(dtype).max * 0.6 * largest * np.sqrt(length)
        names, rounding = _scaled(graph, f"s{len(graph.nodes)}", units, form, 90.0 / min(spread, 2.0**31))
        constants = [
            graph.constant(f"w{len(graph.nodes)}", weights, Quantization(np.array([0.01]), 0, None, dtype)),
            graph.constant(f"b{len(graph.nodes)}", bias, Quantization(np.array([0.0005]), 0, None, "int32")),
        ]
        graph.node("svdf", [window, *constants, *names], output_zero, {**bounds, **rounding})

    return Case(f"svdf {units} {length} {dtype} {form} {highest} {bounds}", add)


@st.composite
def widening_cases(draw: st.DrawFn) -> Case:
    """Linear layers from int8 to int16."""
    inputs, outputs = draw(st.sampled_from((*CHANNELS, 64))), draw(st.sampled_from(CHANNELS))
    zero_point, output_zero = draw(zero_points()), draw(st.sampled_from((0, 0, 700)))
    low = draw(st.sampled_from((-32768, -32768, 0)))
    gain = draw(st.sampled_from((8000.0, 100000.0)))

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, inputs), zero_point)
        weights = graph.rng.integers(-127, 128, (outputs, inputs)).astype(np.int8)
        bias = graph.rng.integers(-5000, 5000, outputs).astype(np.int32)
        scale = gain / (3000.0 * np.sqrt(inputs))
        names, rounding = _scaled(graph, f"s{len(graph.nodes)}", outputs, "tflite", scale)
        constants = [
            graph.constant(f"w{len(graph.nodes)}", weights, Quantization(np.full(outputs, 0.01), 0, 0)),
            graph.constant(f"b{len(graph.nodes)}", bias, Quantization(np.full(outputs, 0.0005), 0, 0, "int32")),
        ]
        attributes: dict[str, Any] = {"act_min": low, "act_max": 32767, **rounding}
        graph.node("linear", [x, *constants, *names], output_zero, attributes, 0.001, "int16")

    return Case(f"linear int8 to int16 {inputs}->{outputs} {gain}", add)


def _scaled(graph: CaseGraph, name: str, channels: int, form: str, scale: float) -> tuple[list[str], dict[str, Any]]:
    """Names of multiplier and shift, and the rounding, for scales of at most `scale`; "shift" has one above 0.5."""
    scales = scale * graph.rng.uniform(0.3, 1.0, channels)
    if form == "high":
        scales = np.minimum(scales, 0.49)
    if form == "shift":
        scales[0] = 0.7
    rounding = fixed_point.TFLITE if form == "tflite" else fixed_point.SINGLE
    multiplier, shift = fixed_point.multiplier(scales, rounding)
    return [graph.constant(f"{name}.m", multiplier), graph.constant(f"{name}.s", shift)], {"rounding": rounding}
