"""SmoothQuant against its formula, and against what it is for: an outlier channel in front of linear layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeq import pipeline, reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.quantize.data import samples_of
from edgeq.quantize.recipe import Recipe, load_recipe
from edgeq.quantize.smooth import smoothed
from edgeq.quantize.sqnr import sqnr_db
from edgeq.quantize.stage import quantized
from tests.unit.test_import import imported


class Attention(nn.Module):
    """A normalization that two layers read; a third one reads the second's relu."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.query, self.key, self.out = nn.Linear(8, 6), nn.Linear(8, 6), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        return self.query(y)[..., :4] + self.out(torch.relu(self.key(y)))


@pytest.fixture
def graph() -> Graph:
    torch.manual_seed(0)
    network = Attention()
    with torch.no_grad():
        network.norm.weight.copy_(torch.tensor([1.0, 1, 1, 60, 1, 1, 1, 1]))  # the outlier
    return imported(network, torch.zeros(1, 5, 8))


@pytest.fixture
def inputs(graph: Graph) -> dict[str, np.ndarray]:
    x = np.random.default_rng(0).standard_normal((32, 5, 8)).astype(np.float32)
    return dict(samples_of({"x": x}, graph, "test").inputs)


def test_channels_are_divided_by_the_papers_factors(graph: Graph, inputs: dict[str, np.ndarray]) -> None:
    made = smoothed(graph, inputs)
    before, after = (reference.run(g, inputs)[g.outputs[0]] for g in (graph, made))
    np.testing.assert_allclose(before, after, rtol=1e-4, atol=1e-5)
    seen: dict[str, np.ndarray] = {}
    reference.run(graph, inputs, watch=lambda name, values: seen.setdefault(name, np.abs(values)))
    norm = next(node for node in graph.nodes if node.op == "normalize")
    readers = [node for node in graph.nodes if norm.output in node.inputs]
    assert len(readers) == 2
    largest = seen[norm.output].max(axis=(0, 1))
    weights = np.max([np.abs(graph.constant(node.inputs[1])).max(axis=0) for node in readers], axis=0)
    expected = np.sqrt(largest) / np.sqrt(weights)
    changed = next(node for node in made.nodes if node.name == norm.name)
    found = graph.constant(norm.inputs[1]) / made.constant(changed.inputs[1])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert norm.output in graph.origins
    assert norm.output not in made.origins


def test_an_outlier_costs_less(graph: Graph, inputs: dict[str, np.ndarray]) -> None:
    x = next(iter(inputs.values()))
    samples = samples_of({"x": x}, graph, "test")
    recipe = Recipe(smooth=True)
    results = []
    for prepared in (graph, pipeline.prepare(graph, recipe, samples)):
        integer = quantized(prepared, inputs, recipe).graph
        results.append(sqnr_db(prepared, integer, samples)[graph.outputs[0]])
    assert results[1] > results[0] + 2.0


def test_recipes_have_it_as_a_switch(tmp_path: Path, graph: Graph) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("smooth = true\n")
    recipe = load_recipe(str(path))
    assert recipe.smooth
    assert recipe.summary == "mse, smoothed"
    with pytest.raises(EdgeqError, match="smooth needs calibration data"):
        pipeline.prepare(graph, recipe, None)
    path.write_text("smooth = 1\n")
    with pytest.raises(EdgeqError, match="smooth 1 must be true or false"):
        load_recipe(str(path))
