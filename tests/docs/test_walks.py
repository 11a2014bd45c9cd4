"""The quick start and the how-tos, executed from the first line to the last."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs import shell
from tests.docs.pages import PAGES, blocks
from tests.tools import require_board, require_module, require_tool

#: what sets a machine up: this one is
SET_UP = ("make demo", "source .venv/bin/activate")


@dataclass(frozen=True)
class Walk:
    """A page; what has to be printed on the way (regular expressions), what it needs, whether it takes long."""

    page: str
    prints: tuple[str, ...] = ()
    boards: tuple[str, ...] = ("host",)
    tools: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    long: bool = True


WALKS = (
    Walk(
        "docs/quick-start.md",
        (r"bit-exact .*yes \(200 samples\)", r"bit-exact: all 4 layers", r"sine +[1-9].*\nsquare +-?\d.*\nnoise +-\d"),
        ("host", "cortex-m4"),
        ("cmake",),
        long=False,
    ),
    Walk(
        "docs/how-to/own-model.md",
        (r"(?s)refused, exit code 2", r"cumprod"),
        modules=("onnx", "tflite_runtime"),
    ),
    Walk(
        "docs/how-to/own-board.md", (r"524,288 bytes", r"98,304 bytes", r"80 MHz", r"bit-exact .*yes"), ("cortex-m4",)
    ),
    Walk("docs/how-to/low-bit.md", (r"point1", r"bit-exact .*yes"), ("host", "cortex-m4")),
    Walk("docs/how-to/train-on-device.md", (r"bit-exact .*yes",)),
    Walk(
        "docs/how-to/speech.md",
        (r"yes.wav: yes", r"stop.wav: stop", r"seven.wav: \(nothing heard\)", r"wrote out/mine"),
    ),
    Walk(
        "docs/how-to/bare-metal.md",
        (r"-mcpu=cortex-m4", r"channels last", r"as edgeq run: True", r"largest difference 0\.00"),
        ("cortex-m4",),
        ("cmake",),
    ),
    Walk(
        "docs/how-to/integrate.md",
        (r"results equal those of kws_invoke",),
        ("host", "cortex-m4"),
        ("cmake",),
    ),
)


def test_every_how_to_is_walked() -> None:
    named = {page for page in PAGES if page.startswith("docs/how-to/")} | {"docs/quick-start.md"}
    assert {walk.page for walk in WALKS} == named


@pytest.mark.parametrize(
    "walk",
    [
        pytest.param(walk, id=walk.page, marks=[pytest.mark.qemu, *([pytest.mark.sweep] if walk.long else [])])
        for walk in WALKS
    ],
)
def test_walk(walk: Walk, tmp_path: Path) -> None:
    """Files are written, commands and further python run, in the order of the page."""
    for board in walk.boards:
        require_board(board)
    for tool in walk.tools:
        require_tool(tool)
    for module in walk.modules:
        require_module(module)
    environment = shell.prepare(tmp_path)
    printed = ""
    for block in blocks(walk.page):
        if block.file is not None:
            shell.save(block, tmp_path)
        elif block.kind == "sh":
            lines = [line for line in block.text.splitlines() if line not in SET_UP]
            printed += shell.run("\n".join(lines), tmp_path, environment, block.where)
        else:
            assert block.kind != "python", f"{block.where}: is no file that the walk runs"
    for pattern in walk.prints:
        assert re.search(pattern, printed), f"{walk.page} prints no {pattern}\n{printed}"
    shutil.rmtree(tmp_path / "out")
