"""Offsets in the arena.

Buffers that live at the same time must not overlap. Finding the smallest arena is dynamic storage allocation, NP-hard;
first fit in a few good orders, then in shuffled ones, reaches the lower bound for most small networks. For the others
plan/exact.py finds the smallest arena, or proves that this is it.

States come first, in the graph's order: the arena's first `state_bytes` hold them and nothing else, between inferences
as well. States that lie in other memory of the caller (trained parameters, what an optimizer remembers) have offsets
there."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from edgeq.ir.graph import ARENA
from edgeq.lower.program import Program, aligned
from edgeq.plan.lifetime import Buffer, buffers

SHUFFLES = 200


@dataclass(frozen=True)
class Plan:
    """Offsets in bytes by buffer.

    `lower_bound_bytes` is the largest sum of simultaneously live buffers, in the bytes they take with their alignment.
    `optimal`: no arena for these buffers is smaller, which is proven. `state_bytes`: the arena's beginning, where the
    states lie. `memories`: name of other memory -> its bytes; offsets of buffers in it count from its own beginning.
    """

    buffers: tuple[Buffer, ...]
    offsets: Mapping[str, int]
    arena_bytes: int
    lower_bound_bytes: int
    optimal: bool
    state_bytes: int = 0
    memories: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def passing(self) -> list[Buffer]:
        """All buffers but those of states."""
        return [buffer for buffer in self.buffers if not buffer.kept]

    @property
    def in_arena(self) -> list[Buffer]:
        """All buffers that lie in the arena."""
        return [buffer for buffer in self.buffers if buffer.memory == ARENA]

    @property
    def ratio(self) -> float:
        """Arena over its lower bound."""
        return self.arena_bytes / self.lower_bound_bytes if self.lower_bound_bytes else 1.0

    def tensor_offset(self, name: str) -> int:
        """Offset of the tensor in the arena."""
        return next(self.offsets[buffer.name] for buffer in self.buffers if name in buffer.tensors)

    def live_at(self, layer: int) -> list[Buffer]:
        """Buffers in the arena that are live while a layer runs."""
        return [buffer for buffer in self.in_arena if buffer.first <= layer <= buffer.last]


def plan(program: Program, *, reuse: bool = True, guard_bytes: int = 0) -> Plan:
    """The arena of a program.

    For tests: `reuse=False` gives every buffer bytes of its own, and `guard_bytes` (a multiple of 16) keeps that many
    unused bytes in front of and behind every buffer.
    """
    every = buffers(program, in_place=reuse)
    elsewhere, memories = _other_memories(every)
    blocks = [block for block in every if block.memory == ARENA]
    sizes = {block.name: aligned(block.size_bytes) + guard_bytes for block in blocks}
    bound = lower_bound(blocks)
    order = {state.start: index for index, state in enumerate(program.graph.states)}
    kept = sorted((block for block in blocks if block.kept), key=lambda block: order[block.name])
    offsets, state_bytes = _in_a_row(kept, sizes, 0)
    passing = [block for block in blocks if not block.kept]
    if reuse:
        offsets |= {name: state_bytes + offset for name, offset in _best_offsets(passing, sizes).items()}
    else:
        offsets |= _in_a_row(passing, sizes, state_bytes)[0]
    end = max((offsets[name] + size for name, size in sizes.items()), default=0)
    shifted = {name: offset + guard_bytes for name, offset in offsets.items()}
    return Plan(tuple(every), {**shifted, **elsewhere}, end + guard_bytes, bound, end == bound, state_bytes, memories)


def _other_memories(blocks: Sequence[Buffer]) -> tuple[dict[str, int], dict[str, int]]:
    """(offsets of the buffers outside of the arena, one after another; bytes of each memory)."""
    offsets: dict[str, int] = {}
    memories: dict[str, int] = {}
    for block in blocks:
        if block.memory != ARENA:
            offsets[block.name] = memories.get(block.memory, 0)
            memories[block.memory] = offsets[block.name] + aligned(block.size_bytes)
    return offsets, memories


def _in_a_row(blocks: Sequence[Buffer], sizes: Mapping[str, int], start: int) -> tuple[dict[str, int], int]:
    """Offsets of buffers one after another from `start`, and where they end."""
    offsets, position = {}, start
    for block in blocks:
        offsets[block.name] = position
        position += sizes[block.name]
    return offsets, position


def lower_bound(blocks: Sequence[Buffer]) -> int:
    """Largest sum of simultaneously live buffers in bytes, with their alignment; no arena is smaller."""
    live = (sum(aligned(b.size_bytes) for b in blocks if b.first <= block.first <= b.last) for block in blocks)
    return max(live, default=0)


def _best_offsets(blocks: Sequence[Buffer], sizes: Mapping[str, int]) -> dict[str, int]:
    bound = max((sum(sizes[b.name] for b in blocks if b.first <= block.first <= b.last) for block in blocks), default=0)
    orders = [
        sorted(blocks, key=lambda b: (-sizes[b.name], b.first, b.name)),
        sorted(blocks, key=lambda b: (-(b.last - b.first + 1) * sizes[b.name], b.name)),
        sorted(blocks, key=lambda b: (b.first, -sizes[b.name], b.name)),
        sorted(blocks, key=lambda b: (-b.last, -sizes[b.name], b.name)),
    ]
    shuffler = random.Random(0)
    best: dict[str, int] = {}
    best_end = -1
    for attempt in range(len(orders) + SHUFFLES):
        order = orders[attempt] if attempt < len(orders) else shuffler.sample(list(blocks), len(blocks))
        offsets = _first_fit(order, sizes)
        end = max((offsets[b.name] + sizes[b.name] for b in blocks), default=0)
        if best_end < 0 or end < best_end:
            best, best_end = offsets, end
        if best_end <= bound:
            break
    return best


def _first_fit(order: Sequence[Buffer], sizes: Mapping[str, int]) -> dict[str, int]:
    """Each buffer at the lowest offset where it meets no buffer that lives at the same time."""
    offsets: dict[str, int] = {}
    placed: list[Buffer] = []
    for block in order:
        position = 0
        taken = sorted((offsets[b.name], sizes[b.name]) for b in placed if b.overlaps(block))
        for start, size in taken:
            if position + sizes[block.name] <= start:
                break
            position = max(position, start + size)
        offsets[block.name] = position
        placed.append(block)
    return offsets
