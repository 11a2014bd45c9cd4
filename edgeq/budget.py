"""What a firmware may take of a chip's memories: the --budget option."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgeq.board import Board
from edgeq.errors import EdgeqError

UNITS = {"": 1, "b": 1, "kb": 1000, "kib": 1024, "mb": 1000**2, "mib": 1024**2}
CYCLE_UNITS = {"": 1, "k": 1000, "m": 1000**2}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Budget:
    """Limits; None is no limit. `flash_bytes`: code, constants and initial values. `ram_bytes`: arena, data and bss,
    without the stacks. `cycles`: estimated ones of an inference, for `edgeq search` only."""

    flash_bytes: int | None = None
    ram_bytes: int | None = None
    cycles: int | None = None


@dataclass(frozen=True)
class Limits:
    """The budget and the board's memories, whichever is smaller, in bytes; and the budget's cycles."""

    flash_bytes: float
    ram_bytes: float
    cycles: float = float("inf")


def limits_on(board: Board, budget: Budget) -> Limits:
    """What a firmware may take on a board. The host has no limits of its own."""
    flash = ram = float("inf")
    if board.arch != "host":
        flash = board.memory["flash"].length
        ram = board.memory["ram"].length - board.stack_bytes * board.cores
    return Limits(
        min(flash, budget.flash_bytes or flash), min(ram, budget.ram_bytes or ram), budget.cycles or float("inf")
    )


def parse(texts: Sequence[str], cycles: bool = False) -> Budget | None:
    """The budget in "flash=300KB,ram=40KiB", given whole or in several parts; None without any. KB is 1000 bytes, KiB
    1024. `cycles`: takes "cycles=900k" as well. Raises EdgeqError for anything else."""
    known = ("flash", "ram", "cycles") if cycles else ("flash", "ram")
    example = "flash=300KB, ram=40KB, cycles=900k or several of them" if cycles else "flash=300KB, ram=40KB or both"
    limits: dict[str, int] = {}
    for text in texts:
        for part in text.split(","):
            memory, separator, size = (piece.strip() for piece in part.partition("="))
            if memory not in known or not separator:
                raise EdgeqError(f"--budget {text}: {part!r} is no limit; write {example}")
            if memory in limits:
                raise EdgeqError(f"--budget: {memory} is given twice; give each limit once")
            limits[memory] = _cycles(size, text) if memory == "cycles" else _bytes(size, text)
    return Budget(limits.get("flash"), limits.get("ram"), limits.get("cycles")) if limits else None


def _cycles(count: str, text: str) -> int:
    match = _SIZE.fullmatch(count)
    value = int(float(match[1]) * CYCLE_UNITS[match[2].lower()]) if match and match[2].lower() in CYCLE_UNITS else 0
    if value < 1:
        raise EdgeqError(f"--budget {text}: {count!r} is no number of cycles; write 900000, 900k or 0.9M")
    return value


def _bytes(size: str, text: str) -> int:
    match = _SIZE.fullmatch(size)
    if match is None or match[2].lower() not in UNITS:
        raise EdgeqError(
            f"--budget {text}: {size!r} is no size; write bytes (300000) or a number with KB, KiB, MB, MiB"
        )
    value = int(float(match[1]) * UNITS[match[2].lower()])
    if value < 1:
        raise EdgeqError(f"--budget {text}: a limit must be at least one byte")
    return value
