"""Precisions per layer: what a recipe asks for, what is kept in int8, and the borders between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples
from edgeq.quantize.recipe import Method, Recipe, Rule, load_recipe
from edgeq.quantize.sqnr import sqnr_db
from edgeq.quantize.stage import quantized
from tests.unit.test_import import imported, randomized

INT16 = Recipe(Method(precision="int16"))


class Mixed(nn.Module):
    """Operators with an int16 form, and a grouped convolution, which has none."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.grouped = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        z = torch.cat([nn.functional.gelu(y) * torch.sigmoid(y), self.grouped(y)], dim=1)
        z = torch.minimum(nn.functional.max_pool2d(z, 2), torch.tensor(0.7)) + 0.1
        return torch.softmax(self.head(z.mean(dim=(2, 3))), dim=-1)


def mixed() -> tuple[Graph, Samples]:
    graph = imported(randomized(Mixed()), torch.zeros(1, 2, 6, 5))
    x = np.random.default_rng(0).standard_normal((32, 6, 5, 2)).astype(np.float32)
    return graph, Samples({graph.inputs[0]: x}, None)


def types(graph: Graph) -> dict[str, str]:
    """Type of what every node makes."""
    return {node.name: graph.tensor(node.output).dtype for node in graph.nodes}


def test_int16_wherever_there_is_a_form_for_it() -> None:
    graph, samples = mixed()
    made = quantized(graph, samples.inputs, INT16)
    (grouped,) = (node for node in graph.nodes if node.op == "conv2d_grouped")
    assert set(made.kept_int8) == {grouped.name}
    assert "no kernel for conv2d_grouped" in made.kept_int8[grouped.name]
    found = types(made.graph)
    narrow = {name for name, dtype in found.items() if dtype == "int8"}
    assert narrow == {grouped.name, f"{grouped.inputs[0]}.int8"}
    assert made.graph.tensor(graph.inputs[0]).dtype == made.graph.tensor(graph.outputs[0]).dtype == "int16"
    assert all(made.graph.tensor(name).zero_point == 0 for name in (*graph.inputs, *graph.outputs))
    decibels = [
        sqnr_db(graph, item, samples)[graph.outputs[0]]
        for item in (pipeline.quantize(graph, samples, Recipe()), made.graph)
    ]
    assert decibels[1] > decibels[0] + 3


def test_rules_change_layers_by_name_and_operator() -> None:
    graph, samples = mixed()
    first, head = graph.nodes[0].name, graph.nodes[-2].name
    rules = (
        Rule(None, "conv2d", {"precision": "int16", "observer": "minmax"}),
        Rule("hea?", None, {"precision": "int16", "weights": "omse"}),
    )
    recipe = Recipe(rules=rules)
    assert recipe.name == "mixed"
    assert recipe.methods(graph)[first] == Method("int16", "minmax")
    assert recipe.methods(graph)[head] == Method("int16", weights="omse")
    found = types(pipeline.quantize(graph, samples, recipe))
    assert {name for name, dtype in found.items() if dtype == "int16"} >= {first, head}
    assert sum(dtype == "int16" for dtype in found.values()) == 3  # and what brings the head's input to int16


def test_rules_that_nothing_matches_or_that_cannot_be_followed() -> None:
    graph, samples = mixed()
    grouped = next(node.name for node in graph.nodes if node.op == "conv2d_grouped")
    cases = (
        (Rule("heat", None, {}), "no layer is called 'heat'; nearest: head"),
        (Rule(None, "dwconv2d", {}), "no layer is a 'dwconv2d' .the model has"),
        (Rule("head", "conv2d", {}), "no layer called 'head' is a 'conv2d'"),
        (Rule(grouped, None, {"precision": "int16"}), f"layer {grouped} can't be int16: there is no kernel"),
    )
    for rule, message in cases:
        with pytest.raises(EdgeqError, match=message):
            pipeline.quantize(graph, samples, Recipe(rules=(rule,)))


def test_a_file_that_prescribes_its_types_keeps_them(tmp_path: Path) -> None:
    graph, samples = mixed()
    prescribed = pipeline.quantize(graph, samples, Recipe()).tensor(graph.inputs[0]).quantization
    tensors = {**graph.tensors}
    tensors[graph.inputs[0]] = type(tensors[graph.inputs[0]])(
        graph.inputs[0], graph.tensor(graph.inputs[0]).shape, "float32", prescribed
    )
    with pytest.raises(EdgeqError, match="the file prescribes int8"):
        pipeline.quantize(graph.with_nodes(graph.nodes, tensors), samples, INT16)


def test_states_are_of_their_ends_type() -> None:
    class Leaky(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(6, 8)

        def forward(self, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            h2 = torch.tanh(self.a(x)) * 0.5 + h * 0.5
            return h2 * 2.0, h2

    graph = imported(Leaky().eval(), torch.zeros(1, 6), torch.zeros(1, 8), states=("h=1",))
    samples = Samples({"x": np.random.default_rng(0).standard_normal((16, 6)).astype(np.float32)}, None)
    made = pipeline.quantize(graph, samples, INT16)
    (state,) = made.states
    start, end = (made.tensor(name).quantization for name in (state.start, state.end))
    assert start is not None
    assert end is not None
    assert start.dtype == "int16"
    assert start.same_as(end)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('precison = "int16"', "unknown key 'precison'; did you mean 'precision'"),
        ('precision = "int17"', "precision 'int17' is not one of int8, int16"),
        ('observer = "klm"', "observer 'klm' is not one of minmax, percentile, mse, kl"),
        ('weights = "best"', "weights 'best' is not one of minmax, omse"),
        ("equalize = 1", "equalize 1 must be true or false"),
        ("percentile = 20", "percentile 20 must lie above 50"),
        ('[[layer]]\nnme = "a"', "unknown key 'nme'; did you mean 'name'"),
        ('[[layer]]\nprecision = "int16"', "has neither name nor operator"),
        ('[[layer]]\noperator = "conv3d"', "there is no operator 'conv3d'; nearest: conv2d"),
        ('[[layer]]\nname = 3', "name 3 must be text"),
        ('[[layer]]\nname = "a"\nprecision = "fp1"', "precision 'fp1' is not one of"),
        ('[layer]\nname = "a"', "must be tables"),
    ],
)  # fmt: skip
def test_mistakes_in_a_recipe_file(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EdgeqError, match=message):
        load_recipe(str(path))


def test_a_recipe_file(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(
        'precision = "int16"\nobserver = "kl"\nbias_correction = true\nequalize = true\n'
        '[[layer]]\nname = "stem*"\nprecision = "int8"\nobserver = "percentile"\npercentile = 99.9\n',
        encoding="utf-8",
    )
    recipe = load_recipe(str(path))
    assert recipe.default == Method("int16", "kl")
    assert recipe.rules == (Rule("stem*", None, {"precision": "int8", "observer": "percentile", "percentile": 99.9}),)
    assert recipe.bias_correction
    assert recipe.equalize
    assert recipe.summary == "kl and percentile, equalized, bias correction"
