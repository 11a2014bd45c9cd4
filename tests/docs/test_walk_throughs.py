"""CONTRIBUTING's operator and board, added to a copy of the package as the page says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs import shell
from tests.docs.pages import Block, blocks
from tests.tools import require_board, require_tool

PAGE = "CONTRIBUTING.md"
COPIED = ("boards", "edgeq", "runtime_c", "templates", "tests", "pyproject.toml")


def section(title: str) -> list[Block]:
    """The blocks under a heading of the page."""
    lines = (ROOT / PAGE).read_text(encoding="utf-8").splitlines()
    first = lines.index(f"## {title}") + 1
    last = next((at for at in range(first, len(lines)) if lines[at].startswith("## ")), len(lines)) + 1
    return [block for block in blocks(PAGE) if first <= block.line <= last]


def follow(title: str, folder: Path) -> str:
    """Writes the section's files into a copy of the checkout, applies its changes, runs its commands."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.npz", "*.wav"))
        else:
            shutil.copyfile(source, folder / name)
    environment = shell.prepare(folder, package=folder)
    printed = ""
    for block in section(title):
        if block.file is not None:
            shell.save(block, folder)
        elif block.kind == "diff":
            (folder / "change.diff").write_text(block.text, encoding="utf-8")
            printed += shell.run("patch -p1 < change.diff", folder, environment, block.where)
        elif block.kind == "sh":
            printed += shell.run(block.text, folder, environment, block.where)
    return printed


def test_add_an_operator(tmp_path: Path) -> None:
    require_board("host")
    require_tool("patch")
    printed = follow("Add an operator", tmp_path)
    assert "1 passed" in printed
    assert "bit-exact" in printed


@pytest.mark.sweep
@pytest.mark.qemu
def test_add_a_board(tmp_path: Path) -> None:
    require_board("cortex-m4")
    printed = follow("Add a board", tmp_path)
    assert "100 MHz" in printed
    assert "kws on stm32f411" in printed
