"""edgeq boards new: the file that it writes is one that the loader takes, and bad answers end in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgeq.board import list_boards, load_board
from edgeq.cli import main

PART = ("--name", "mine", "--from", "cortex-m4", "--flash", "512KB", "--ram", "96KB", "--clock", "80MHz")


def new(folder: Path, *options: str, answers: str | None = None) -> Result:
    where = () if answers is not None else ("--folder", str(folder))
    return CliRunner().invoke(main, ["boards", "new", *options, *where], input=answers)


def test_a_part_from_options(tmp_path: Path) -> None:
    result = new(tmp_path, *PART, "--flash-origin", "0x08000000", "--stack", "2048")
    assert result.exit_code == 0, result.output
    base, board = load_board("cortex-m4"), load_board(tmp_path / "mine.toml")
    assert (board.memory["flash"].origin, board.memory["flash"].length) == (0x08000000, 512 * 1024)
    assert board.memory["flash"].simulated == base.memory["flash"].simulated
    assert (board.memory["ram"].origin, board.memory["ram"].length) == (base.memory["ram"].origin, 96 * 1024)
    assert (board.clock_hz, board.stack_bytes) == (80_000_000, 2048)
    assert (board.isa, board.toolchain, board.simulator) == (base.isa, base.toolchain, base.simulator)
    assert board.cost == base.cost


def test_a_part_from_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = new(tmp_path, answers="mine\nriscv-rv32imc\n64KB\n\n\n\n20MHz\n\n\n")
    assert result.exit_code == 0, result.output
    base, board = load_board("riscv-rv32imc"), load_board(tmp_path / "mine.toml")
    assert board.memory["flash"].length == 64 * 1024
    assert board.memory["ram"] == base.memory["ram"]
    assert (board.clock_hz, board.stack_bytes) == (20_000_000, base.stack_bytes)


@pytest.mark.parametrize("base", [name for name in list_boards() if name != "host"])
def test_every_board_can_be_started_from(base: str, tmp_path: Path) -> None:
    result = new(tmp_path, "--name", "twin", "--from", base, "--ram-origin", "0x30000000")
    assert result.exit_code == 0, result.output
    board = load_board(tmp_path / "twin.toml")
    assert board.memory["ram"].origin == 0x30000000
    assert board.memory["ram"].simulated == load_board(base).memory["ram"].simulated


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--name", "mine"), "--from is missing"),
        (("--from", "cortex-m4"), "--name is missing"),
        ((*PART, "--name", "../mine"), "must be letters"),
        ((*PART, "--name", "cortex-m3"), "has a board of that name"),
        ((*PART, "--from", "cortex-m9"), "There is no board 'cortex-m9'"),
        ((*PART, "--from", "host"), "no memories of its own"),
        ((*PART, "--flash", "much"), "--flash much: must be bytes"),
        ((*PART, "--clock", "80MB"), "--clock 80MB: must be Hz"),
        ((*PART, "--clock", "0"), "'clock_hz' is 0, must be at least 1"),
        ((*PART, "--ram", "1GB"), "--ram 1GB"),
        ((*PART, "--flash", "1024MB"), "overlap"),
        ((*PART, "--stack", "1000"), "multiple of 16"),
        ((*PART, "--description", 'a "part"'), "--description"),
    ],
)
def test_bad_options_are_one_sentence(options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = new(tmp_path, *options)
    assert result.exit_code == 2
    assert message in result.output
    assert not list(tmp_path.iterdir())


def test_questions_without_answers(tmp_path: Path) -> None:
    result = new(tmp_path, answers="mine\n")
    assert result.exit_code == 2
    assert "were not answered" in result.output


def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    assert new(tmp_path, *PART).exit_code == 0
    text = (tmp_path / "mine.toml").read_text()
    result = new(tmp_path, *PART, "--clock", "1MHz")
    assert result.exit_code == 2
    assert "exists already" in result.output
    assert (tmp_path / "mine.toml").read_text() == text


def test_the_list_and_one_board_are_shown_as_before() -> None:
    assert "cortex-m4" in CliRunner().invoke(main, ["boards"]).output
    assert "kernels: dsp, scalar" in CliRunner().invoke(main, ["boards", "cortex-m4"]).output
    assert '"name": "host"' in CliRunner().invoke(main, ["boards", "host", "--json"]).output
