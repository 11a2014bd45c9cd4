"""The shipped keyword spotter, from files in the repository, and what its training script says to wrong data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq.audio import wav
from edgeq.cli import main
from tests.tools import require_board

KWS = Path("examples/kws")


@pytest.mark.parametrize("board", ["host", pytest.param("cortex-m55", marks=pytest.mark.qemu)])
def test_it_hears_the_demo(board: str, tmp_path: Path) -> None:
    require_board(board)
    out = str(tmp_path / "out")
    words = ["build", str(KWS / "spotter.pt2"), "--board", board, "--stream", "-o", out]
    built = CliRunner().invoke(main, [*words, "--eval", str(KWS / "demo"), "--simulate-samples", "1", "--json"])
    assert built.exit_code == 0, built.output
    report = json.loads(built.stdout)
    assert report["verify"]["bit_exact"] is True
    assert report["accuracy"]["quantized_reference"] == 1.0
    heard = CliRunner().invoke(main, ["run", out, "--inputs", str(KWS / "demo"), "--json"])
    assert heard.exit_code == 0, heard.output
    rows = json.loads(heard.stdout)["recordings"]
    assert {Path(row["file"]).stem: row["text"] for row in rows} == {"yes": "yes", "stop": "stop", "seven": ""}


def test_training_says_what_is_wrong(tmp_path: Path) -> None:
    for word, rate in (("yes", 16000), ("no", 8000)):
        (tmp_path / word).mkdir()
        for number in range(10):
            wav.write(tmp_path / word / f"{number}.wav", np.arange(rate) % 999, rate)
    (tmp_path / "few").mkdir()
    wav.write(tmp_path / "few" / "0.wav", np.arange(99), 16000)
    cases = {
        "yes,no": "no/0.wav: has 8000 samples a second, the model takes 16000",
        "yes,foo": "has 0 clips of the word 'foo', and 10 are the fewest; it has clips of ",
        "yes,few": "has 1 clips of the word 'few'",
        "foo": "no recordings of words at",
        "yes,yes": "--words yes,yes: give different words",
    }
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import train\n"
        "data, *every = sys.argv[1:]\n"
        "for words in every:\n"
        "    sys.argv = ['train.py', '--data', data, '--words', words]\n"
        "    print(train.main())\n"
    )
    command = [sys.executable, "-c", script, str(KWS), str(tmp_path), *cases]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["2"] * len(cases)
    lines = result.stderr.splitlines()
    assert len(lines) == len(cases)
    for line, words in zip(lines, cases.values(), strict=True):
        assert words in line
