"""What convolutions of signs with signs cost beside int8 ones of the same shape, as a Markdown table
(docs/precision.md): instructions of one layer with int8 input and output, the packing of the signs included, and of a
stack of layers whose signs stay bits between them."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeq import pipeline, profiling
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import Recipe, Rule
from edgeq.torch_operators import binarize

#: (channels, kernel) on 8x8 pixels
LAYERS = ((32, 3), (64, 3), (128, 3), (32, 1), (64, 1), (128, 1))
SIZE = 8
#: the same for stacks, which fit every board, and their convolutions
STACKS = ((32, 3), (64, 3), (32, 1), (64, 1), (128, 1))
DEPTH = 4


class Signs(nn.Module):
    """1 and -1 of a batch norm's output."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return binarize(x, self.threshold)


class Both(nn.Module):
    """The same convolutions of int8 activations and of their signs, each with a batch norm."""

    def __init__(self, channels: int, kernel: int, depth: int) -> None:
        super().__init__()

        def convolution() -> nn.Module:
            conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
            return nn.Sequential(conv, nn.BatchNorm2d(channels))

        between = [module for _ in range(depth - 1) for module in (convolution(), nn.ReLU())]
        self.whole = nn.Sequential(*between, convolution())
        self.signs = nn.Sequential(*(nn.Sequential(Signs(channels), convolution()) for _ in range(depth)))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.whole(x), self.signs(x)


def instructions(board: str, channels: int, kernel: int, depth: int) -> tuple[int, int]:
    """Of the int8 layers, and of the packing of the signs and the layers that count their bits."""
    torch.manual_seed(0)
    example = torch.zeros(1, channels, SIZE, SIZE)
    recipe = Recipe(rules=(Rule("signs*", None, {"precision": "binary"}),))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pt2"
        torch.export.save(torch.export.export(Both(channels, kernel, depth).eval(), (example,)), path)
        graph = pipeline.import_model(ModelSource(path))
        x = np.random.default_rng(0).standard_normal((8, SIZE, SIZE, channels)).astype(np.float32)
        integer = pipeline.quantize(graph, Samples({graph.inputs[0]: x}, None), recipe)
        firmware = Path(folder) / "firmware"
        options = EmitOptions("speed", recipe.name, {"file": path.name, "sha256": ""})
        program, _ = pipeline.generate(integer, load_board(board), firmware, options)
        inputs = quantize_inputs(integer, Samples({graph.inputs[0]: x[:1]}, None))
        counted = profiling.run(open_folder(firmware), inputs).counts.layers
    totals = {False: 0, True: 0}
    for layer in program.layers:
        totals[layer.node.name.startswith("signs")] += counted[layer.index].instructions
    return totals[False], totals[True]


def row(boards: list[str], channels: int, kernel: int, depth: int) -> str:
    """A row of the table."""
    cells = []
    for board in boards:
        whole, signs = instructions(board, channels, kernel, depth)
        cells += [f"{whole:,}", f"{signs:,}", f"{whole / signs:.2f}"]
    what = f"{depth} of {kernel}x{kernel}" if depth > 1 else f"{kernel}x{kernel}"
    return f"| {what}, {channels} channels | {' | '.join(cells)} |"


def main() -> None:
    """Prints a row per layer or stack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("boards", nargs="*", default=["riscv-8core", "cortex-m4", "cortex-m55"])
    boards = parser.parse_args().boards
    print("| layers | " + " | ".join(f"{board} int8 | signs | times" for board in boards) + " |")
    print("|---|" + "---:|---:|---:|" * len(boards))
    for depth, layers in ((1, LAYERS), (DEPTH, STACKS)):
        for channels, kernel in layers:
            print(row(boards, channels, kernel, depth), flush=True)


if __name__ == "__main__":
    main()
