"""Builds small simulation firmwares from C sources for the platform's own tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import jinja2

from edgeq.boards import Board, load_board
from edgeq.paths import runtime_dir, templates_dir
from edgeq.simulate.host import run_program
from edgeq.simulate.qemu import run_elf
from edgeq.simulate.result import SimulationResult
from edgeq.simulate.sources import platform_sources
from tests.tools import require_tool

CROSS_BOARDS = ("riscv-rv32imc", "riscv-8core", "cortex-m4", "cortex-m55")
C_FLAGS = (
    "-std=c11",
    "-O2",
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Werror",
)


def board_with_tools(name: str) -> Board:
    """The board, or a skipped test when its compiler or simulator is missing."""
    board = load_board(name)
    require_tool(board.toolchain.compiler)
    if board.simulator.command:
        require_tool(board.simulator.command[0])
    return board


def link_script(board: Board, simulation: bool) -> str:
    """The board's linker script."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(templates_dir()),
    )
    return environment.get_template(f"arch/{board.arch}/link.ld.j2").render(
        memory=board.memory, stack_bytes=board.stack_bytes, cores=board.cores, simulation=simulation
    )


def build(board: Board, source: str, folder: Path, *, simulation: bool = True, flags: tuple[str, ...] = ()) -> Path:
    """Compiles C text with the board's platform files; returns the ELF (or the native program)."""
    folder.mkdir(parents=True, exist_ok=True)
    runtime = runtime_dir()
    main = folder / "test_main.c"
    main.write_text(source)
    platform = [str(runtime / path) for path in platform_sources(board, simulation) if path.suffix in (".c", ".S")]
    elf = folder / ("simulation.elf" if simulation else "firmware.elf")
    command = [board.toolchain.compiler, *board.toolchain.flags, *C_FLAGS, *flags, "-I", str(runtime / "include")]
    command += ["-DEQ_SIMULATION"] if simulation else []
    command += [*platform, str(main), "-o", str(elf)]
    if board.arch != "host":
        script = folder / "link.ld"
        script.write_text(link_script(board, simulation))
        command += ["-nostartfiles", "-nostdlib", "-Wl,--gc-sections", "-Wl,--fatal-warnings", "-T", str(script)]
        command += [*board.toolchain.link_flags, "-lgcc"]
    else:
        command.remove("-ffreestanding")
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert not result.stderr, result.stderr
    return elf


def run(board: Board, elf: Path, *, count: bool = False, timeout_s: float = 60) -> SimulationResult:
    """Runs a program that build() made, in its folder."""
    if board.arch == "host":
        return run_program(board, elf, elf.parent, timeout_s=timeout_s)
    return run_elf(board, elf, elf.parent, count=count, timeout_s=timeout_s)
