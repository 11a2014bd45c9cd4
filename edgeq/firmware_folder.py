"""A built folder, opened again by run, verify and profile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq.boards import Board, load_board
from edgeq.errors import EdgeqError
from edgeq.ir import serialize
from edgeq.ir.graph import Graph


@dataclass(frozen=True, eq=False)
class FirmwareFolder:
    """Path, manifest, integer graph and board of a folder that `edgeq build` wrote."""

    path: Path
    manifest: dict[str, Any]
    graph: Graph
    board: Board


def open_folder(path: Path) -> FirmwareFolder:
    """Raises EdgeqError when `path` is not a folder that edgeq built, or is incomplete."""
    manifest_path = path / "manifest.json"
    if not manifest_path.is_file():
        raise EdgeqError(f"{path}: is no firmware folder (it has no manifest.json); make one with edgeq build")
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
        board = load_board(path / "board" / f"{manifest['board']}.toml")
    except (ValueError, KeyError, TypeError) as error:
        raise EdgeqError(f"{manifest_path}: can't be read ({error}); build the folder again") from error
    if not (path / "simulation.elf").is_file():
        raise EdgeqError(f"{path}: has no simulation.elf; run make in it, or build it again")
    return FirmwareFolder(path, manifest, serialize.load(path / "reference"), board)
