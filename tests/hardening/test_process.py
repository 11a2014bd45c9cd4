"""Builds among other processes: stopped at any moment they leave nothing, two at once don't meet, a home that can't be
written and names with spaces and letters of other alphabets are no obstacle."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeq.board import load_board
from tests.e2e.test_tflite import network
from tests.tools import require_board, require_module

MOMENTS, MANY_MOMENTS = 2, 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quantized file, which is imported without torch, in a folder with an awkward name."""
    require_module("flatbuffers")
    folder = tmp_path_factory.mktemp("mödel, 网络 of mine")
    path = folder / "netz ä.tflite"
    path.write_bytes(network("int8"))
    return path


def command(model: Path, board: str | Path, folder: Path) -> list[str]:
    options = ["--simulate-samples", "2", "-o", str(folder), "--json"]
    return [sys.executable, "-m", "edgeq", "build", str(model), "--board", str(board), *options]


def started(model: Path, board: str | Path, folder: Path, **environment: str) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command(model, board, folder), env={**os.environ, **environment}, text=True, **pipes)


def processes_of(folder: Path) -> Iterator[str]:
    """Command lines of processes that name a folder or work in it."""
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            try:
                line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if line and (str(folder) in line or os.readlink(place / "cwd").startswith(str(folder))):
                    yield line
            except OSError:  # ended meanwhile
                continue


def check_stops(model: Path, folder: Path, moments: int, seed: int) -> None:
    """Kills builds at random moments of what a whole one takes."""
    begun = time.monotonic()
    whole = started(model, "cortex-m4", folder / "whole")
    _, errors = whole.communicate(timeout=600)
    assert whole.returncode == 0, errors
    whole_s = time.monotonic() - begun
    rng = random.Random(seed)
    for moment in range(moments):
        target, number = folder / f"stopped{moment}", rng.choice((signal.SIGINT, signal.SIGTERM))
        process = started(model, "cortex-m4", target)
        time.sleep(rng.uniform(0.3, 1.0) * whole_s)
        process.send_signal(number)
        process.communicate(timeout=120)
        code = process.returncode
        assert code in (0, 128 + number, 1, -number), code  # the last two: before edgeq listens
        for _ in range(50):  # what was killed takes a moment to go
            if not list(processes_of(folder)):
                break
            time.sleep(0.1)
        assert not list(processes_of(folder))
        assert target.exists() == (code == 0)
        assert not [item.name for item in folder.iterdir() if item.name.startswith(".")]


@pytest.mark.qemu
def test_a_build_that_is_stopped_leaves_nothing(model: Path, tmp_path: Path) -> None:
    require_board("cortex-m4")
    check_stops(model, tmp_path, MOMENTS, 0)


@pytest.mark.sweep
@pytest.mark.qemu
def test_many_moments(model: Path, tmp_path: Path) -> None:
    require_board("cortex-m4")
    check_stops(model, tmp_path, MANY_MOMENTS, 1)


@pytest.mark.qemu
@pytest.mark.parametrize("home", ["writable", "read-only"])
def test_awkward_names_and_two_at_once(model: Path, home: str, tmp_path: Path) -> None:
    """Two begin with an empty cache, where the counting plugin is put first; one with no place for a cache."""
    require_board("cortex-m4")
    boards = tmp_path / "brett ö"
    boards.mkdir()
    board = boards / "cortex-m4.toml"
    board.write_bytes(load_board("cortex-m4").path.read_bytes())
    cache = tmp_path / "cache of, mine" if home == "writable" else Path("/dev/null/none")
    environment = {"XDG_CACHE_HOME": str(cache), "HOME": str(cache)}
    folders = [tmp_path / f"aus gabe ü{number}" / "o" for number in range(2 if home == "writable" else 1)]
    processes = [started(model, board, folder, **environment) for folder in folders]
    reports = []
    for process in processes:
        output, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
        reports.append(json.loads(output))
    assert reports[0] == reports[-1]
    assert reports[0]["verify"]["bit_exact"] is True
    assert reports[0]["cost"]["instructions"] > 0
    for name in ("firmware.elf", "manifest.json"):
        contents = [(folder / name).read_bytes() for folder in folders]
        assert contents[0] == contents[-1]
    shape = json.loads((folders[0] / "manifest.json").read_text(encoding="utf-8"))["inputs"][0]["shape"]
    np.savez(tmp_path / "ein gäbe.npz", x=np.zeros((1, *shape[1:]), np.int8))
    run = [sys.executable, "-m", "edgeq", "run", str(folders[0]), "--inputs", str(tmp_path / "ein gäbe.npz"), "--json"]
    result = subprocess.run(run, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
