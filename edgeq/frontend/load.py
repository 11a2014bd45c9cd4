"""The one way in: a model file becomes a float graph."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq import worker
from edgeq.errors import EdgeqError
from edgeq.frontend import guard
from edgeq.frontend.encoder_decoder import EncoderDecoder, linked
from edgeq.frontend.states import declare
from edgeq.frontend.tflite import program as tflite_program
from edgeq.ir import serialize
from edgeq.ir.graph import Graph
from edgeq.ir.meaning import ENCODER, STEP

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


def holds_encoder_and_step(source: ModelSource) -> bool:
    """Whether the file of a checked source holds an encoder and a decoder's step, which `load_encoder_decoder` takes,
    and no network that stands by itself."""
    return check(source) == guard.KIND_EXPORTED and guard.has_encoder_and_step(source.path)


def load(source: ModelSource) -> Graph:
    """The float graph of a model file. Raises EdgeqError with one sentence for anything that can't be imported."""
    if holds_encoder_and_step(source):
        raise EdgeqError(
            f"{source.path}: holds an encoder and a decoder's step, which edgeq build and edgeq run take; for this "
            "command save the network that you mean by itself (edgeq.torch_operators.save)"
        )
    return declare(_imported(source, {"": ""})[""], source.states)


def load_encoder_decoder(source: ModelSource) -> EncoderDecoder:
    """The float graphs of a file that holds two programs. Raises EdgeqError as `load`."""
    if source.states:
        raise EdgeqError(f"--state {source.states[0]}: the caches of a decoder are its states already; leave it out")
    stem = source.path.stem
    graphs = _imported(source, {ENCODER: f"{stem}_{ENCODER}", STEP: stem})
    return linked(graphs[ENCODER], graphs[STEP], str(source.path))


def _imported(source: ModelSource, names: Mapping[str, str]) -> dict[str, Graph]:
    """Program -> its graph; `names`: program -> name of its graph, both empty where the file holds one."""
    kind = check(source)
    if kind == guard.KIND_TFLITE:
        return {"": tflite_program.load(source.path)}
    with tempfile.TemporaryDirectory(prefix="edgeq-") as folder:
        work = Path(folder)
        path = source.path
        if kind == guard.KIND_EXPORTED:
            path = guard.without_sample_inputs(path, work / "model.pt2")
        request = {
            "kind": kind,
            "path": str(path.resolve()),
            "name": source.path.stem,
            "programs": {} if "" in names else dict(names),
            "arch": source.arch,
            "input_shape": list(source.input_shape) if source.input_shape else None,
        }
        _ask(source, kind, request, work)
        return {name: serialize.load(work / name) for name in names}


def _ask(source: ModelSource, kind: str, request: Mapping[str, Any], work: Path) -> None:
    """Has the graphs of a file written into a folder by a process of its own, whose death harms nothing here."""
    try:
        # threads' buffers of OpenBLAS count as memory
        worker.ask(WORKERS[kind], request, work, TIMEOUT_S, {"OPENBLAS_NUM_THREADS": "1"})
    except EdgeqError as error:
        raise EdgeqError(str(error).replace(str(request["path"]), str(source.path))) from error
    except subprocess.TimeoutExpired as error:
        raise EdgeqError(f"{source.path}: importing it took over {TIMEOUT_S} s; try a smaller model") from error
    except worker.StoppedError as error:
        if any("No module named 'torch'" in line for line in error.lines):
            raise EdgeqError("PyTorch is not installed, and .pt2 files need it; run: pip install torch") from error
        raise EdgeqError(
            f"{source.path}: the import stopped unexpectedly ({error}); please report it with the model"
        ) from error
