"""The integer program: a precision for every layer, so that the sum of their errors is least and a budget is kept.

HAWQ-V3 (Z. Yao et al., ICML 2021, arXiv 2011.10680, section 3.4) chooses bits this way. One binary variable a layer and
option, one a piece of code that kernels share: the first layer that uses a kernel pays for it. HiGHS solves it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeq import integer_program

#: share of the error by which the second solution, the smallest, may exceed the first
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Option:
    """A layer in one precision: the estimated error of the outputs, bytes of its constants and of the code that it
    shares with other layers (piece -> bytes, paid for once), estimated cycles, and bytes of the arena that are live
    while it runs."""

    precision: str
    error: float
    constant_bytes: int
    code: Mapping[str, int]
    cycles: int
    live_bytes: int


@dataclass(frozen=True)
class Room:
    """What constants and kernels' code, all layers' cycles, and every layer's live part of the arena may take."""

    flash_bytes: float = float("inf")
    cycles: float = float("inf")
    live_bytes: float = float("inf")


@dataclass(frozen=True)
class Total:
    """What a choice takes; `error` is the sum of its layers'."""

    error: float
    flash_bytes: int
    cycles: int
    live_bytes: int


NOTHING = Total(0.0, 0, 0, 0)
Layers = Sequence[Sequence[Option]]
Choice = tuple[int, ...]


def total(layers: Layers, choice: Iterable[int]) -> Total:
    """Sums over the options at these positions."""
    options = [layer[pick] for layer, pick in zip(layers, choice, strict=True)]
    code = {name: size for option in options for name, size in option.code.items()}
    return Total(
        sum(option.error for option in options),
        sum(option.constant_bytes for option in options) + sum(code.values()),
        sum(option.cycles for option in options),
        max(option.live_bytes for option in options),
    )


def least_error(layers: Layers, room: Room) -> Choice | None:
    """The least error within the room, of equal ones the least flash; None where nothing fits."""
    program = _Program(layers)
    smallest = program.error[program.error > 0].min(initial=np.inf)
    scale = smallest if np.isfinite(smallest) else 1.0  # HiGHS stops within an absolute gap of 1e-6
    first = program.solve(program.error / scale, room)
    if first is None:
        return None
    best = total(layers, first).error
    return program.solve(program.flash, room, best) or first


def least(layers: Layers, what: str, room: Room) -> Choice | None:
    """The least of "flash", "cycles" or "ram" within the room; None where nothing fits."""
    program = _Program(layers)
    if what == "ram":
        levels = sorted({option.live_bytes for layer in layers for option in layer})
        rooms = (Room(room.flash_bytes, room.cycles, min(level, room.live_bytes)) for level in levels)
        return next((found for each in rooms if (found := program.solve(program.error, each)) is not None), None)
    return program.solve(program.flash if what == "flash" else program.cycles, room)


class _Program:
    """The program's columns: options of all layers, then pieces of code."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._options = [(index, option) for index, layer in enumerate(layers) for option in layer]
        code = {name: size for _, option in self._options for name, size in option.code.items()}
        at = {name: len(self._options) + place for place, name in enumerate(sorted(code))}
        width = len(self._options) + len(code)
        self.error, self.flash, self.cycles = np.zeros(width), np.zeros(width), np.zeros(width)
        self._once = np.zeros((len(layers), width))
        uses = []
        for place, (index, option) in enumerate(self._options):
            self.error[place], self.flash[place], self.cycles[place] = (
                option.error, option.constant_bytes, option.cycles,
            )  # fmt: skip
            self._once[index, place] = 1
            for name in option.code:
                row = np.zeros(width)
                row[[place, at[name]]] = 1, -1
                uses.append(row)
        for name, place in at.items():
            self.flash[place] = code[name]
        self._uses = np.stack(uses) if uses else np.zeros((1, width))

    def solve(self, objective: np.ndarray, room: Room, error: float | None = None) -> Choice | None:
        """The least objective within the room and, if given, an error and TOLERANCE of it more."""
        upper = np.ones(len(self.error))
        for place, (_, option) in enumerate(self._options):
            upper[place] = option.live_bytes <= room.live_bytes
        shares = np.zeros(len(self.error))
        if error is not None:
            upper[self.error > error * (1 + TOLERANCE)] = 0
            shares = np.minimum(self.error, error * (1 + TOLERANCE)) / (error or 1.0)
        limited = np.stack([self.flash, self.cycles, shares])
        rows = [
            (self._once, 1, 1),
            (self._uses, -np.inf, 0),
            (limited, -np.inf, [room.flash_bytes, room.cycles, 1 + TOLERANCE]),
        ]
        found = integer_program.solve(objective, rows, upper)
        return None if found is None else integer_program.picked(found, [len(layer) for layer in self._layers])
