"""What tests need from the machine they run on."""

from __future__ import annotations

import os
import shutil

import pytest

from edgeq.boards import load_board


def require_tool(name: str) -> str:
    """Path of an executable. Without it the test is skipped, naming the tool; under CI (env CI set) it fails."""
    path = shutil.which(name)
    if path is not None:
        return path
    message = f"{name} is not installed ('edgeq doctor' tells the package)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def require_board(name: str) -> None:
    """Compiler and simulator of a board; see require_tool."""
    board = load_board(name)
    require_tool("make")
    require_tool(board.toolchain.compiler)
    if board.simulator.command:
        require_tool(board.simulator.command[0])
