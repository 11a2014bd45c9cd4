"""Builds under a budget: the ELF keeps to it, the firmware stays exact, and the folder says what was chosen and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edgeq.cli import main
from tests.conftest import EXAMPLES
from tests.tools import require_board

RESNET8 = EXAMPLES / "resnet8"


def build(folder: Path, board: str, *arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(
        main,
        ["build", str(RESNET8 / "resnet8.pt2"), "--board", board, "--calib", str(RESNET8 / "demo.npz"),
         "--simulate-samples", "2", "-o", str(folder), "--json", *arguments],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    assert report["verify"]["bit_exact"] is True
    return report


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    require_board("riscv-rv32imc")
    return build(tmp_path_factory.mktemp("plain") / "out", "riscv-rv32imc")


def test_without_a_budget_nothing_is_chosen(plain: dict[str, Any]) -> None:
    assert plain["budget"] is None
    assert not any("winograd" in layer["kernel"] for layer in plain["layers"])


@pytest.mark.qemu
def test_room_for_winograd(plain: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    report = build(folder, "riscv-rv32imc", "--budget", "flash=320KB", "--budget", "ram=60KB")
    assert report["memory"]["flash_bytes"] <= 320_000
    assert report["cost"]["instructions"] < 0.7 * plain["cost"]["instructions"]
    chosen = report["budget"]["chosen"]
    assert {"winograd4x4", "winograd2x2"} <= {item["kernel"].split("_")[3] for item in chosen}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    source = (folder / "resnet8.c").read_text(encoding="utf-8")
    for item in chosen:
        assert item["why"] in readme
        assert item["why"] in source
        assert "instructions fewer for" in item["why"]
    assert not list(folder.glob("trial*"))


@pytest.mark.qemu
def test_less_than_the_first_choice_needs(plain: dict[str, Any], tmp_path: Path) -> None:
    report = build(tmp_path / "out", "riscv-rv32imc", "--budget", "flash=110KB")
    assert report["memory"]["flash_bytes"] <= 110_000 < plain["memory"]["flash_bytes"]
    assert any(layer["kernel"].endswith("_scalar") for layer in report["layers"] if layer["op"] == "conv2d")


@pytest.mark.qemu
def test_cortex_m4(tmp_path: Path) -> None:
    require_board("cortex-m4")
    report = build(tmp_path / "out", "cortex-m4", "--budget", "flash=230KB")
    assert report["memory"]["flash_bytes"] <= 230_000
    assert sum("winograd2x2" in layer["kernel"] for layer in report["layers"]) == 5


@pytest.mark.qemu
def test_size_is_the_smallest(plain: dict[str, Any], tmp_path: Path) -> None:
    report = build(tmp_path / "out", "riscv-rv32imc", "--optimize", "size")
    assert report["memory"]["weights_bytes"] < 0.5 * plain["memory"]["weights_bytes"]


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ("flash=40KB", "flash is limited to 40000 bytes and the smallest firmware found needs"),
        ("ram=10KB", "RAM without stacks is limited to 10000 bytes and the smallest firmware found needs"),
        ("flash=lots", "'lots' is no size"),
    ],
)
def test_budgets_that_cannot_be_met(budget: str, words: str, tmp_path: Path) -> None:
    require_board("cortex-m4")
    folder = tmp_path / "made" / "out"
    result = CliRunner().invoke(
        main,
        ["build", str(RESNET8 / "resnet8.pt2"), "--board", "cortex-m4", "--calib", "random", "--no-simulate",
         "--budget", budget, "-o", str(folder)],
    )  # fmt: skip
    assert result.exit_code == 2
    (message,) = [line for line in result.stderr.splitlines() if line.startswith("edgeq: ")]
    assert words in message
    assert not folder.parent.exists() or not list(folder.parent.iterdir())
