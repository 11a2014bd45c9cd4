"""The search behind the arena: the smallest arena there is, against all orders of first fit."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from edgeq.lower.program import aligned
from edgeq.plan import arena, exact
from edgeq.plan.arena import Plan, lower_bound
from edgeq.plan.lifetime import Buffer


@st.composite
def lifetimes(draw: st.DrawFn, most: int) -> list[Buffer]:
    blocks = []
    for index in range(draw(st.integers(2, most))):
        first = draw(st.integers(0, 6))
        size = 16 * draw(st.integers(1, 9))
        blocks.append(Buffer(f"b{index}", size, first, first + draw(st.integers(0, 4)), (f"b{index}",)))
    return blocks


def planned(blocks: list[Buffer], offsets: dict[str, int]) -> Plan:
    end = max(offsets[b.name] + aligned(b.size_bytes) for b in blocks)
    bound = lower_bound(blocks)
    return Plan(tuple(blocks), offsets, end, bound, optimal=end == bound)


def one_after_the_other(blocks: list[Buffer]) -> Plan:
    """The worst plan there is: the search has to find everything itself."""
    offsets, position = {}, 0
    for block in blocks:
        offsets[block.name] = position
        position += block.size_bytes
    return planned(blocks, offsets)


def smallest(blocks: list[Buffer]) -> int:
    """First fit in every order: one of them is the order of offsets of a smallest arena, which it can't miss."""
    sizes = {b.name: b.size_bytes for b in blocks}
    ends = []
    for order in permutations(blocks):
        offsets = arena._first_fit(order, sizes)
        ends.append(max(offsets[name] + size for name, size in sizes.items()))
    return min(ends)


def assert_valid(plan: Plan) -> None:
    for first in plan.buffers:
        assert plan.offsets[first.name] % 16 == 0
        assert 0 <= plan.offsets[first.name] <= plan.arena_bytes - first.size_bytes
        for second in plan.buffers:
            if first is not second and first.overlaps(second):
                start, other = plan.offsets[first.name], plan.offsets[second.name]
                assert start + first.size_bytes <= other or other + second.size_bytes <= start


@settings(max_examples=60, deadline=None)
@given(lifetimes(6))
def test_search_finds_the_smallest_arena(blocks: list[Buffer]) -> None:
    found = exact.prove(one_after_the_other(blocks))
    assert_valid(found)
    assert found.optimal
    assert found.arena_bytes == smallest(blocks)


@settings(max_examples=60, deadline=None)
@given(lifetimes(12))
def test_heuristics_and_search_agree(blocks: list[Buffer]) -> None:
    sizes = {b.name: b.size_bytes for b in blocks}
    heuristic = planned(blocks, arena._best_offsets(blocks, sizes))
    found = exact.prove(heuristic)
    assert_valid(found)
    assert found.optimal
    assert found.arena_bytes == exact.prove(one_after_the_other(blocks)).arena_bytes


def missed_by_first_fit() -> list[Buffer]:
    """First fit in all of its orders ends at 320 bytes; 304 are enough."""
    sizes, firsts, lasts = (
        (4, 3, 5, 5, 5, 5, 2, 5, 3, 2),
        (3, 3, 4, 0, 1, 6, 1, 3, 1, 1),
        (7, 3, 8, 1, 2, 9, 5, 6, 3, 4),
    )
    rows = enumerate(zip(sizes, firsts, lasts, strict=True))
    return [Buffer(f"b{i}", 16 * size, first, last, (f"b{i}",)) for i, (size, first, last) in rows]


def test_search_mends_what_first_fit_misses() -> None:
    blocks = missed_by_first_fit()
    heuristic = planned(blocks, arena._best_offsets(blocks, {b.name: b.size_bytes for b in blocks}))
    found = exact.prove(heuristic)
    assert_valid(found)
    assert found.optimal
    assert (heuristic.arena_bytes, found.arena_bytes, found.lower_bound_bytes) == (320, 304, 304)
    assert exact.prove(heuristic).offsets == found.offsets


def test_limits_leave_the_question_open(monkeypatch: pytest.MonkeyPatch) -> None:
    worst = one_after_the_other(missed_by_first_fit())
    for limit in ("WORK_LIMIT", "MOST_BUFFERS"):
        with monkeypatch.context() as patch:
            patch.setattr(exact, limit, 0)
            assert not exact.prove(worst).optimal
    assert exact.prove(worst).optimal


def test_a_limited_search_keeps_the_best_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    worst = one_after_the_other(missed_by_first_fit())
    monkeypatch.setattr(exact, "WORK_LIMIT", 12 * len(worst.buffers))
    found = exact.prove(worst)
    assert_valid(found)
    assert not found.optimal
    assert 304 < found.arena_bytes < worst.arena_bytes


def by_integer_program(blocks: list[Buffer]) -> int:
    """The smallest arena by HiGHS: an offset a buffer, and for every pair that lives together a binary that says which
    of the two lies below."""
    units = [aligned(block.size_bytes) // 16 for block in blocks]
    pairs = [(i, j) for i in range(len(blocks)) for j in range(i) if blocks[i].overlaps(blocks[j])]
    big, count = sum(units), len(blocks)
    width = count + len(pairs) + 1  # offsets, binaries, the arena's end
    rows, limits = [], []
    for index, (i, j) in enumerate(pairs):
        for below, above, sign in ((i, j, 1), (j, i, -1)):
            row = np.zeros(width)
            row[below], row[above], row[count + index] = 1, -1, sign * big
            rows.append(row)
            limits.append((big if sign == 1 else 0) - units[below])
    for index in range(count):
        row = np.zeros(width)
        row[index], row[-1] = 1, -1
        rows.append(row)
        limits.append(-units[index])
    upper = np.array([big] * count + [1] * len(pairs) + [big])
    cost = np.eye(width)[-1]
    result = milp(
        cost,
        integrality=np.ones(width),
        bounds=Bounds(np.zeros(width), upper),
        constraints=LinearConstraint(np.array(rows), -np.inf, limits),
    )
    assert result.success
    return 16 * round(result.fun)


@settings(max_examples=60, deadline=None)
@given(lifetimes(7))
def test_the_integer_program_finds_nothing_smaller(blocks: list[Buffer]) -> None:
    proven = exact.prove(one_after_the_other(blocks))
    assert proven.optimal
    assert proven.arena_bytes == by_integer_program(blocks)
