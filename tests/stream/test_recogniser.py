"""The speech recogniser that ships, from files in the repository: a simulated board reads recordings right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgeq.cli import main
from tests.tools import require_board

ASR = Path("examples/asr")


@pytest.mark.qemu
def test_it_reads_the_demo(tmp_path: Path) -> None:
    require_board("cortex-m55")
    out = str(tmp_path / "out")
    words = ["build", str(ASR / "asr.pt2"), "--board", "cortex-m55", "--stream", "--calib", str(ASR / "demo_calib.npz")]
    built = CliRunner().invoke(main, [*words, "--simulate-samples", "1", "--json", "-o", out])
    assert built.exit_code == 0, built.output
    report = json.loads(built.stdout)
    assert report["verify"]["bit_exact"] is True
    assert report["stream"]["est_real_time_factor"] < 0.1
    heard = CliRunner().invoke(main, ["run", out, "--inputs", str(ASR / "demo"), "--json"])
    assert heard.exit_code == 0, heard.output
    for row in json.loads(heard.stdout)["recordings"]:
        assert row["equals_reference"]
        assert row["text"].lower().split() == Path(row["file"]).stem.split("_")
