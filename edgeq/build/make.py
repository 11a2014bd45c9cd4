"""Runs the generated Makefile."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from edgeq.boards import Board
from edgeq.errors import EdgeqError

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
    installed."""
    return [f"CC=ccache {compiler}"] if shutil.which("ccache") else []


def build(folder: Path, board: Board) -> None:
    """Makes the ELFs in `folder`.

    Raises RegionOverflowError when the program doesn't fit, and EdgeqError when the compiler is missing or refuses.
    """
    require_tools(board)
    variables = board.toolchain.make_variables or _cached(board.toolchain.compiler)
    command = ["make", "-s", f"-j{os.cpu_count() or 1}", *variables, "all"]
    try:
        result = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "CCACHE_NOHASHDIR": "1"},  # objects hold no debug information, so no folder
        )
    except subprocess.TimeoutExpired as error:
        raise EdgeqError(f"compiling {folder.name} took over {TIMEOUT_S} s; try --optimize size") from error
    if result.returncode == 0:
        return
    overflow = _OVERFLOW.search(result.stderr)
    if overflow is not None:
        raise RegionOverflowError(overflow.group(1), int(overflow.group(2)))
    errors = [line for line in result.stderr.splitlines() if "error" in line.lower()] or result.stderr.splitlines()
    message = "; ".join(errors[:2]) or f"make ended with {result.returncode}"
    raise EdgeqError(
        f"{board.toolchain.compiler} refuses the generated code ({message}); this is a fault of edgeq: report it"
    )
