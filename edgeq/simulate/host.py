"""Runs a simulation build that was compiled for the host board: a native program."""

from __future__ import annotations

from pathlib import Path

from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.simulate.process import run_process
from edgeq.simulate.result import SimulationResult, last_lines


def run_program(board: Board, program: Path, workdir: Path, *, timeout_s: float) -> SimulationResult:
    """Runs `program` in `workdir` until it exits; counts are always None.

    Raises EdgeqError: not startable, time out, sanitizer report or signal, any exit code but 0.
    """
    try:
        result = run_process([str(program.resolve())], workdir, timeout_s)
    except OSError as error:
        raise EdgeqError(f"{program} can't be started on board '{board.name}' ({error}).") from error
    if result.timed_out:
        raise EdgeqError(
            f"The program did not end on board '{board.name}' within {timeout_s:g} s (it last printed: "
            f"{last_lines(result.console)}): raise the time limit, or look for an endless loop."
        )
    if result.exit_code != 0:
        how = f"signal {-result.exit_code}" if result.exit_code < 0 else f"exit code {result.exit_code}"
        raise EdgeqError(
            f"The program ended with {how} on board '{board.name}'; it last printed: {last_lines(result.console, 12)}."
        )
    return SimulationResult(0, result.console, None)
