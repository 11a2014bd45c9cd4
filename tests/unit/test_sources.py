"""The ways to hand in a model other than an export: weights with --arch, and pickled modules when trusted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from edgeq.cli import main
from tests.conftest import ROOT
from tests.tools import require_board

CODE = """
import torch.nn as nn

def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(100, 2))
"""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module `mine`, as the current one."""
    (tmp_path / "mine.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def inspected(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(main, ["inspect", *arguments, "--board", "host", "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def network() -> torch.nn.Module:
    from mine import network as factory

    return factory()


@pytest.mark.usefixtures("frameworks_in_a_process")
def test_state_dict_with_arch(workplace: Path) -> None:
    torch.save(network().state_dict(), "weights.pt")
    facts = inspected("weights.pt", "--arch", "mine:network", "--input-shape", "1,3,5,5")
    assert [layer["op"] for layer in facts["layers"]] == ["conv2d", "reshape", "linear"]


def test_pickled_module_when_trusted(workplace: Path) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU()), "module.pt")
    facts = inspected("module.pt", "--trust-pickle", "--input-shape", "1,4")
    assert [layer["op"] for layer in facts["layers"]] == ["linear"]


@pytest.mark.parametrize(
    ("arch", "message"),
    [("nowhere:network", "can't be imported"), ("mine:other", "can't be imported"), ("mine", "import")],
)
def test_wrong_arch(arch: str, message: str, workplace: Path) -> None:
    torch.save(network().state_dict(), "weights.pt")
    result = CliRunner().invoke(main, ["inspect", "weights.pt", "--arch", arch, "--input-shape", "1,3,5,5"])
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("frameworks_in_a_process")
def test_weights_of_another_network(workplace: Path) -> None:
    torch.save(torch.nn.Linear(3, 3).state_dict(), "weights.pt")
    result = CliRunner().invoke(main, ["inspect", "weights.pt", "--arch", "mine:network", "--input-shape", "1,3,5,5"])
    assert result.exit_code == 2
    assert "don't fit" in result.stderr


def test_example_weights_with_arch(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_board("host")
    program = torch.export.load(ROOT / "examples" / "resnet8" / "resnet8.pt2")
    torch.save(program.state_dict, "resnet8_weights.pt")
    monkeypatch.chdir(ROOT)
    facts = inspected(
        str(workplace / "resnet8_weights.pt"), "--arch", "examples.resnet8.model:resnet8", "--input-shape", "1,3,32,32"
    )
    assert facts["macs"] == 12_501_632
