"""Adds inside the convolution before them: which, decided by what it saves.

Fused, the convolution's output never exists as a whole and the sum can take over the residual's memory; the add costs
what it cost before, and working by bands about half a percent of the convolution. So adds are fused only where the
arena gets smaller by it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from edgeq.ir import verify
from edgeq.ir.graph import Graph
from edgeq.lower.program import Program
from edgeq.passes.fuse_residual import fuse_residual, fusible
from edgeq.plan.arena import plan


def fuse_residuals(graph: Graph, schedule: Callable[[Graph], Program], whole: Collection[str] = ()) -> Program:
    """The program that `schedule` makes of the graph, with adds fused where that shrinks its arena; as few as give the
    smallest found. Convolutions named in `whole` are left alone: their kernels would lose by bands."""

    def programmed(adds: list[str]) -> tuple[int, Program]:
        variant = verify.run(fuse_residual(graph, adds), "fuse_residual") if adds else graph
        program = schedule(variant)
        return plan(program).arena_bytes, program

    chosen = [add for add, layer in fusible(graph).items() if layer not in whole]
    plain_bytes, plain = programmed([])
    best_bytes, best = programmed(chosen) if chosen else (plain_bytes, plain)
    if best_bytes >= plain_bytes:
        return plain
    for add in list(chosen):
        fewer = [name for name in chosen if name != add]
        trial_bytes, trial = programmed(fewer)
        if trial_bytes <= best_bytes:
            chosen, best_bytes, best = fewer, trial_bytes, trial
    return best
