"""Runs the generated Makefile."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from edgeq import cmsis_nn
from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.paths import can_write
from edgeq.simulate.process import run_process

TIMEOUT_S = 900
_OVERFLOW = re.compile(r"region [`'](\w+)' overflowed by (\d+) bytes")


class RegionOverflowError(Exception):
    """The linker ran out of a memory region: name, and bytes over its end."""

    def __init__(self, region: str, excess_bytes: int) -> None:
        super().__init__(region)
        self.region = region
        self.excess_bytes = excess_bytes


def require_tools(board: Board) -> None:
    """Raises EdgeqError with the command that installs what is missing."""
    needed = [("make", shutil.which("make") is not None, "apt-get install -y make")]
    toolchain = board.toolchain
    needed.append((toolchain.compiler, toolchain.is_installed(), toolchain.install_command))
    for tool, found, command in needed:
        if not found:
            raise EdgeqError(f"{tool} is needed to build for board {board.name} and is missing; run: {command}")


def _cached(compiler: str) -> list[str]:
    """Variables that have ccache keep the objects of equal sources, which most builds share; none where it is not
    installed, or can't write."""
    if shutil.which("ccache") is None:
        return []
    old, usual = Path.home() / ".ccache", Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ccache"
    cache = os.environ.get("CCACHE_DIR") or (old if old.is_dir() else usual)
    return [f"CC=ccache {compiler}"] if can_write(Path(cache)) else []


def build(folder: Path, board: Board) -> None:
    """Makes the ELFs in `folder`.

    Raises RegionOverflowError when the program doesn't fit, and EdgeqError when the compiler is missing or refuses.
    """
    require_tools(board)
    variables = board.toolchain.make_variables or _cached(board.toolchain.compiler)
    command = ["make", "-s", f"-j{os.cpu_count() or 1}", *variables, "all"]
    environment = {**os.environ, **cmsis_nn.environment(), "CCACHE_NOHASHDIR": "1"}  # objects name no folders
    result = run_process(command, folder, TIMEOUT_S, environment)
    if result.timed_out:
        raise EdgeqError(f"compiling {folder.name} took over {TIMEOUT_S} s; try --optimize size")
    if result.exit_code == 0:
        return
    overflow = _OVERFLOW.search(result.console)
    if overflow is not None:
        raise RegionOverflowError(overflow.group(1), int(overflow.group(2)))
    errors = [line for line in result.console.splitlines() if "error" in line.lower()] or result.console.splitlines()
    message = "; ".join(errors[:2]) or f"make ended with {result.exit_code}"
    raise EdgeqError(
        f"{board.toolchain.compiler} refuses the generated code ({message}); this is a fault of edgeq: report it"
    )
