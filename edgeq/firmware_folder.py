"""A built folder, opened again by run, verify and profile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq import ops
from edgeq.board import Board, load_board
from edgeq.errors import EdgeqError
from edgeq.ir import serialize, verify
from edgeq.ir.graph import Graph


@dataclass(frozen=True, eq=False)
class FirmwareFolder:
    """Path, manifest, integer graph and board of a folder that `edgeq build` wrote."""

    path: Path
    manifest: dict[str, Any]
    graph: Graph
    board: Board

    @property
    def simulator(self) -> str:
        """What runs it (edgeq.simulate.run.SIMULATORS); without meaning on the host."""
        return str(self.manifest.get("simulator", "qemu"))


def open_folder(path: Path, compiled: bool = True) -> FirmwareFolder:
    """Raises EdgeqError when `path` is not a folder that edgeq built, or is incomplete; `compiled`: it has its ELFs."""
    manifest_path = path / "manifest.json"
    if not manifest_path.is_file():
        raise EdgeqError(f"{path}: is no firmware folder (it has no manifest.json); make one with edgeq build")
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
        board = load_board(path / "board" / f"{manifest['board']}.toml")
        graph = verify.run(serialize.load(path / "reference"), "reference")
        _check(manifest, graph)
    except EdgeqError:
        raise
    except Exception as error:  # a damaged file can fail anywhere
        raise EdgeqError(f"{path}: its manifest or reference is damaged ({error!r}); build it again") from error
    if compiled and not (path / "simulation.elf").is_file():
        raise EdgeqError(f"{path}: has no simulation.elf; run make in it, or build it again")
    return FirmwareFolder(path, manifest, graph, board)


def _check(manifest: dict[str, Any], graph: Graph) -> None:
    """Raises when the manifest doesn't describe the graph; every exception counts."""
    layers = {node.name: node for node in graph.nodes if not ops.get(node.op).is_view}
    _require(graph.inputs, "inputs")
    _require(int(manifest["arena"]["bytes"]) > 0, "arena")
    _require([layer["node"] for layer in manifest["layers"]] == list(layers), "layers")
    for layer in manifest["layers"]:
        _require(layer["output"] == layers[layer["node"]].output, layer["key"])
        _require(tuple(layer["output_shape"]) == graph.tensor(layer["output"]).shape, layer["key"])
        _require(int(layer["macs"]) >= 0, layer["key"])
        _require(layer["output_whole"] in (True, False), layer["key"])


def _require(condition: object, what: str) -> None:
    if not condition:
        raise ValueError(f"{what} and graph disagree")
