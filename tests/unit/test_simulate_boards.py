"""The board loader: every board that ships is valid; every kind of mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.board import cost_classes, list_boards, load_board
from edgeq.errors import EdgeqError
from edgeq.paths import boards_dir, runtime_dir
from edgeq.simulate.sources import platform_sources


@pytest.mark.parametrize("name", list_boards())
def test_shipped_board(name: str) -> None:
    board = load_board(name)
    assert board.name == name
    assert set(board.cost.cycles) == set(cost_classes(board.arch, board.isa))
    if board.cores > 1:
        assert f"-DEQ_CORES={board.cores}" in board.toolchain.flags
    assert load_board(boards_dir() / f"{name}.toml") == board


@pytest.mark.parametrize("name", list_boards())
@pytest.mark.parametrize("simulation", [False, True])
def test_platform_sources_exist_once(name: str, simulation: bool) -> None:
    sources = platform_sources(load_board(name), simulation)
    assert len(sources) == len(set(sources))
    assert all((runtime_dir() / path).is_file() for path in sources)


def test_unknown_board_names_the_nearest() -> None:
    with pytest.raises(EdgeqError, match="cortex-m55"):
        load_board("cortexm55")
    with pytest.raises(EdgeqError, match="known: "):
        load_board("zzzzzz")
    with pytest.raises(EdgeqError, match="does not exist"):
        load_board("missing.toml")
    with pytest.raises(EdgeqError, match=r"no board '\.\./boards/host'"):
        load_board("../boards/host")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cores = 1", "cores = 0", "'cores' is 0, must be at least 1"),
        ("cores = 1", "cores = true", "'cores' is True"),
        ("cores = 1", "", "'cores' .* is missing"),
        ("cores = 1", "cores = 1\ncoers = 2", "unknown key 'coers' .did you mean 'cores'"),
        ("cores = 1", "cores = 2", "only riscv boards"),
        ('arch = "cortex_m"', 'arch = "arm"', "must be one of host, riscv, cortex_m"),
        ('name = "cortex-m4"', 'name = "other"', "must be the file's name"),
        ('"scalar"]', '"skalar"]', "'scalar' last"),
        ("origin = 0x20000000", "origin = 0x000ffff0", "overlap"),
        ("origin = 0x21000000", "origin = 0xffffff00", "32-bit"),
        ("stack_bytes = 4096", "stack_bytes = 4100", "multiple of 16"),
        ("div = 7", 'div = "7"', r"\[cost.cycles\]: key 'div'"),
        ("div = 7", "", r"key 'div' .* is missing"),
        ("div = 7", "div = 7\nsqrt = 3", "unknown key 'sqrt'"),
        ('command = ["qemu-system-arm", "-M", "mps2-an386"]', "command = []", "'command' must be empty on a host"),
        ("fpu = false", "fpu = 0", "true or false"),
        ("[cost]", "[cost", "can't be read as TOML"),
        ('load_extra_rule = "not_followed_by_memory"', 'load_extra_rule = "never"', "'load_extra_rule'"),
    ],
)
def test_mistakes_are_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = (boards_dir() / "cortex-m4.toml").read_text()
    assert old in text
    path = tmp_path / "cortex-m4.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(EdgeqError, match=message):
        load_board(path)
