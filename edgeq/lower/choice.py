"""The choice among kernels under a flash budget: the fewest estimated instructions that fit.

Every kernel of a layer costs instructions and bytes of constants, and the first layer that uses a kernel pays for the
kernel's code. That is an integer program of one binary variable a candidate and one a kernel; HiGHS solves it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeq import integer_program


@dataclass(frozen=True)
class Option:
    """One kernel for one layer: estimated instructions, bytes of its constants, and the function that it shares with
    other layers (its code is paid for once)."""

    instructions: int
    constant_bytes: int
    function: str
    code_bytes: int


@dataclass(frozen=True)
class Choice:
    """An option's index for every layer."""

    picks: tuple[int, ...]
    instructions: int
    flash_bytes: int


def choose(layers: Sequence[Sequence[Option]], flash_bytes: float) -> Choice | None:
    """The fewest instructions within `flash_bytes` of constants and kernel code (of equal ones the smallest), or None
    where nothing fits."""
    fastest = _solve(layers, instructions_weight=1, flash_weight=0, flash_bytes=flash_bytes)
    if fastest is None:
        return None
    return _solve(layers, 0, 1, flash_bytes, fastest.instructions)


def smallest(layers: Sequence[Sequence[Option]]) -> Choice:
    """The least flash; of equal ones the fewest instructions."""
    found = _solve(layers, 0, 1)
    assert found is not None
    fastest = choose(layers, found.flash_bytes)
    assert fastest is not None
    return fastest


def flash_of(layers: Sequence[Sequence[Option]], picks: Iterable[int]) -> int:
    """Bytes of constants and kernel code of the options at `picks`."""
    options = [layer[pick] for layer, pick in zip(layers, picks, strict=True)]
    return sum(option.constant_bytes for option in options) + sum(
        {option.function: option.code_bytes for option in options}.values()
    )


def _solve(
    layers: Sequence[Sequence[Option]],
    instructions_weight: int,
    flash_weight: int,
    flash_bytes: float = np.inf,
    instructions: float = np.inf,
) -> Choice | None:
    """The option of each layer that minimises the weighted sum within both limits."""
    options = [(index, option) for index, layer in enumerate(layers) for option in layer]
    code = {option.function: option.code_bytes for _, option in options}
    column = {function: len(options) + position for position, function in enumerate(sorted(code))}
    width = len(options) + len(code)
    cost, flash, once = np.zeros(width), np.zeros(width), np.zeros((len(layers), width))
    uses = np.zeros((len(options), width))
    for position, (index, option) in enumerate(options):
        cost[position] = option.instructions
        flash[position] = option.constant_bytes
        once[index, position] = 1
        uses[position, position] = 1
        uses[position, column[option.function]] = -1
    for function, position in column.items():
        flash[position] = code[function]
    rows = [
        (once, 1, 1),
        (uses, -np.inf, 0),
        (np.stack([flash, cost]), -np.inf, [flash_bytes, instructions]),
    ]
    found = integer_program.solve(instructions_weight * cost + flash_weight * flash, rows)
    if found is None:
        return None
    picks = integer_program.picked(found, [len(layer) for layer in layers])
    total = sum(layer[pick].instructions for layer, pick in zip(layers, picks, strict=True))
    return Choice(picks, total, flash_of(layers, picks))
