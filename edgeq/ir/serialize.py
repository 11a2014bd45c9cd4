"""A graph on disk: `graph.json` (structure) and `constants.npz` (arrays), so that a built folder can be verified
later without the model it came from. Both files are the same bytes for the same graph."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Boundary, Graph, Node, Origin, Quantization, State, Tensor, constant
from edgeq.ir.meaning import Meaning


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def save(graph: Graph, folder: Path) -> None:
    """Writes graph.json and constants.npz into `folder`."""
    tensors = {}
    arrays: dict[str, np.ndarray] = {}
    for index, (name, tensor) in enumerate(graph.tensors.items()):
        entry: dict[str, Any] = {"shape": list(tensor.shape), "dtype": tensor.dtype}
        if tensor.quantization is not None:
            q = tensor.quantization
            entry["quantization"] = {
                "scale": q.scale.tolist(),
                "zero_point": q.zero_point,
                "axis": q.axis,
                "dtype": q.dtype,
            }
        if tensor.data is not None:
            entry["constant"] = f"c{index:04d}"
            arrays[entry["constant"]] = tensor.data
        tensors[name] = entry
    document = {
        "name": graph.name,
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "states": [
            {"start": s.start, "end": s.end, "ports": _plain(s.ports), "initial": s.initial, "memory": s.memory}
            for s in graph.states
        ],
        "boundary": {
            name: {"shape": list(b.shape), "perm": list(b.perm), "unsigned": b.unsigned}
            for name, b in graph.boundary.items()
        },
        "meaning": json.loads(graph.meaning.as_json()),
        "origins": {name: {"value": o.value, "perm": list(o.perm)} for name, o in graph.origins.items()},
        "tensors": tensors,
        "nodes": [
            {
                "name": node.name,
                "op": node.op,
                "inputs": list(node.inputs),
                "outputs": list(node.outputs),
                "attributes": {key: _plain(value) for key, value in sorted(node.attributes.items())},
            }
            for node in graph.nodes
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    np.savez(folder / "constants.npz", **arrays)


def load(folder: Path) -> Graph:
    """Reads what `save` wrote. Raises EdgeqError when a file is missing or damaged."""
    try:
        document = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
        with np.load(folder / "constants.npz", allow_pickle=False) as arrays:
            tensors = {}
            for name, entry in document["tensors"].items():
                quantization = None
                if "quantization" in entry:
                    q = entry["quantization"]
                    quantization = Quantization(
                        np.array(q["scale"], np.float64), q["zero_point"], q["axis"], q["dtype"]
                    )
                if "constant" in entry:
                    tensors[name] = constant(name, arrays[entry["constant"]], quantization)
                else:
                    tensors[name] = Tensor(name, tuple(entry["shape"]), entry["dtype"], quantization)
        nodes = tuple(
            Node(
                entry["name"],
                entry["op"],
                tuple(entry["inputs"]),
                tuple(entry["outputs"]),
                MappingProxyType({key: _frozen(value) for key, value in entry["attributes"].items()}),
            )
            for entry in document["nodes"]
        )
        boundary = {
            name: Boundary(tuple(b["shape"]), tuple(b["perm"]), b["unsigned"])
            for name, b in document["boundary"].items()
        }
        origins = {name: Origin(o["value"], tuple(o["perm"])) for name, o in document["origins"].items()}
        return Graph(
            document["name"],
            tuple(document["inputs"]),
            tuple(document["outputs"]),
            nodes,
            MappingProxyType(tensors),
            MappingProxyType(boundary),
            MappingProxyType(origins),
            tuple(
                State(s["start"], s["end"], _frozen(s["ports"]), s["initial"], s["memory"]) for s in document["states"]
            ),
            Meaning.from_json(json.dumps(document["meaning"])),
        )
    except Exception as error:  # a damaged file can fail anywhere
        raise EdgeqError(
            f"{folder}: the saved reference graph can't be read ({type(error).__name__}: {error}); build it again"
        ) from error
