"""Comparisons, logic, choices and selections compute what torch computes; their integer forms differ where a comparison
is close alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import reference
from edgeq.ir.graph import Graph
from edgeq.quantize.convert import to_integer
from edgeq.quantize.data import dequantize, to_integers
from edgeq.quantize.observe import extremes, histograms
from tests.unit.test_import import imported, randomized, run
from tests.unit.test_import_arithmetic import Formula, random_input

IMAGE, ROWS = (1, 3, 8, 8), (1, 4, 6)
#: of the outputs' range; a comparison that a step of quantization turns round is further off
NEAR, LEAST_ALIKE = 0.05, 0.93


def two(formula: object) -> nn.Module:
    """A formula of the input and two linear layers of it."""
    return Formula(lambda x, a, b: formula(x, a(x), b(x)), nn.Linear(6, 6), nn.Linear(6, 6))


NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "where": (two(lambda x, a, b: torch.where(a > b, a, b)), ROWS),
    "where_number": (two(lambda x, a, b: torch.where(a > 0, b, -1.0)), ROWS),
    "where_equal": (two(lambda x, a, b: torch.where((a > 0) == (b > 0), a, x)), ROWS),
    "where_constant": (two(lambda x, a, b: torch.where(torch.arange(6) % 2 == 0, a, b)), ROWS),
    "where_of_rows": (two(lambda x, a, b: torch.where(a[:, :1] > b, x, a[:, :, :1])), ROWS),
    "where_image": (Formula(lambda x, c: torch.where(x > 0, nn.functional.max_pool2d(x, 3, 1, 1), c(x)),
                            nn.Conv2d(3, 3, 1)), IMAGE),
    "masked_fill": (two(lambda x, a, b: a.masked_fill(x < 0, 0.25)), ROWS),
    "against_a_vector": (two(lambda x, a, b: (a > torch.arange(6) / 12 - 0.2).float() * b), ROWS),
    "logic": (two(lambda x, a, b: ((a > 0) & (b > 0) | ~(x > 0) ^ (x > 1)).float()), ROWS),
    "truth_of_numbers": (two(lambda x, a, b: torch.logical_and(a.relu(), b > 0).float() - b.relu().bool().float()),
                         ROWS),
    "any_all": (two(lambda x, a, b: (a > 0.5).any(-1).float() + (b > -0.7).all(dim=-1).float()), ROWS),
    "topk": (two(lambda x, a, b: a.topk(2).values * 2), ROWS),
    "topk_of_columns": (two(lambda x, a, b: a.topk(2, dim=1, largest=False).values), ROWS),
    "sorted": (two(lambda x, a, b: a.sort(descending=True).values), ROWS),
    "places": (two(lambda x, a, b: a.argsort().float()), ROWS),
    "running_sum": (two(lambda x, a, b: a.cumsum(-1) + b.cumsum(1)), ROWS),
    "whole": (two(lambda x, a, b: (4 * a).int().float() + b), ROWS),
}  # fmt: skip
#: torch's exporter has no form of these in operator set 17
NOT_EXPORTED = ("sorted", "places")


def share_alike(graph: Graph, x: np.ndarray) -> float:
    """The share of the integer graph's outputs that are near the float graph's; calibrated on `x` itself."""
    (name,), (output,) = graph.inputs, graph.outputs
    stored = {name: x.transpose(graph.boundary[name].perm)}
    integer = to_integer(graph, extremes(histograms(graph, stored)))
    source, target = integer.tensor(name), integer.tensor(output)
    steps = to_integers(stored[name], source.scale, source.zero_point, source.dtype)
    made = dequantize(reference.run(integer, {name: steps})[output], target.scale, target.zero_point)
    right = reference.run(graph, stored)[output]
    return float(np.mean(np.abs(made - right) < NEAR * (right.max() - right.min())))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_import_computes_the_same(name: str) -> None:
    module, shape = NETWORKS[name]
    module = randomized(module)
    graph = imported(module, torch.zeros(shape))
    x = random_input(shape, 16)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None].clone()).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=2e-5)
    assert share_alike(graph, x.numpy()) > LEAST_ALIKE
