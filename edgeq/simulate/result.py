"""What a run of a firmware gives back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.simulate.counts import Counts
from edgeq.simulate.elf import read_symbols
from edgeq.simulate.process import ProcessResult

# Exit code of a simulation build that stopped on a fault (EQ_FAULT_EXIT_CODE in runtime_c/platform/simulation).
FAULT_EXIT_CODE = 99
FAULT_PREFIX = "EDGEQ FAULT: "


@dataclass(frozen=True)
class SimulationResult:
    """A run that ended with exit code 0: what it printed and, when asked for, its instruction counts."""

    exit_code: int
    console: str
    counts: Counts | None


def last_lines(console: str, lines: int = 5) -> str:
    """The end of what a firmware printed, on one line, for use in a message."""
    tail = [line.strip() for line in console.splitlines() if line.strip()][-lines:]
    return " | ".join(tail) if tail else "nothing"


def check(board: Board, elf: Path, result: ProcessResult, timeout_s: float) -> None:
    """Raises EdgeqError where a run ended with anything but exit code 0."""
    if result.timed_out:
        raise EdgeqError(
            f"The firmware did not end on board '{board.name}' within {timeout_s:g} s (it last printed: "
            f"{last_lines(result.console)}): raise the time limit, or look for an endless loop."
        )
    if result.exit_code == 0:
        return
    if FAULT_PREFIX in result.console:
        raise EdgeqError(_fault_message(board, elf, result.console))
    if result.exit_code < 0 or result.exit_code == FAULT_EXIT_CODE:
        how = f"was ended by signal {-result.exit_code}" if result.exit_code < 0 else "stopped on a fault"
        raise EdgeqError(f"The simulator of board '{board.name}' {how}; it last printed: {last_lines(result.console)}.")
    raise EdgeqError(
        f"The firmware ended with exit code {result.exit_code} on board '{board.name}'; it last printed: "
        f"{last_lines(result.console)}."
    )


def _fault_message(board: Board, elf: Path, console: str) -> str:
    """The firmware's own report, with the function's name added: one sentence, then the registers."""
    report = console[console.rindex(FAULT_PREFIX) + len(FAULT_PREFIX) :].strip()
    sentence, _, registers = report.partition("\n")
    where = re.search(r"\bpc 0x([0-9a-f]+)", sentence)
    function = read_symbols(elf).function_at(int(where.group(1), 16)) if where else None
    place = f" in function {function}" if function else ""
    return f"The firmware stopped{place} on board '{board.name}': {sentence}\n{registers}"
