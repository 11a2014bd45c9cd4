"""Which layers run in stages, band by band (lower/stage.py): those where the arena shrinks most.

A stage trades full-size activations for windows of a few rows, at the price of more calls of its kernels and of moving
rows. Every run of layers that can be a stage is tried with bands of one output row, which needs the least memory; the
best are planned with all else, each with the tallest bands that don't make it larger again. Then the layers around it
are looked at in the same way, until nothing gets smaller.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeq.lower.program import Program
from edgeq.lower.stage import with_stage
from edgeq.plan.arena import lower_bound, plan
from edgeq.plan.lifetime import buffers
from edgeq.plan.over_input import overwrite_inputs, overwriting, with_forms

#: candidates that are planned in full, of those with the smallest peaks
PLANNED = 6
BAND_ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


def run_in_bands(program: Program) -> Program:
    """The program with the stages, and with the layers over their inputs, that give the smallest arena found; without
    stages where they don't shrink it."""
    best, best_bytes = _finished(program)
    staged = program
    while True:
        candidates = [(finished, size, raw) for raw in _candidates(staged) for finished, size in [_finished(raw)]]
        smallest = min(candidates, key=lambda candidate: candidate[1], default=None)
        if smallest is None or smallest[1] >= best_bytes:
            return best
        best, best_bytes, staged = smallest


def _finished(program: Program) -> tuple[Program, int]:
    """With layers over their inputs; and its arena in bytes."""
    done = overwrite_inputs(program)
    return done, plan(done).arena_bytes


def _candidates(program: Program) -> list[Program]:
    """The most promising programs with one stage more, the shortest stages of equal ones first."""
    forms = overwriting(program)

    def peak(candidate: Program) -> int:
        outside = {i: form for i, form in forms.items() if candidate.stage_of(candidate.layers[i]) is None}
        return lower_bound(buffers(with_forms(candidate, outside)))

    found = []
    for first, last in _runs(program):
        staged = with_stage(program, first, last, BAND_ROWS[0])
        if staged is not None:
            found.append((peak(staged), last - first, first, last))
    return [_taller(program, first, last, size, peak) for size, _, first, last in sorted(found)[:PLANNED]]


def _runs(program: Program) -> list[tuple[int, int]]:
    """(first, last) of all runs of two or more layers outside stages."""
    free = [program.stage_of(layer) is None for layer in program.layers]
    count = len(free)
    return [(i, j) for i in range(count) for j in range(i + 1, count) if all(free[i : j + 1])]


def _taller(program: Program, first: int, last: int, limit: int, peak: Callable[[Program], int]) -> Program:
    """The stage with the tallest bands within `limit` bytes."""
    best = None
    for rows in BAND_ROWS:
        staged = with_stage(program, first, last, rows)
        if staged is not None and peak(staged) <= limit:
            best = staged
    assert best is not None
    return best
