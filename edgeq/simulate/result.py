"""What a run of a firmware gives back."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.simulate.counts import Counts

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
