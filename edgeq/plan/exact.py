"""The smallest arena for given buffers, proven: a branch and bound behind the heuristics of plan/arena.py.

Any arena can be built by placing its buffers in the order of their offsets, each on top of those below it that live at
the same time. The search tries these orders from the bottom up. A branch ends as soon as what is still to be placed at
some time can't fit below the best arena so far, or when the same buffers lie under the same skyline as before. It is
limited by a number of steps, never by time, so that the same model always gives the same bytes.

As an integer program (an offset a buffer, a binary a pair) the same takes HiGHS hundreds of times longer: no proof
within 2,000 nodes and half a minute where this search needs a twentieth of a second.
"""

from __future__ import annotations

from dataclasses import replace

from edgeq.lower.program import ALIGN, aligned
from edgeq.plan.arena import Plan

#: steps times buffers, which is what a search costs
WORK_LIMIT = 2_000_000
#: a step takes two calls, and the search goes as deep as there are buffers
MOST_BUFFERS = 300


def prove(plan: Plan) -> Plan:
    """The plan with the smallest arena that its buffers allow, marked as proven; the best one found, unmarked, when the
    limit ends the search first."""
    if plan.optimal or len(plan.passing) > MOST_BUFFERS:
        return plan
    search = _Search(plan)
    ended = search.run()
    if search.best is None:
        return replace(plan, optimal=ended)
    offsets = {
        buffer.name: plan.state_bytes + offset * ALIGN
        for buffer, offset in zip(search.buffers, search.best, strict=True)
    }
    arena_bytes = plan.state_bytes + search.end * ALIGN
    return replace(plan, offsets={**plan.offsets, **offsets}, arena_bytes=arena_bytes, optimal=ended)


class _Search:
    """All sizes and offsets in units of ALIGN, behind the states; times are numbered by the layers at which any buffer
    begins."""

    def __init__(self, plan: Plan) -> None:
        self.buffers = sorted(
            plan.passing, key=lambda b: (-aligned(b.size_bytes) * (b.last - b.first + 1), b.first, b.name)
        )
        # Between two begins only ends can come: the times at which buffers begin are the fullest.
        times = sorted({buffer.first for buffer in self.buffers})
        self.size = [aligned(buffer.size_bytes) // ALIGN for buffer in self.buffers]
        self.span = [[i for i, t in enumerate(times) if b.first <= t <= b.last] for b in self.buffers]
        self.low = (plan.lower_bound_bytes - plan.state_bytes) // ALIGN
        self.end = (plan.arena_bytes - plan.state_bytes) // ALIGN
        self.best: list[int] | None = None
        self.steps, self._most_steps = 0, WORK_LIMIT // len(self.buffers)
        self._offsets = [-1] * len(self.buffers)
        self._skyline = [0] * len(times)
        self._waiting = [0] * len(times)  # sizes of buffers still to be placed
        for size, span in zip(self.size, self.span, strict=True):
            for time in span:
                self._waiting[time] += size
        self._seen: set[tuple[int, tuple[int, ...]]] = set()

    def run(self) -> bool:
        """Whether the search came to its end: `best`, or the plan that was given, is the smallest then."""
        self._place((1 << len(self.buffers)) - 1, 0)
        return self.steps <= self._most_steps or self.end == self.low

    def _place(self, left: int, floor: int) -> None:
        """Tries all buffers of the mask `left` at offsets of `floor` or more."""
        if not left:
            self.best, self.end = list(self._offsets), max(self._skyline)
            self._seen.clear()
            return
        self.steps += 1
        if self.steps > self._most_steps or self.end == self.low:
            return
        candidates = self._candidates(left, floor)
        if candidates is None:
            return
        key = (left, tuple(max(height, floor) for height in self._skyline))
        if key in self._seen:
            return
        # No buffer may be left to lie above the lowest top that this step could make: something fits below it then.
        ceiling = min(offset + self.size[index] for offset, index in candidates)
        self._seen.add(key)
        for offset, index in candidates:
            if offset >= ceiling:
                break
            self._put(left, offset, index)

    def _candidates(self, left: int, floor: int) -> list[tuple[int, int]] | None:
        """(lowest offset, index) of all buffers left, from the bottom up; None when some time can't hold its rest."""
        found = []
        lowest = [self.end] * len(self._skyline)
        for index, span in enumerate(self.span):
            if left >> index & 1:
                offset = max(floor, *(self._skyline[time] for time in span))
                found.append((offset, index))
                for time in span:
                    if offset < lowest[time]:
                        lowest[time] = offset
        for time, rest in enumerate(self._waiting):
            if rest and lowest[time] + rest >= self.end:
                return None
        return sorted(found)

    def _put(self, left: int, offset: int, index: int) -> None:
        before = [self._skyline[time] for time in self.span[index]]
        for time in self.span[index]:
            self._skyline[time] = offset + self.size[index]
            self._waiting[time] -= self.size[index]
        self._offsets[index] = offset
        self._place(left & ~(1 << index), offset)
        for time, height in zip(self.span[index], before, strict=True):
            self._skyline[time] = height
            self._waiting[time] += self.size[index]
