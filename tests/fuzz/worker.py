"""`python -m tests.fuzz.worker KIND FIRST COUNT`: imports COUNT damaged files and lowers what is left of them.

Every case is a number: the same number is the same file. Prints a line of JSON for each case that ends in anything
but a result or an EdgeqError, "started N" before each, so that a case that ends the process is known, and "refused N"
at the end. A case may take SECONDS and the process MEMORY bytes.
"""

from __future__ import annotations

import io
import json
import resource
import signal
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgeq import ops, pipeline
from edgeq.board import load_board
from edgeq.errors import EdgeqError
from edgeq.frontend import guard
from edgeq.ir.graph import Graph
from edgeq.passes import canonicalize
from edgeq.quantize.convert import to_integer
from tests.fuzz import mutations

SECONDS, MEMORY = 10, 2 << 30
BOARDS = ("host", "cortex-m4", "cortex-m55", "riscv-8core")


class TooSlowError(BaseException):
    """The alarm; no `except Exception` may swallow it."""


def _alarm(signum: int, frame: Any) -> None:
    raise TooSlowError


def tflite_cases() -> tuple[Callable[[np.random.Generator], bytes], Callable[[Path], Graph]]:
    from edgeq.frontend.tflite import program
    from tests.fuzz.seeds import tflite_networks
    from tests.tflite import writer

    networks = tflite_networks()
    files = [network.bytes() for network in networks]

    def make(rng: np.random.Generator) -> bytes:
        index, other = rng.integers(len(files), size=2)
        if rng.integers(3):
            try:
                return _changed_network(networks[index], rng, writer)
            except Exception:  # a value that a flatbuffer can't hold
                pass
        return mutations.damaged(files[index], files[other], rng)

    return make, program.load


def _changed_network(network: Any, rng: np.random.Generator, writer: Any) -> bytes:
    tree = {key: getattr(network, key) for key in ("tensors", "buffers", "operators", "codes", "inputs", "outputs")}
    for _ in range(int(rng.integers(1, 4))):
        part = str(rng.choice(("tensors", "operators")))
        if rng.integers(5) and tree[part]:
            at = int(rng.integers(len(tree[part])))
            entry = dict(tree[part][at])
            inner = [key for key in ("shape", "quantization", "options", "type") if key in entry] or ["inputs"]
            key = str(rng.choice(inner))
            entry[key] = mutations.changed_tree(entry.get(key, []), rng)
            tree[part] = [*tree[part][:at], entry, *tree[part][at + 1 :]]
        else:
            tree = mutations.changed_tree(tree, rng)
    return bytes(writer.Network(**tree).bytes())


def onnx_cases() -> tuple[Callable[[np.random.Generator], bytes], Callable[[Path], Graph]]:
    from onnx import ModelProto

    from edgeq.frontend.onnx import program
    from tests.fuzz.seeds import onnx_files

    files = onnx_files()

    def make(rng: np.random.Generator) -> bytes:
        index, other = rng.integers(len(files), size=2)
        if rng.integers(4) == 0:
            return mutations.damaged(files[index], files[other], rng)
        model = ModelProto.FromString(files[index])
        for _ in range(int(rng.integers(1, 4))):
            graph = model.graph
            inner = [*(item for node in graph.node for item in node.attribute), *graph.initializer]
            inner += [item.type for item in graph.input]
            whole = [graph, model, *graph.node]
            targets = inner if inner and rng.integers(5) else whole
            mutations.change_message(targets[int(rng.integers(len(targets)))], rng)
        return bytes(model.SerializeToString())

    return make, lambda path: program.load(path, "model")


def pt2_cases() -> tuple[Callable[[np.random.Generator], bytes], Callable[[Path], Graph]]:
    from edgeq.frontend import torch_worker
    from tests.fuzz.seeds import pt2_files

    files = pt2_files()

    def make(rng: np.random.Generator) -> bytes:
        data = files[int(rng.integers(len(files)))]
        if rng.integers(4) == 0:
            return mutations.damaged(data, data, rng)
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as copy:
            for name in source.namelist():
                content = source.read(name)
                if "/models/" in name and name.endswith(".json"):
                    content = json.dumps(mutations.changed_tree(json.loads(content), rng)).encode()
                copy.writestr(name, content)
        return target.getvalue()

    def load(path: Path) -> Graph:
        clean = guard.without_sample_inputs(path, path.with_suffix(".clean.pt2"))
        return torch_worker.import_file({"kind": "exported", "path": str(clean), "name": "model"})[""]

    return make, load


KINDS = {"tflite": tflite_cases, "onnx": onnx_cases, "pt2": pt2_cases}


def check(path: Path, load: Callable[[Path], Graph], number: int) -> str:
    """Imports the file and lowers it as `edgeq inspect` does; the refusal, if any. Raises only what is a fault."""
    try:
        guard.kind_of(path)
        graph = canonicalize(load(path))
        names = [name for name, tensor in graph.tensors.items() if not tensor.is_constant]
        names += [f"{node.name}.{value}" for node in graph.nodes for value in ops.get(node.op).inner]
        ranges = dict.fromkeys(names, (-1.0, 1.0))
        pipeline.arrange(to_integer(graph, ranges), load_board(BOARDS[number % len(BOARDS)]))
    except EdgeqError as error:
        return str(error)
    return ""


def main() -> None:
    """Runs the cases."""
    kind, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    make, load = KINDS[kind]()
    if kind != "pt2":  # torch alone maps more
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _alarm)
    refused = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"case.{kind}"
        for number in range(first, first + count):
            print(f"started {number}", flush=True)
            path.write_bytes(make(np.random.default_rng(number)))
            signal.alarm(SECONDS if kind != "pt2" else 6 * SECONDS)
            try:
                refused += bool(check(path, load, number))
            except (Exception, TooSlowError):
                print(json.dumps({"case": number, "problem": traceback.format_exc()[-1500:]}), flush=True)
            finally:
                signal.alarm(0)
    print(f"refused {refused}", flush=True)


if __name__ == "__main__":
    main()
