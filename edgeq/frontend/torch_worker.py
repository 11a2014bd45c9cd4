"""`python -m edgeq.frontend.torch_worker REQUEST.json FOLDER`: imports one torch file in a process of its own.

Writes the float graph into FOLDER (edgeq.ir.serialize) and prints nothing; a problem becomes FOLDER/error.txt and exit
code 2. The parent has checked the file (edgeq.frontend.guard) before this process sees it; its memory is limited.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeq import worker
from edgeq.errors import EdgeqError
from edgeq.frontend import memory
from edgeq.ir import serialize
from edgeq.ir.graph import Graph
from edgeq.ir.meaning import MEANING, NO_MEANING, Meaning


def read_exported(request: dict[str, Any], further: dict[str, Any] | None = None) -> Any:
    """The program of a checked export; `further`: names of further members of the file, which get their texts."""
    import torch

    importlib.import_module("edgeq.torch_operators")  # so that a program with them can be loaded
    try:
        return torch.export.load(request["path"], extra_files=further)
    except Exception as error:
        raise EdgeqError(
            f"{request['path']}: torch.export.load refuses it ({_first_line(error)}); export it again with "
            "torch.export.save and this torch version or an older one"
        ) from error


def _export_module(module: Any, request: dict[str, Any]) -> Any:
    import torch

    shape = request["input_shape"]
    if shape is None:
        raise EdgeqError(
            f"{request['path']}: a module without example inputs needs its input's shape; add --input-shape, for "
            "example --input-shape 1,3,32,32"
        )
    try:
        return torch.export.export(module.eval(), (torch.zeros(shape),))
    except Exception as error:
        raise EdgeqError(
            f"{request['path']}: torch.export can't trace the model with an input of shape {shape} "
            f"({_first_line(error)}); check --input-shape or export the model yourself"
        ) from error


def _state_dict(request: dict[str, Any]) -> Any:
    import torch

    sys.path.insert(0, str(Path.cwd()))
    module_name, _, factory_name = request["arch"].partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), factory_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise EdgeqError(
            f"--arch {request['arch']}: can't be imported ({_first_line(error)}); give package.module:factory, "
            "importable from the current folder"
        ) from error
    state = torch.load(request["path"], weights_only=True, map_location="cpu")
    for key in ("state_dict", "model_state_dict"):
        state = state.get(key, state) if isinstance(state, dict) else state
    try:
        module = factory()
    except Exception as error:
        raise EdgeqError(
            f"--arch {request['arch']}: calling it without arguments fails ({_first_line(error)}); name one that "
            "builds the network by itself"
        ) from error
    if not isinstance(module, torch.nn.Module):
        raise EdgeqError(f"--arch {request['arch']}: returns a {type(module).__name__}, not a torch.nn.Module")
    if not isinstance(state, dict):
        raise EdgeqError(f"{request['path']}: holds a {type(state).__name__}, not the weights of a network")
    try:
        module.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise EdgeqError(
            f"{request['path']}: its weights don't fit {request['arch']} ({_first_line(error)}); "
            "give the factory of the network that was trained"
        ) from error
    if request["input_shape"] is None:
        shape = getattr(module, "input_shape", None) or getattr(inspect.getmodule(factory), "INPUT_SHAPE", None)
        request = {**request, "input_shape": list(shape) if shape else None}
    return _export_module(module, request)


def _pickled(request: dict[str, Any]) -> Any:
    import torch

    sys.path.insert(0, str(Path.cwd()))
    try:
        module = torch.load(request["path"], weights_only=False, map_location="cpu")
    except Exception as error:
        raise EdgeqError(
            f"{request['path']}: can't be unpickled ({_first_line(error)}); run where its classes can be imported"
        ) from error
    if not isinstance(module, torch.nn.Module):
        raise EdgeqError(f"{request['path']}: holds a {type(module).__name__}, not a torch.nn.Module")
    return _export_module(module, request)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if text.endswith(":") and len(lines) > 1:
        text = f"{text} {lines[1]}"
    return text[:200]


def import_file(request: dict[str, Any]) -> dict[str, Graph]:
    """Program (empty: the only one) -> the float graph of a request's file."""
    if request.get("programs"):
        programs, text = read_several(request)
        return {
            name: replace(_graph(programs[name], graph_name), meaning=Meaning.from_json(text))
            for name, graph_name in request["programs"].items()
        }
    further: dict[str, Any] = {MEANING: ""}
    if request["kind"] == "exported":
        program = read_exported(request, further)
    else:
        program = {"state_dict": _state_dict, "pickled_module": _pickled}[request["kind"]](request)
    graph = _graph(program, request["name"])
    return {"": replace(graph, meaning=meaning_of(graph, _text(further[MEANING])))}


def _graph(program: Any, name: str) -> Graph:
    from edgeq.frontend import torch_program

    graph = torch_program.import_program(torch_program.simplify(program), name)
    torch_program.check_numbers(graph)
    return graph


def _text(stored: Any) -> str:
    return stored if isinstance(stored, str) else stored.decode("utf-8", "replace")


def read_several(request: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The programs of a checked export that holds several, and its record of what their outputs mean."""
    from torch.export.pt2_archive._package import load_pt2

    importlib.import_module("edgeq.torch_operators")  # so that programs with them can be loaded
    try:
        contents = load_pt2(request["path"])
        return contents.exported_programs, _text(contents.extra_files.get(MEANING, ""))
    except Exception as error:
        raise EdgeqError(
            f"{request['path']}: torch refuses it ({_first_line(error)}); save it again with "
            "edgeq.torch_operators.save_encoder_decoder and this torch version or an older one"
        ) from error


def meaning_of(graph: Graph, text: str) -> Meaning:
    """What the file says of the network's first output. Raises EdgeqError where that does not fit it."""
    if not text:
        return NO_MEANING
    meaning, output = Meaning.from_json(text), graph.outputs[0]
    classes = graph.boundary[output].shape[-1]
    if meaning.decoding == "greedy":
        raise EdgeqError(f"{MEANING}: is read greedily, which takes an encoder and a decoder's step")
    if meaning.labels and len(meaning.labels) != classes:
        raise EdgeqError(f"{MEANING}: has {len(meaning.labels)} labels, and the last axis of the output has {classes}")
    return meaning


def run(request: dict[str, Any], folder: Path) -> None:
    """Writes the graphs of a request {kind, path, name, programs, arch, input_shape}; of several programs each gets a
    folder of its own. Raises EdgeqError for a file that can't be imported."""
    try:
        for name, graph in import_file(request).items():
            serialize.save(graph, folder / name)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "allocate memory" not in str(error):
            raise
        raise memory.exceeded(request["path"]) from error


def main() -> None:
    """Handles one request."""
    memory.limit()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    worker.answer(run)


if __name__ == "__main__":
    main()
