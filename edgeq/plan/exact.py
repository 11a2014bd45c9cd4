"""The smallest arena for given buffers, proven: an integer program behind the heuristics of plan/arena.py.

One offset a buffer, one binary a pair of buffers that live at the same time ("the first lies below the second"), and
the arena's end to be minimized; HiGHS solves it. The search is limited by size and by nodes of its tree, never by time,
so that the same model always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from edgeq.lower.program import ALIGN, aligned
from edgeq.plan.arena import Plan
from edgeq.plan.lifetime import Buffer

#: pairs of simultaneously live buffers that a program has at most, and nodes of the search tree
LARGEST_PAIRS = 400
NODE_LIMIT = 2000


def prove(plan: Plan) -> Plan:
    """The plan with the smallest arena that its buffers allow, marked as proven; the given one when the limits end the
    search without an answer."""
    if plan.optimal:
        return plan
    pairs = [pair for pair in combinations(plan.buffers, 2) if pair[0].overlaps(pair[1])]
    if len(pairs) > LARGEST_PAIRS:
        return plan
    sizes = {buffer.name: aligned(buffer.size_bytes) // ALIGN for buffer in plan.buffers}
    solved, order = _solve(plan.buffers, pairs, sizes, plan.lower_bound_bytes // ALIGN, plan.arena_bytes // ALIGN)
    if order is None:
        return replace(plan, optimal=solved)
    offsets = _stacked(order, sizes)
    end = max(offsets[name] + size for name, size in sizes.items())
    better = replace(
        plan,
        offsets={name: offset * ALIGN for name, offset in offsets.items()},
        arena_bytes=end * ALIGN,
        optimal=solved or end * ALIGN == plan.lower_bound_bytes,
    )
    return better if better.arena_bytes < plan.arena_bytes else plan


def _solve(
    buffers: Sequence[Buffer], pairs: Sequence[tuple[Buffer, Buffer]], sizes: Mapping[str, int], low: int, best: int
) -> tuple[bool, list[Buffer] | None]:
    """(whether the search came to its end, the buffers from the lowest to the highest in a better arena or None).

    Looks for arenas of `low` to `best` - 1 units.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    index = {buffer.name: position for position, buffer in enumerate(buffers)}
    count, end = len(buffers) + len(pairs) + 1, len(buffers) + len(pairs)
    most = best - 1
    rows: list[tuple[dict[int, float], float]] = []  # sum of coefficient * variable <= limit
    for buffer in buffers:
        rows.append(({index[buffer.name]: 1.0, end: -1.0}, -sizes[buffer.name]))
    for number, (first, second) in enumerate(pairs):
        i, j, below = index[first.name], index[second.name], len(buffers) + number
        rows.append(({i: 1.0, j: -1.0, below: most}, most - sizes[first.name]))
        rows.append(({j: 1.0, i: -1.0, below: -most}, -sizes[second.name]))
    largest = max(buffers, key=lambda buffer: sizes[buffer.name])
    # Every arena may be turned upside down: the largest buffer lies in the lower half.
    rows.append(({index[largest.name]: 2.0, end: -1.0}, -sizes[largest.name]))
    entries = [(row, column, value) for row, (terms, _) in enumerate(rows) for column, value in terms.items()]
    matrix = coo_array(
        ([value for _, _, value in entries], ([row for row, _, _ in entries], [column for _, column, _ in entries])),
        shape=(len(rows), count),
    )
    upper = np.array([*(most - sizes[b.name] for b in buffers), *(1 for _ in pairs), most], float)
    lower = np.zeros(count)
    lower[end] = low
    if np.any(upper < lower):
        return True, None
    result = milp(
        c=np.eye(count)[end],
        constraints=LinearConstraint(matrix.tocsc(), ub=np.array([limit for _, limit in rows], float)),
        bounds=Bounds(lower, upper),
        integrality=np.array([0] * len(buffers) + [1] * len(pairs) + [0]),
        options={"node_limit": NODE_LIMIT, "mip_rel_gap": 0.0},
    )
    ended = result.status in (0, 2)  # optimal, or there is none
    if result.x is None:
        return ended, None
    return ended, sorted(buffers, key=lambda buffer: (round(result.x[index[buffer.name]], 3), index[buffer.name]))


def _stacked(order: Sequence[Buffer], sizes: Mapping[str, int]) -> dict[str, int]:
    """Exact offsets: each buffer on top of those before it that live at the same time."""
    offsets: dict[str, int] = {}
    for position, buffer in enumerate(order):
        below = [other for other in order[:position] if other.overlaps(buffer)]
        offsets[buffer.name] = max((offsets[other.name] + sizes[other.name] for other in below), default=0)
    return offsets
