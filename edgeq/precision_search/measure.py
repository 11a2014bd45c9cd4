"""A firmware made for its costs only: bytes from the ELF, instructions and estimated cycles from the simulator."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeq import pipeline, profiling
from edgeq.board import Board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware.sizes import code_sizes, read_sizes
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Graph
from edgeq.simulate.session import RunOptions, run_samples


@dataclass(frozen=True)
class LayerCount:
    """Executed instructions of all cores and estimated cycles of one layer."""

    instructions: int
    cycles: int


@dataclass(frozen=True)
class Measured:
    """`ram_bytes`: without stacks. `counts`: node -> what it took; empty on the host. `code`: source file -> function
    -> bytes."""

    flash_bytes: int
    ram_bytes: int
    counts: Mapping[str, LayerCount]
    code: Mapping[str, Mapping[str, int]]


def measured(integer: Graph, board: Board, quant: str, source: dict[str, str]) -> Measured:
    """Builds the integer graph and runs one inference. Raises TooBigError when it does not fit the board."""
    with tempfile.TemporaryDirectory(prefix="edgeq-search-") as name:
        folder = Path(name) / "firmware"
        folder.mkdir()
        pipeline.generate(integer, board, folder, EmitOptions("speed", quant, source))
        firmware = open_folder(folder)
        elf = folder / "firmware.elf"
        sizes = read_sizes(elf, board, firmware.manifest["model"])
        counts: dict[str, LayerCount] = {}
        if board.arch != "host":
            found = run_samples(firmware, profiling.default_inputs(firmware), RunOptions(count=True)).counts
            assert found is not None
            for index, layer in enumerate(firmware.manifest["layers"]):
                count = found.layers[index]
                counts[layer["node"]] = LayerCount(count.instructions, count.cycles)
        return Measured(sizes.flash, sizes.ram, counts, code_sizes(elf, folder / "build"))
