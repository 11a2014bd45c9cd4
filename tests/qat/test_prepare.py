"""What prepare makes of a network, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeq import qat
from edgeq.errors import EdgeqError
from edgeq.qat.quantizers import ActivationQuantizer, WeightQuantizer
from tests.qat.networks import residual

X = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(2))


def test_a_recipes_rules_name_the_layers_of_inspect(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('precision = "ternary"\nedges = "int8"\n[[layer]]\nname = "point"\nprecision = "int4"\n')
    model = qat.prepare(residual(), str(recipe), X)
    types = {
        name.removeprefix("quantizers.").removesuffix("_weights"): module.stored.name
        for name, module in model.named_modules()
        if isinstance(module, WeightQuantizer)
    }
    assert types == {"stem": "int8", "depthwise": "ternary", "point": "int4", "head": "int8"}


def test_training_starts_from_the_network() -> None:
    """At 8 bits the prepared network makes about what the float one does, for any number of samples; its parameters
    keep their names, and its batch norms learn in training only."""
    network = residual()
    model = qat.prepare(network, "int8", X).eval()
    with torch.no_grad():
        expected, found = network(X), model(X)
        steps = (expected - found).abs().max() / expected.abs().max()
    assert steps < 0.05
    assert {name for name, _ in network.named_parameters()} <= {name for name, _ in model.named_parameters()}
    before = model.get_buffer("stem_bn.running_mean").clone()
    model(X)
    torch.testing.assert_close(model.get_buffer("stem_bn.running_mean"), before)
    model.train()(X)
    assert not torch.allclose(model.get_buffer("stem_bn.running_mean"), before)


def test_an_average_pool_keeps_the_scale_that_it_was_given() -> None:
    """As in the integer graph: one quantizer for both sides."""
    model = qat.prepare(residual(), "int8", X)
    calls = [str(node.target) for node in model.graph.nodes if node.op == "call_module"]
    activations = [name for name in calls if isinstance(model.get_submodule(name), ActivationQuantizer)]
    assert len(activations) == len(set(activations)) + 1


def test_rounding_of_activations_can_wait() -> None:
    model = qat.prepare(residual(), "ternary", X).eval()
    results = []
    for enabled in (True, False, True):
        qat.round_activations(model, enabled)
        with torch.no_grad():
            results.append(model(X).numpy())
    np.testing.assert_array_equal(results[0], results[2])
    assert not np.array_equal(results[0], results[1])


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(torch.relu(self.layer(x)))


class OneSample(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(torch.cat([self.token.expand(1, 1, 6), x], 1))


def test_refusals_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EdgeqError, match="layer layer: it is used twice; give each use weights of its own"):
        qat.prepare(Twice(), "int8", torch.randn(4, 6))
    with pytest.raises(EdgeqError, match="can't be trained with more than one sample a batch"):
        qat.prepare(OneSample(), "int8", torch.randn(4, 3, 6))
    with pytest.raises(EdgeqError, match="training rounds activations to int8"):
        qat.prepare(residual(), "int16", X)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("equalize = true\n")
    with pytest.raises(EdgeqError, match="for networks that are not trained; leave them out"):
        qat.prepare(residual(), str(recipe), X)
    with pytest.raises(EdgeqError, match="the method 'xnor' is for binary weights, not ternary"):
        qat.prepare(residual(), "ternary", X, weights="xnor")
    with pytest.raises(EdgeqError, match="there is no method 'lqs' for weights; did you mean 'lsq'"):
        qat.prepare(residual(), "ternary", X, weights="lqs")
