"""What layers share is stored once."""

from __future__ import annotations

import torch
from torch import nn

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.emit.context import model_context
from edgeq.quantize.data import random_samples
from edgeq.quantize.recipe import Recipe
from tests.unit.test_import import imported


class Twice(nn.Module):
    """One convolution used three times; the outputs differ."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(torch.relu(self.conv(torch.relu(self.conv(x)))))


def test_shared_weights_are_stored_once() -> None:
    torch.manual_seed(0)
    graph = imported(Twice().eval(), torch.zeros(1, 8, 6, 6))
    integer = pipeline.quantize(graph, random_samples(graph), Recipe())
    program, plan = pipeline.arrange(integer, load_board("cortex-m4"))
    context = model_context(program, plan)
    assert len(program.layers) == 3
    (weights,) = (array["symbol"] for array in context["arrays"] if array["symbol"].endswith("_weights"))
    assert {layer["symbols"]["weights"] for layer in context["layers"]} == {weights}
    alone = sum(layer.weights_bytes for layer in program.layers)
    assert alone - 2 * 8 * 9 * 8 >= program.weights_bytes == context["weights_bytes"]
