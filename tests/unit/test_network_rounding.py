"""All layers rounded together: the loss by hand and against what the integers make of it, and what it is for."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.ops.weight_types import INT2, INT4, INT8, TERNARY, WeightType
from edgeq.precision_search.difference import Difference
from edgeq.precision_search.points import outputs_of
from edgeq.quantize import network_rounding
from edgeq.quantize.data import Samples, quantize_inputs, samples_of
from edgeq.quantize.network_rounding import SQUARES, loss, within_cells
from edgeq.quantize.recipe import Method, Recipe
from edgeq.quantize.stage import Quantized, quantized
from tests.unit.test_import import imported, randomized


@pytest.fixture(autouse=True)
def fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_rounding, "STEPS", 100)
    monkeypatch.setattr(network_rounding, "RATE", 0.003)


@cache
def network() -> Graph:
    """With a shortcut, a pool and a softmax of its own, whose operand the loss takes."""

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
            self.head = nn.Linear(8, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = torch.relu(self.first(x))
            y = torch.relu(y + self.second(y))
            return torch.softmax(self.head(y.mean((2, 3))), dim=-1)

    torch.manual_seed(3)
    made = Small()
    made.head.weight.data *= 8.0  # so that answers differ
    return imported(randomized(made), torch.zeros(1, 3, 6, 6))


def samples(graph: Graph, count: int = 60) -> Samples:
    x = np.cumsum(np.random.default_rng(0).standard_normal((count, 3, 6, 6)), axis=-1).astype(np.float32)
    return samples_of({"x": x}, graph, "test")


def rounded(graph: Graph, precision: str = "int4") -> Quantized:
    rules = Recipe(Method(precision=precision), bias_correction=True, network_rounding=True)
    return quantized(graph, samples(graph).inputs, rules)


def test_the_loss_by_hand() -> None:
    """p = (1/2, 1/2), q = (1/4, 3/4): 1/2 log 2 + 1/2 log 2/3; squared difference (0 + log(3)^2) / 2."""
    found = loss(torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 1.0 + np.log(3.0)]]))
    assert float(found) == pytest.approx(0.5 * np.log(4 / 3) + SQUARES * np.log(3.0) ** 2 / 2, rel=1e-5)


@pytest.mark.parametrize("stored", [INT8, INT4, INT2, TERNARY], ids=lambda stored: stored.name)
def test_weights_begin_in_the_cells_of_their_integers(stored: WeightType) -> None:
    real = 1.5 * stored.largest * np.random.default_rng(1).uniform(-1, 1, 500)
    steps = np.random.default_rng(2).choice(np.array(stored.levels), 500)
    assert np.array_equal(stored.nearest(within_cells(real, steps, stored)), steps)
    own = stored.nearest(real)
    inside = np.abs(real) < stored.largest
    assert np.abs(within_cells(real, own, stored) - real)[inside].max() < 0.05  # those in the right cell hardly move


@pytest.mark.parametrize("precision", ["int8", "ternary"])
def test_the_loss_is_that_of_the_integers(precision: str) -> None:
    """What autograd's network with its pretended roundings had at the end is what numpy finds of the integer graph on
    the samples held back, and for weights with much to lose it is less than before."""
    graph = network()
    made = rounded(graph, precision)
    assert made.losses is not None
    before, after = made.losses
    assert after < before if precision == "ternary" else after <= before
    held = samples(graph).subset(np.arange(4, 60, 5))
    (softmax,) = (node for node in graph.nodes if node.op == "softmax")
    scores = []
    for one, inputs in ((graph, held.inputs), (made.graph, quantize_inputs(made.graph, held))):
        found: list[np.ndarray] = []
        reference.run(
            one, inputs, watch=lambda name, x, kept=found: kept.append(x) if name == softmax.inputs[0] else None
        )
        scores.append(np.concatenate(found).astype(np.float64))
    y, stored = scores[0], made.graph.tensor(softmax.inputs[0])
    z = stored.scale * (scores[1] - stored.zero_point)
    p, q = (np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True) for x in (y, z))
    expected = (p * np.log(p / q)).sum(axis=-1).mean() + SQUARES * np.square(y - z).mean()
    assert after == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("precision", ["binary", "ternary"])
def test_coarse_weights_bring_answers_nearer_on_other_samples(precision: str) -> None:
    """At the rate of fine weights hardly an integer of these would change (0.0371 to 0.0371 and 0.0099 to 0.0100)."""
    graph = network()
    every = samples(graph, 300)
    learnt, others = every.subset(np.arange(200)), every.subset(np.arange(200, 300))
    difference = Difference(graph, reference.run(graph, others.inputs))
    apart = []
    for together in (False, True):
        rules = Recipe(Method(precision, weights="adaquant"), bias_correction=True, network_rounding=together)
        apart.append(difference(outputs_of(quantized(graph, learnt.inputs, rules).graph, others)))
    assert apart[1] < 0.85 * apart[0]


def test_the_same_again() -> None:
    first, second = (rounded(network(), "ternary") for _ in range(2))
    assert first.losses == second.losses
    for name, tensor in first.graph.tensors.items():
        assert tensor.data is None or np.array_equal(tensor.data, second.graph.tensor(name).data)


def test_what_does_not_help_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate with which everything is lost: the integers are those of the recipe without the step."""
    monkeypatch.setattr(network_rounding, "RATE", 100.0)
    made, inputs = rounded(network()), samples(network()).inputs
    plain = quantized(network(), inputs, Recipe(Method(precision="int4"), bias_correction=True)).graph
    assert made.losses is not None
    assert made.losses[0] == made.losses[1]
    assert made.graph.tensors.keys() == plain.tensors.keys()
    for name, tensor in plain.tensors.items():
        assert tensor.data is None or np.array_equal(tensor.data, made.graph.tensor(name).data)


def test_what_can_not_be_done_is_refused() -> None:
    class Unknown(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.floor(self.layer(x))

    graph = imported(randomized(Unknown()), torch.zeros(1, 4))
    assert "has no gradient here" in str(network_rounding.obstacle(graph, 100))
    assert "too few" in str(network_rounding.obstacle(network(), 5))
    with pytest.raises(EdgeqError, match="network_rounding: 6 calibration samples are too few"):
        quantized(network(), samples(network()).subset(np.arange(6)).inputs, Recipe(network_rounding=True))
