"""Runs a simulation build under Renode, by the files that `edgeq build --simulator renode` wrote into its folder.

renode/platform.repl describes core and memories, renode/run.resc runs an ELF to its end, renode/semihosting.py opens
the files that the firmware asks for (templates/renode). The ELF is QEMU's; instructions are not counted.
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

from edgeq.board import Board, Renode
from edgeq.errors import EdgeqError
from edgeq.simulate.process import CONSOLE_LIMIT_BYTES, ProcessResult, run_process
from edgeq.simulate.result import SimulationResult, check, last_lines

PROGRAM = "renode"
FOLDER = "renode"
#: what renode/semihosting.py leaves in the working directory
CONSOLE, EXIT = "console.txt", "exit.txt"
_START = "start.resc"
#: Renode maps whole pages of the guest
PAGE_BYTES = 4096


@dataclass(frozen=True)
class Region:
    """A memory of the .repl file, in whole pages."""

    name: str
    origin: int
    length: int


def described(board: Board) -> Renode:
    """The board in Renode. Raises EdgeqError where Renode can't simulate it, with the reason."""
    renode = board.simulator.renode
    if renode is None:
        raise EdgeqError(
            f"--simulator renode: the file of board '{board.name}' doesn't name its core in Renode; add "
            '[simulator.renode] with cpu = "cortex-m4f" or another one (docs/renode.md), or leave --simulator out'
        )
    if renode.refused:
        raise EdgeqError(
            f"--simulator renode: board '{board.name}' can't be simulated by Renode: {renode.refused}; leave "
            "--simulator out"
        )
    return renode


def regions(board: Board) -> list[Region]:
    """The board's memories in the simulator, in whole pages. Raises EdgeqError where two share one."""
    found = []
    for name, memory in board.memory.items():
        first = memory.simulated // PAGE_BYTES * PAGE_BYTES
        end = -(-(memory.simulated + memory.length) // PAGE_BYTES) * PAGE_BYTES
        found.append(Region(name, first, end - first))
    found.sort(key=lambda region: region.origin)
    for low, high in itertools.pairwise(found):
        if low.origin + low.length > high.origin:
            raise EdgeqError(
                f"--simulator renode: memories '{low.name}' and '{high.name}' of board '{board.name}' share a page of "
                f"{PAGE_BYTES} bytes, of which Renode maps whole ones; move one in the board's file"
            )
    return found


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


def require(board: Board) -> str:
    """Path of Renode. Raises EdgeqError with what to do when it is missing."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise EdgeqError(
            f"renode is needed to run what was built for board '{board.name}' with --simulator renode and is not on "
            "PATH: install it from renode.io, or build without --simulator to run in QEMU"
        )
    return program


def run_elf(board: Board, folder: Path, elf: Path, workdir: Path, *, timeout_s: float) -> SimulationResult:
    """Runs `elf`, a simulation build, by the scripts of its firmware `folder` until it exits; counts are always None.

    `workdir` must exist: the firmware's files lie there.

    Raises EdgeqError: Renode or its scripts missing, time out, fault in the firmware, any exit code but 0.
    """
    program = require(board)
    script = (folder / FOLDER / "run.resc").resolve()
    if not script.is_file():
        raise EdgeqError(f"{folder}: has no {FOLDER}/run.resc; build it again with --simulator renode")
    start = f"$elf=@{_path(elf.resolve())}\ninclude @{_path(script)}\n"
    (workdir / _START).write_text(start, encoding="utf-8")
    try:
        result = run_process([program, "--plain", "--disable-gui", _START], workdir.resolve(), timeout_s)
    except OSError as error:
        raise EdgeqError(f"{program} can't be started in {workdir} ({error}).") from error
    if not result.timed_out and not (workdir / EXIT).is_file():
        raise EdgeqError(
            f"Renode ended before the firmware did on board '{board.name}'; it last printed: "
            f"{last_lines(result.console)}."
        )
    ended = _of_firmware(workdir, result.timed_out)
    check(board, elf, ended, timeout_s)
    return SimulationResult(ended.exit_code, ended.console, None)


def _of_firmware(workdir: Path, timed_out: bool) -> ProcessResult:
    """What the firmware printed, and how it ended."""
    console, code = workdir / CONSOLE, workdir / EXIT
    text = console.read_bytes()[-CONSOLE_LIMIT_BYTES:].decode("utf-8", "replace") if console.is_file() else ""
    return ProcessResult(int(code.read_text(encoding="ascii")) if code.is_file() else 0, text, timed_out)


def _path(path: Path) -> str:
    """As Renode's monitor reads it behind an @."""
    return str(path).replace(" ", "\\ ")
