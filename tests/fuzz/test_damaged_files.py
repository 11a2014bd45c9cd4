"""Damaged and hostile model files end in a graph or in one sentence: no other exception, no hang, no flood of memory.

A case that fails can be run again: python -m tests.fuzz.worker KIND NUMBER 1
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.tools import require_module

#: kind -> (cases of the short run, of the long one, cases a process)
RUNS = {"tflite": (280, 12000, 500), "onnx": (212, 7900, 500), "pt2": (8, 100, 25)}
#: a process is stopped after this many seconds a case, beside its start
SECONDS_A_CASE, SECONDS_TO_START = 2, 120


def faults(kind: str, first: int, count: int) -> list[str]:
    """What went wrong in these cases, one text each."""
    command = [sys.executable, "-m", "tests.fuzz.worker", kind, str(first), str(count)]
    limit = SECONDS_TO_START + count * SECONDS_A_CASE * (10 if kind == "pt2" else 1)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment, check=False)
        output, ended, stderr = done.stdout, done.returncode, done.stderr
    except subprocess.TimeoutExpired as error:
        output, ended, stderr = (error.stdout or b"").decode(), -1, "too slow altogether"
    found = []
    for line in output.splitlines():
        if line.startswith("{"):
            entry = json.loads(line)
            found.append(f"{kind} {entry['case']}: {entry['problem']}")
    if ended != 0:
        last = [line for line in output.splitlines() if line.startswith("started")][-1:]
        found.append(f"{kind}: the process ended with {ended} after {last}: {stderr[-1500:]}")
    refused = [int(line.split()[1]) for line in output.splitlines() if line.startswith("refused")]
    if refused and not 0 < refused[0] < count:
        found.append(f"{kind}: {refused[0]} of {count} cases were refused; the mutations are too strong or too weak")
    return found


@pytest.mark.parametrize("kind", RUNS)
def test_damaged_files(kind: str) -> None:
    _require(kind)
    assert not faults(kind, 0, RUNS[kind][0])


@pytest.mark.sweep
@pytest.mark.parametrize("kind", RUNS)
def test_many_damaged_files(kind: str) -> None:
    _require(kind)
    _, total, batch = RUNS[kind]
    found = [text for first in range(0, total, batch) for text in faults(kind, 10**6 + first, batch)]
    assert not found, "\n\n".join(found[:20])


def _require(kind: str) -> None:
    if kind == "onnx":
        require_module("onnx")
