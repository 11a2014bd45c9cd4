"""Random layers with weights of less than 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ops import narrow
from edgeq.ops.binarize import LEVEL
from edgeq.ops.spatial import Window
from edgeq.ops.weight_types import BINARY, INT4_GROUPS, LARGEST_MULTIPLIER, WeightType
from tests.ops.cases import CHANNELS, Case, CaseGraph, add_weighted, weighted_parts, window_attributes, windows

#: input features around every block: a byte, a word, 16 bytes, two of each, and what DSP kernels sum at a time
FEATURES = (1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 64, 100, 130, 481, 600, 1100)


def stored_types() -> st.SearchStrategy[WeightType]:
    """Of groups the two smallest sizes, so that sums have several."""
    return st.sampled_from((*narrow.STORED, *INT4_GROUPS[:2]))


@st.composite
def narrow_parts(draw: st.DrawFn) -> dict[str, Any]:
    """The kernels have edgeq's own rounding only."""
    return {**draw(weighted_parts()), "form": draw(st.sampled_from(("high", "shift")))}


def levels(rng: np.random.Generator, shape: tuple[int, ...], stored: WeightType, style: str) -> np.ndarray:
    """Weights of the type, whose channels come first where they are in groups: any, or all the largest or the
    smallest."""
    if style in ("largest", "smallest"):
        largest = LARGEST_MULTIPLIER if stored.group else 1
        return np.full(shape, stored.levels[-1 if style == "largest" else 0] * largest, np.int8)
    drawn = rng.choice(np.array(stored.levels, np.int8), shape)
    if not stored.group:
        return drawn
    rows = drawn.reshape(shape[0], -1)
    each = rng.integers(1, LARGEST_MULTIPLIER + 1, (shape[0], -(-rows.shape[1] // stored.group)))
    return (rows * np.repeat(each, stored.group, axis=1)[:, : rows.shape[1]]).astype(np.int8).reshape(shape)


@st.composite
def narrow_conv2d_cases(draw: st.DrawFn) -> Case:
    window, size = draw(windows())
    if draw(st.integers(0, 2)) == 0:
        window = Window((1, 1), (1, 1), (0, 0, 0, 0))
    in_c, out_c = draw(st.sampled_from((*CHANNELS, 64, 120))), draw(st.sampled_from(CHANNELS))
    stored, parts = draw(stored_types()), draw(narrow_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, in_c), parts["zero_point"])
        weights = levels(graph.rng, (out_c, *window.kernel, in_c), stored, parts["style"])
        add_weighted(graph, "conv2d", x, weights, 0, parts, window_attributes(window), stored=stored.name)

    return Case(f"{stored.name} conv2d {size} {in_c}->{out_c} {window} {parts}", add)


@st.composite
def narrow_linear_cases(draw: st.DrawFn) -> Case:
    rows, products = draw(st.integers(1, 3)), draw(st.sampled_from(FEATURES))
    out_c, stored, parts = draw(st.sampled_from(CHANNELS)), draw(stored_types()), draw(narrow_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, rows, products), parts["zero_point"])
        weights = levels(graph.rng, (out_c, products), stored, parts["style"])
        add_weighted(graph, "linear", x, weights, 0, parts, {}, stored=stored.name)

    return Case(f"{stored.name} linear {rows}x{products}->{out_c} {parts}", add)


@st.composite
def narrow_dwconv2d_cases(draw: st.DrawFn) -> Case:
    window, size = draw(windows())
    channels, stored, parts = (
        draw(st.sampled_from(CHANNELS)),
        draw(st.sampled_from(narrow.UNPACKED)),
        draw(narrow_parts()),
    )

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, channels), parts["zero_point"])
        weights = levels(graph.rng, (*window.kernel, channels), stored, parts["style"])
        add_weighted(graph, "dwconv2d", x, weights, 2, parts, window_attributes(window), stored=stored.name)

    return Case(f"{stored.name} dwconv2d {size} {channels} {window} {parts}", add)


@st.composite
def binarize_cases(draw: st.DrawFn) -> Case:
    """Signs as bytes and as bits."""
    shape = (1, draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from((*CHANNELS, 64, 70))))
    packed, zero_point = draw(st.booleans()), draw(st.integers(-128, 127))

    def add(graph: CaseGraph) -> None:
        x = graph.activation(shape, zero_point)
        threshold = graph.constant(f"t{len(graph.nodes)}", graph.rng.integers(-128, 129, shape[-1]).astype(np.int16))
        graph.node("binarize", [x, threshold], 0, {"packed": packed}, 1.0 / LEVEL, "uint32" if packed else "int8")

    return Case(f"binarize {shape} packed={packed}", add)


def add_signs(graph: CaseGraph, x: str) -> str:
    """A binarize of an activation that only layers of the graph read; its output."""
    channels = graph.tensors[x].shape[-1]
    threshold = graph.constant(f"t{len(graph.nodes)}", graph.rng.integers(-90, 90, channels).astype(np.int16))
    graph.node("binarize", [x, threshold], 0, {}, 1.0 / LEVEL, read_inside=True)
    return graph.nodes[-1].output


@st.composite
def binary_conv2d_cases(draw: st.DrawFn) -> Case:
    """Convolutions of signs, which edgeq.quantize.count_bits turns into ones that count bits; with another one before
    that makes bits."""
    window, size = draw(windows())
    in_c, middle, out_c = (draw(st.sampled_from((*CHANNELS, 64, 70))) for _ in range(3))
    two, spread = draw(st.booleans()), draw(st.sampled_from((20.0, 100.0, 400.0)))
    parts = {**draw(narrow_parts()), "saturate": False, "spread": spread, "largest_bias": 2000}
    if max(9 * in_c * two, (middle if two else in_c) * window.kernel[0] * window.kernel[1]) > 64:
        parts["form"] = "high"  # of many signs, sums don't grow so steeply

    def add(graph: CaseGraph) -> None:
        signs = add_signs(graph, graph.activation((1, *size, in_c), parts["zero_point"]))
        channels = in_c
        if two:
            weights = levels(graph.rng, (middle, 3, 3, in_c), BINARY, parts["style"])
            same = window_attributes(Window((3, 3), (1, 1), (1, 1, 1, 1)))
            add_weighted(graph, "conv2d", signs, weights, 0, parts, same, stored="binary", read_inside=True)
            signs, channels = add_signs(graph, graph.nodes[-1].output), middle
        weights = levels(graph.rng, (out_c, *window.kernel, channels), BINARY, parts["style"])
        add_weighted(graph, "conv2d", signs, weights, 0, parts, window_attributes(window), stored="binary")

    return Case(f"binary_conv2d {two} {size} {in_c}->{middle}->{out_c} {window} {parts}", add, nodes=3 if two else 2)
