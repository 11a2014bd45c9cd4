"""Which simulator runs a program of a firmware folder: none on the host, else QEMU or Renode."""

from __future__ import annotations

from pathlib import Path

from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder
from edgeq.simulate import host, qemu, renode
from edgeq.simulate.result import SimulationResult

QEMU, RENODE = "qemu", "renode"
SIMULATORS = (QEMU, RENODE)


def require(board: Board, simulator: str) -> None:
    """Raises EdgeqError, with what to do, when the simulator is missing; a native board needs none."""
    if simulator == RENODE:
        renode.require(board)
    else:
        qemu.require_simulator(board)


def counts_instructions(board: Board, simulator: str) -> bool:
    """Whether a run tells executed instructions."""
    return board.arch != "host" and simulator == QEMU


def program(
    firmware: FirmwareFolder, name: str, workdir: Path, *, count: bool = False, timeout_s: float
) -> SimulationResult:
    """Runs the ELF `name` of the folder in `workdir`, where its files lie, until it exits.

    Raises EdgeqError as host.run_program, qemu.run_elf and renode.run_elf, and for counts that the simulator hasn't.
    """
    board, elf = firmware.board, firmware.path / name
    if board.arch == "host":
        return host.run_program(board, elf, workdir, timeout_s=timeout_s)
    if firmware.simulator == RENODE:
        if count:
            raise EdgeqError(
                f"{firmware.path}: was built with --simulator {RENODE}, where instructions are not counted; build it "
                "without to count them in QEMU"
            )
        return renode.run_elf(board, firmware.path, elf, workdir, timeout_s=timeout_s)
    return qemu.run_elf(board, elf, workdir, count=count, timeout_s=timeout_s)
