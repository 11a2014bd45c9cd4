"""What tests need from the machine they run on."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from edgeq.board import load_board


def require(what: str, present: bool) -> None:
    """Without `what` the test is skipped, naming it; under CI (env CI set) it fails."""
    if present:
        return
    message = f"{what} is not installed ('edgeq doctor' tells the command)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def require_tool(name: str) -> str:
    """Path of an executable; see `require`."""
    path = shutil.which(name)
    require(name, path is not None)
    assert path is not None
    return path


def require_module(name: str) -> None:
    """A Python package that only tests need; see `require`."""
    require(f"the package {name}", importlib.util.find_spec(name) is not None)


def require_board(name: str | Path) -> None:
    """Compiler and simulator of a board; see `require`."""
    board = load_board(name)
    require_tool("make")
    require(board.toolchain.compiler, board.toolchain.is_installed())
    if board.simulator.command:
        require_tool(board.simulator.command[0])
