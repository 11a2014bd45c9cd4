"""Builds small simulation firmwares from C sources for the platform's own tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jinja2

from edgeq.board import Board, load_board
from edgeq.paths import runtime_dir, templates_dir
from edgeq.simulate.host import run_program
from edgeq.simulate.qemu import run_elf
from edgeq.simulate.result import SimulationResult
from edgeq.simulate.sources import platform_sources
from edgeq.toolchain import ZIG
from tests.tools import require, require_tool

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
    require(board.toolchain.compiler, board.toolchain.is_installed())
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
    sources = [*platform, str(main), *(flag for flag in flags if flag.endswith(".c"))]
    flags = tuple(flag for flag in flags if not flag.endswith(".c"))
    compiler = [board.toolchain.compiler]
    if board.toolchain.kind == ZIG:
        compiler = [sys.executable, "-m", "ziglang", "cc", "-fno-sanitize=undefined"]
    compiler += board.toolchain.flags
    compile_flags = [*C_FLAGS, *flags, "-I", str(runtime / "include"), *(["-DEQ_SIMULATION"] if simulation else [])]
    if board.toolchain.kind == ZIG:  # its link flags choose another core
        sources = [_compiled([*compiler, *compile_flags], source, folder) for source in sources]
    command = [*compiler, *compile_flags, *sources, "-o", str(elf)]
    if board.arch != "host":
        script = folder / "link.ld"
        script.write_text(link_script(board, simulation))
        command += ["-nostartfiles", "-Wl,--gc-sections", "-T", str(script), *board.toolchain.link_flags]
        command += ["-nostdlib", "-Wl,--fatal-warnings", "-lgcc"] if board.toolchain.kind != ZIG else ["-Wno-unused"]
    else:
        command.remove("-ffreestanding")
    _run(command)
    return elf


def _compiled(command: list[str], source: str, folder: Path) -> str:
    """The object file of one source."""
    made = folder / f"{Path(source).name}.o"
    _run([*command, "-c", source, "-o", str(made)])
    return str(made)


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    problems = [line for line in result.stderr.splitlines() if "-Wunused-command-line-argument" not in line]
    assert not problems, result.stderr


def run(board: Board, elf: Path, *, count: bool = False, timeout_s: float = 60) -> SimulationResult:
    """Runs a program that build() made, in its folder."""
    if board.arch == "host":
        return run_program(board, elf, elf.parent, timeout_s=timeout_s)
    return run_elf(board, elf, elf.parent, count=count, timeout_s=timeout_s)
