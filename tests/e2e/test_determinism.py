"""Two builds from different folders, with different hash seeds, are the same to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES
from tests.tools import require_board

#: made by the compiler or measured, not generated
NOT_SOURCES = {"build"}


MODELS = {"speed": ("kws/kws.pt2", "kws/demo_calib.npz"), "ram": ("resnet8/resnet8.pt2", "resnet8/demo.npz")}


def build(folder: Path, seed: str, cwd: Path, optimize: str) -> dict[str, bytes]:
    """Everything in the folder that the build made, by relative path."""
    model, calibration = MODELS[optimize]
    command = [
        sys.executable, "-m", "edgeq", "build", str(EXAMPLES / model), "--board", "cortex-m4", "--no-simulate",
        "--calib", str(EXAMPLES / calibration), "--optimize", optimize, "-o", str(folder),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if path.relative_to(folder).parts[0] not in NOT_SOURCES
    }


@pytest.mark.qemu
@pytest.mark.parametrize("optimize", sorted(MODELS))
def test_two_builds_are_the_same(optimize: str, tmp_path: Path) -> None:
    require_board("cortex-m4")
    (tmp_path / "elsewhere").mkdir()
    first = build(tmp_path / "first", "0", tmp_path, optimize)
    second = build(tmp_path / "deep" / "second", "4711", tmp_path / "elsewhere", optimize)
    assert list(first) == list(second)
    calibration = {"report.json", "report.html"}  # these name the calibration file as given: the same here
    assert calibration <= set(first)
    for name, content in first.items():
        assert content == second[name], f"{name} differs"
    text = b"".join(
        content for name, content in first.items() if name.endswith((".c", ".h", ".json", "Makefile", ".ld"))
    )
    assert str(tmp_path).encode() not in text
