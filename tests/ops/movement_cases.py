"""Random operators that only move elements."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.ops.cases import CHANNELS, Case, CaseGraph, zero_points


@st.composite
def move_cases(draw: st.DrawFn) -> Case:
    """Transposes, slices and copies of up to six axes; slices with step 0 repeat."""
    shape = (1, *(draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))))
    zero_point = draw(zero_points())
    op = draw(st.sampled_from(("transpose", "slice", "copy")))
    attributes: dict[str, Any] = {}
    if op == "transpose":
        perm = (0, *draw(st.permutations(range(1, len(shape)))))
        attributes = {"perm": perm}
    elif op == "slice":
        start, size, step = [0], [1], [1]
        for length in shape[1:]:
            first, last = sorted((draw(st.integers(0, length - 1)), draw(st.integers(0, length - 1))))
            by = draw(st.sampled_from((1, 1, 2, -1, 0)))
            count = (last - first) // abs(by) + 1 if by else draw(st.integers(1, 4))
            start.append(first if by >= 0 else first + (count - 1))
            size.append(count)
            step.append(by)
        attributes = {"start": tuple(start), "size": tuple(size), "step": tuple(step)}

    def add(graph: CaseGraph) -> None:
        graph.node(op, [graph.activation(shape, zero_point)], zero_point, attributes, scale=0.05)

    return Case(f"{op} {shape} {attributes}", add)


@st.composite
def gather_cases(draw: st.DrawFn) -> Case:
    """Indices in any order and number along any axes of up to three."""
    shape = (1, *(draw(st.lists(st.integers(1, 6) | st.sampled_from(CHANNELS), min_size=1, max_size=3))))
    zero_point = draw(zero_points())
    indices = [
        tuple(draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=8))) if draw(st.booleans()) else None
        for length in shape[1:]
    ]

    def add(graph: CaseGraph) -> None:
        x = graph.activation(shape, zero_point)
        graph.node("gather", [x], zero_point, {"indices": (None, *indices)}, scale=0.05)

    return Case(f"gather {shape} {indices}", add)


@st.composite
def resize_cases(draw: st.DrawFn) -> Case:
    """Neighbours and shares of all kinds, not only those of even steps."""
    size = (draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    channels, zero_point = draw(st.sampled_from(CHANNELS)), draw(zero_points())
    places = []
    for length in size:
        lower = tuple(draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=7)))
        shares = tuple(draw(st.sampled_from((0, 512, 1023)) | st.integers(0, 1023)) for _ in lower)
        places.append((lower, tuple(min(index + 1, length - 1) for index in lower), shares))

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, channels), zero_point)
        attributes = {"rows": places[0], "columns": places[1]}
        graph.node("resize_bilinear", [x], zero_point, attributes, scale=0.05)

    return Case(f"resize_bilinear {size} {channels} {places}", add)
