"""The one way in: a model file becomes a float graph."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edgeq.errors import EdgeqError
from edgeq.frontend import guard
from edgeq.frontend.states import declare
from edgeq.frontend.tflite import program as tflite_program
from edgeq.ir import serialize
from edgeq.ir.graph import Graph

#: generous for an import of torch and a network of a few megabytes on a slow machine
TIMEOUT_S = 600
#: kind of file -> the module that imports it in a process of its own
WORKERS = {
    guard.KIND_EXPORTED: "edgeq.frontend.torch_worker",
    guard.KIND_STATE_DICT: "edgeq.frontend.torch_worker",
    guard.KIND_PICKLED_MODULE: "edgeq.frontend.torch_worker",
    guard.KIND_ONNX: "edgeq.frontend.onnx.worker",
}


@dataclass(frozen=True)
class ModelSource:
    """A model file and what the user says about it; `states` as INPUT=OUTPUT."""

    path: Path
    arch: str | None = None
    trust_pickle: bool = False
    input_shape: tuple[int, ...] | None = None
    states: tuple[str, ...] = ()


def check(source: ModelSource) -> str:
    """Kind of the file (guard.KIND_...), told without loading it. Raises EdgeqError for what can't be imported."""
    kind = guard.kind_of(source.path)
    if kind == guard.KIND_STATE_DICT and source.arch is None:
        raise EdgeqError(
            f"{source.path}: holds weights without a network (a state_dict); name the function that builds it: "
            "--arch package.module:factory"
        )
    if kind == guard.KIND_PICKLED_MODULE and not source.trust_pickle:
        raise EdgeqError(
            f"{source.path}: is a pickled module, and unpickling runs code; if you trust it add --trust-pickle and "
            "--input-shape, or save it with torch.export.save"
        )
    if kind == guard.KIND_PICKLED_MODULE and source.input_shape is None:
        raise EdgeqError(
            f"{source.path}: a module without example inputs needs its input's shape; add --input-shape, for example "
            "--input-shape 1,3,32,32"
        )
    return kind


def load(source: ModelSource) -> Graph:
    """The float graph of a model file. Raises EdgeqError with one sentence for anything that can't be imported."""
    return declare(_imported(source), source.states)


def _imported(source: ModelSource) -> Graph:
    kind = check(source)
    if kind == guard.KIND_TFLITE:
        return tflite_program.load(source.path)
    with tempfile.TemporaryDirectory(prefix="edgeq-") as folder:
        work = Path(folder)
        path = source.path
        if kind == guard.KIND_EXPORTED:
            path = guard.without_sample_inputs(path, work / "model.pt2")
        request = {
            "kind": kind,
            "path": str(path.resolve()),
            "name": source.path.stem,
            "arch": source.arch,
            "input_shape": list(source.input_shape) if source.input_shape else None,
        }
        (work / "request.json").write_text(json.dumps(request), encoding="utf-8")
        return _run_worker(source, work, str(path.resolve()), WORKERS[kind])


def _run_worker(source: ModelSource, work: Path, shown_path: str, worker: str) -> Graph:
    command = [sys.executable, "-m", worker, str(work / "request.json"), str(work)]
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # its threads' buffers count as memory
        )
    except subprocess.TimeoutExpired as error:
        raise EdgeqError(f"{source.path}: importing it took over {TIMEOUT_S} s; try a smaller model") from error
    if result.returncode == 0:
        return serialize.load(work)
    message = work / "error.txt"
    if message.exists():
        raise EdgeqError(message.read_text(encoding="utf-8").replace(shown_path, str(source.path)))
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    if any("No module named 'torch'" in line for line in lines):
        raise EdgeqError("PyTorch is not installed, and .pt2 files need it; run: pip install torch")
    raise EdgeqError(
        f"{source.path}: the import stopped unexpectedly ({lines[-1] if lines else f'exit {result.returncode}'}); "
        "please report it with the model"
    )
