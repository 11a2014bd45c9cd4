"""Which layers run in stages, band by band (lower/stage.py): those where the arena shrinks most.

A stage trades full-size activations for windows of a few rows, at the price of more calls of its kernels and of moving
rows. Every run of layers that can be a stage is tried; the best are planned with all else, each with the fewest bands
that don't make it larger again. Then the layers around it are looked at in the same way, until nothing gets smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeq.lower.program import Layer, Program, aligned
from edgeq.lower.stage import Pace, row_kernels, with_stage
from edgeq.plan.arena import lower_bound, plan
from edgeq.plan.lifetime import Buffer, buffers
from edgeq.plan.over_input import overwrite_inputs, overwriting, with_forms

#: candidates that are planned in full, of those with the smallest peaks
PLANNED = 8
#: from the least memory to the fewest bands
PACES: Sequence[Pace] = (
    *(Pace(1, bands) for bands in (16, 8, 4, 2)),
    *(Pace(rows) for rows in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)),
)
#: enough to tell which runs of layers are worth all of them
ROUGH_PACES = (Pace(1, 4), Pace(1))


def run_in_bands(program: Program) -> Program:
    """The program with the stages, and with the layers over their inputs, that give the smallest arena found; without
    stages where they don't shrink it."""
    best, best_bytes = _finished(program)
    better = row_kernels(program)
    staged = program
    while True:
        candidates = [
            (finished, size, raw) for raw in _candidates(staged, better) for finished, size in [_finished(raw)]
        ]
        smallest = min(candidates, key=lambda candidate: candidate[1], default=None)
        if smallest is None or smallest[1] >= best_bytes:
            return best
        best, best_bytes, staged = smallest


def _finished(program: Program) -> tuple[Program, int]:
    """With layers over their inputs; and its arena in bytes."""
    done = overwrite_inputs(program)
    return done, plan(done).arena_bytes


def _candidates(program: Program, better: Mapping[int, Layer]) -> list[Program]:
    """The most promising programs with one stage more, the shortest stages of equal ones first, each with the fewest
    bands that reach its smallest peak."""
    forms = overwriting(program)

    def peaks(first: int, last: int, paces: Sequence[Pace]) -> list[tuple[int, Program]]:
        staged = (with_stage(program, first, last, pace, better) for pace in paces)
        return [(_peak(candidate, forms), candidate) for candidate in staged if candidate is not None]

    fullest = _fullest(program, forms)
    runs = [(first, last) for first, last in _runs(program) if first <= fullest <= last]
    rough = [(peaks(first, last, ROUGH_PACES), last - first, first) for first, last in runs]
    ranked = sorted((min(size for size, _ in found), length, first) for found, length, first in rough if found)
    chosen = []
    for _, length, first in ranked[:PLANNED]:
        found = peaks(first, first + length, PACES)
        smallest = min(size for size, _ in found)
        chosen.append([candidate for size, candidate in found if size == smallest][-1])
    return chosen


def _peak(program: Program, forms: Mapping[int, Layer]) -> int:
    """Largest sum of live bytes, with all layers outside stages over their inputs that can be."""
    return lower_bound(_buffers(program, forms))


def _fullest(program: Program, forms: Mapping[int, Layer]) -> int:
    """The layer at which that sum is reached first: a stage without it shrinks nothing."""
    blocks = _buffers(program, forms)
    live = [sum(aligned(b.size_bytes) for b in blocks if b.first <= i <= b.last) for i in range(len(program.layers))]
    return live.index(max(live))


def _buffers(program: Program, forms: Mapping[int, Layer]) -> list[Buffer]:
    outside = {i: form for i, form in forms.items() if program.stage_of(program.layers[i]) is None}
    return buffers(with_forms(program, outside))


def _runs(program: Program) -> list[tuple[int, int]]:
    """(first, last) of all runs of two or more layers outside stages."""
    free = [program.stage_of(layer) is None for layer in program.layers]
    count = len(free)
    return [(i, j) for i in range(count) for j in range(i + 1, count) if all(free[i : j + 1])]
