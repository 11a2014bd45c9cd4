"""Runs a simulation build under QEMU, with instruction counting on request.

The ELF is the one made with platform_sources(board, simulation=True) and -DEQ_SIMULATION; which files that takes on
each architecture is the table at the head of edgeq/simulate/sources.py. Its input and output files are opened by
semihosting in the working directory, its console is semihosting's.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.simulate import plugin
from edgeq.simulate.counts import parse_counts
from edgeq.simulate.process import run_process
from edgeq.simulate.release import adapted_arguments, qemu_release
from edgeq.simulate.result import SimulationResult, check

_QUIET = ("-display", "none", "-serial", "none", "-monitor", "none")
_SEMIHOSTING = ("-semihosting-config", "enable=on,target=native")

_COUNT_CONFIG = "edgeq-count.cfg"
_COUNT_RESULT = "edgeq-count.json"


def run_elf(
    board: Board,
    elf: Path,
    workdir: Path,
    *,
    count: bool = False,
    timeout_s: float,
) -> SimulationResult:
    """Runs `elf` on the board's simulator until it exits.

    `workdir` must exist: the firmware's files lie there. With `count`, the result carries instruction counts.

    Raises EdgeqError: simulator missing, time out, fault in the firmware, any exit code but 0.
    """
    simulator = require_simulator(board)
    elf, workdir = elf.resolve(), workdir.resolve()
    counting = _counting(board, elf, workdir, simulator) if count else []
    command = command_line(board, elf, *counting)
    try:
        result = run_process(command, workdir, timeout_s)
    except OSError as error:
        raise EdgeqError(f"{simulator} can't be started in {workdir} ({error}).") from error
    check(board, elf, result, timeout_s)
    counts = parse_counts(workdir / _COUNT_RESULT) if count else None
    return SimulationResult(result.exit_code, result.console, counts)


def command_line(board: Board, elf: Path, *more: str) -> list[str]:
    """What runs `elf` on the board's simulator. Raises EdgeqError when that is missing."""
    simulator = require_simulator(board)
    arguments = adapted_arguments(board.simulator.command[1:], qemu_release(simulator))
    return [simulator, *arguments, *_QUIET, *_SEMIHOSTING, *more, "-kernel", str(elf)]


def require_simulator(board: Board) -> str:
    """Path of the board's simulator; "" for the host. Raises EdgeqError with the command that installs it."""
    if not board.simulator.command:
        return ""
    simulator = shutil.which(board.simulator.command[0])
    if simulator is None:
        raise EdgeqError(
            f"{board.simulator.command[0]} is needed to run board '{board.name}' and is not installed: "
            f"apt-get install {board.simulator.apt}."
        )
    return simulator


def _counting(board: Board, elf: Path, workdir: Path, simulator: str) -> list[str]:
    library = plugin.build(simulator)
    (workdir / _COUNT_RESULT).unlink(missing_ok=True)
    config = plugin.configuration(board, elf, Path(_COUNT_RESULT))
    (workdir / _COUNT_CONFIG).write_text(config, encoding="utf-8")
    escaped = str(library).replace(",", ",,")
    return ["-plugin", f"file={escaped},config={_COUNT_CONFIG}"]
