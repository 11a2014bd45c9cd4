"""What tests need from the machine they run on."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import NoReturn

import pytest

from edgeq.boards import load_board


def require_tool(name: str) -> str:
    """Path of an executable. Without it the test is skipped, naming the tool; under CI (env CI set) it fails."""
    path = shutil.which(name)
    if path is not None:
        return path
    _missing(f"{name} is not installed ('edgeq doctor' tells the package)")


def require_module(name: str) -> None:
    """A Python package that only tests need; see require_tool."""
    if importlib.util.find_spec(name) is None:
        _missing(f"the package {name} is not installed (pip install -e '.[dev]')")


def _missing(message: str) -> NoReturn:
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
