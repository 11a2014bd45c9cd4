"""Random operators that only move elements."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.ops.cases import Case, CaseGraph, zero_points


@st.composite
def move_cases(draw: st.DrawFn) -> Case:
    """Transposes and slices of up to six axes."""
    shape = (1, *(draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))))
    zero_point = draw(zero_points())
    if draw(st.booleans()):
        perm = (0, *draw(st.permutations(range(1, len(shape)))))
        op, attributes = "transpose", {"perm": perm}
    else:
        start, size, step = [0], [1], [1]
        for length in shape[1:]:
            first, last = sorted((draw(st.integers(0, length - 1)), draw(st.integers(0, length - 1))))
            by = draw(st.sampled_from((1, 1, 2, -1)))
            count = (last - first) // abs(by) + 1
            start.append(first if by > 0 else first + (count - 1))
            size.append(count)
            step.append(by)
        op, attributes = "slice", {"start": tuple(start), "size": tuple(size), "step": tuple(step)}

    def add(graph: CaseGraph) -> None:
        graph.node(op, [graph.activation(shape, zero_point)], zero_point, attributes, scale=0.05)

    return Case(f"{op} {shape} {attributes}", add)
