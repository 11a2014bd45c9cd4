"""What a convolution of signs with signs costs beside the int8 one of the same shape, as a Markdown table
(docs/precision.md): instructions, the packing of the signs included."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeq import pipeline, profile
from edgeq.boards import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import Recipe, Rule
from edgeq.torch_operators import binarize

#: (channels, kernel) on 8x8 pixels
LAYERS = ((32, 3), (64, 3), (64, 1), (128, 1))
SIZE = 8


class Both(nn.Module):
    """The same convolution of int8 activations and of their signs."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(channels))
        self.first = nn.Conv2d(channels, channels, 1)
        self.whole = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
        self.signs = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        return self.whole(y) + self.signs(binarize(y, self.threshold))


def instructions(board: str, channels: int, kernel: int) -> tuple[int, int]:
    """Of the int8 layer, and of packing the signs and the layer that counts their bits."""
    torch.manual_seed(0)
    example = torch.zeros(1, channels, SIZE, SIZE)
    recipe = Recipe(rules=(Rule("signs", None, {"precision": "binary"}),))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pt2"
        torch.export.save(torch.export.export(Both(channels, kernel).eval(), (example,)), path)
        graph = pipeline.import_model(ModelSource(path))
        x = np.random.default_rng(0).standard_normal((8, SIZE, SIZE, channels)).astype(np.float32)
        integer = pipeline.quantize(graph, Samples({graph.inputs[0]: x}, None), recipe)
        firmware = Path(folder) / "firmware"
        options = EmitOptions("speed", recipe.name, {"file": path.name, "sha256": ""})
        program, _ = pipeline.generate(integer, load_board(board), firmware, options)
        inputs = quantize_inputs(integer, Samples({graph.inputs[0]: x[:1]}, None))
        layers = profile.run(open_folder(firmware), inputs).counts.layers
    by_operator = {
        layer.node.op: layers[layer.index].instructions for layer in program.layers if layer.node.name != "first"
    }
    return by_operator["conv2d"], by_operator["binarize"] + by_operator["binary_conv2d"]


def main() -> None:
    """Prints a row per layer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("boards", nargs="*", default=["riscv-8core", "cortex-m4", "cortex-m55"])
    boards = parser.parse_args().boards
    print("| layer | " + " | ".join(f"{board} int8 | signs" for board in boards) + " |")
    print("|---|" + "---:|---:|" * len(boards))
    for channels, kernel in LAYERS:
        cells = [f"{count:,}" for board in boards for count in instructions(board, channels, kernel)]
        print(f"| {kernel}x{kernel}, {channels} channels | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
