"""The search for a choice of kernels that keeps to a budget: estimates choose, builds tell what was wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edgeq.budget import Limits
from edgeq.errors import EdgeqError
from edgeq.lower.alternatives import Alternatives
from edgeq.lower.program import Program
from edgeq.lower.select import Candidate
from edgeq.plan.arena import Plan

#: bytes of code that no choice changes, before a build tells
OTHER_CODE_BYTES = 5000
#: builds after which the search is content with the best one so far
MOST_BUILDS = 4


@dataclass(frozen=True)
class Built:
    """What an ELF takes, stacks aside."""

    flash_bytes: int
    ram_bytes: int


Planner = Callable[[Mapping[str, Candidate]], tuple[Program, Plan]]
Builder = Callable[[Program, Plan], Built]


def within(alternatives: Alternatives, limits: Limits, planner: Planner, builder: Builder) -> int:
    """Which of the builds made here, counted from 0, has the fewest estimated instructions and keeps to the limits.
    Raises EdgeqError with the smallest found when none does."""
    other_flash, other_ram = OTHER_CODE_BYTES, 0
    tried: dict[tuple[int, ...], Built] = {}
    best, fewest = -1, 0
    while len(tried) <= MOST_BUILDS:
        # The last build, if nothing kept to the limits before, is of the smallest.
        room = limits.flash_bytes - other_flash if len(tried) < MOST_BUILDS else 0
        program, arena = _within_ram(alternatives, room, limits, other_ram, planner)
        choice, _ = alternatives.choose(room)
        if choice.picks in tried or (len(tried) == MOST_BUILDS and best >= 0):
            break
        built = builder(program, arena)
        fits = built.flash_bytes <= limits.flash_bytes and built.ram_bytes <= limits.ram_bytes
        if fits and (best < 0 or choice.instructions < fewest):
            best, fewest = len(tried), choice.instructions
        tried[choice.picks] = built
        other_flash = built.flash_bytes - choice.flash_bytes
        other_ram = built.ram_bytes - arena.arena_bytes
    if best >= 0:
        return best
    flash_bytes = min(built.flash_bytes for built in tried.values())
    if flash_bytes > limits.flash_bytes:
        raise EdgeqError(
            f"--budget: flash is limited to {limits.flash_bytes} bytes and the smallest firmware found needs "
            f"{flash_bytes}; allow that much, add --optimize size, or use a model with fewer weights"
        )
    raise _too_little_ram(limits, min(built.ram_bytes for built in tried.values()))


def _within_ram(
    alternatives: Alternatives, flash_bytes: float, limits: Limits, other_ram: int, planner: Planner
) -> tuple[Program, Plan]:
    """Forbids kernels whose scratch memory makes the arena too large, until the choice keeps to the limit."""
    while True:
        _, chosen = alternatives.choose(flash_bytes)
        program, arena = planner(chosen)
        if arena.arena_bytes + other_ram <= limits.ram_bytes:
            return program, arena
        needs = {
            layer.node.name: sum(buffer.size_bytes for buffer in arena.live_at(layer.index)) for layer in program.layers
        }
        by_need = sorted(needs, key=lambda name: -needs[name])
        heavy = next((chosen[name] for name in by_need if alternatives.with_less_scratch(chosen[name])), None)
        if heavy is None:
            raise _too_little_ram(limits, arena.arena_bytes + other_ram)
        alternatives.forbid(heavy)


def _too_little_ram(limits: Limits, ram_bytes: int) -> EdgeqError:
    return EdgeqError(
        f"--budget: RAM without stacks is limited to {limits.ram_bytes} bytes and the smallest firmware found needs "
        f"{ram_bytes}; allow that much, add --optimize ram, or use a model with smaller activations"
    )
