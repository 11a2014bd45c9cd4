"""The speech recogniser that ships, from files in the repository: a simulated board reads recordings right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq.audio import wav
from edgeq.cli import main
from tests.tools import require_board

ASR = Path("examples/asr")


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of its build."""
    require_board("cortex-m55")
    out = str(tmp_path_factory.mktemp("recogniser") / "out")
    words = ["build", str(ASR / "asr.pt2"), "--board", "cortex-m55", "--stream", "--calib", str(ASR / "demo_calib.npz")]
    built = CliRunner().invoke(main, [*words, "--simulate-samples", "1", "--json", "-o", out])
    assert built.exit_code == 0, built.output
    report = json.loads(built.stdout)
    assert report["verify"]["bit_exact"] is True
    assert report["stream"]["est_real_time_factor"] < 0.1
    return out


def texts(folder: str, inputs: Path, *options: str) -> dict[str, str]:
    """Name of a recording -> what is heard in it."""
    heard = CliRunner().invoke(main, ["run", folder, "--inputs", str(inputs), *options, "--json"])
    assert heard.exit_code == 0, heard.output
    rows = json.loads(heard.stdout)["recordings"]
    assert all(row["equals_reference"] for row in rows)
    return {Path(row["file"]).stem: row["text"].lower() for row in rows}


@pytest.mark.qemu
def test_it_reads_the_demo(recogniser: str) -> None:
    for silence in ("0", "4"):
        heard = texts(recogniser, ASR / "demo", "--silence", silence)
        assert len(heard) == 2
        assert all(text.split() == name.split("_") for name, text in heard.items())


@pytest.mark.qemu
def test_it_writes_nothing_where_nobody_speaks(recogniser: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for loudness in (0, 10, 100, 1000):
        noise = np.rint(rng.normal(0, loudness, 4 * 16000)).astype(np.int16)
        wav.write(tmp_path / f"noise{loudness}.wav", noise, 16000)
    heard = texts(recogniser, tmp_path)
    assert len(heard) == 4
    assert set(heard.values()) == {""}
