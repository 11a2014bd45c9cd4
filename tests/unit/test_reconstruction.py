"""Methods that reconstruct a layer's outputs, against all roundings there are and against numpy's least squares."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Quantization
from edgeq.ops.weight_types import INT2, INT4, TERNARY, WeightType
from edgeq.quantize.adaquant import jointly_tuned, shifted_bias
from edgeq.quantize.adaround import adaptively_rounded
from edgeq.quantize.data import samples_of
from edgeq.quantize.recipe import Method, Recipe
from edgeq.quantize.sqnr import sqnr_db
from edgeq.quantize.stage import quantized
from edgeq.quantize.weights import with_integer_weights
from tests.unit.test_import import imported, randomized


def inputs_and_weights(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated inputs [200, 9], mean not 0, and weights [2, 9]."""
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((200, 9)) @ (np.eye(9) + 0.5 * rng.standard_normal((9, 9)))
    return np.maximum(mixed, -0.5), rng.standard_normal((2, 9))


def error(x: np.ndarray, w: np.ndarray, real: np.ndarray) -> np.ndarray:
    return np.square(x @ (w - real).T).sum(axis=0)


@pytest.mark.parametrize("stored", [INT4, INT2, TERNARY], ids=lambda stored: stored.name)
def test_adaround_comes_near_the_best_of_all_roundings(stored: WeightType) -> None:
    """Of what the best of all 2^9 roundings gains over the nearest, gradient descent finds most."""
    levels, gained, possible = np.array(stored.levels), 0.0, 0.0
    for seed in range(8):
        x, w = inputs_and_weights(seed)
        scales = np.abs(w).max(axis=1) / stored.largest
        v = w / scales[:, None]
        below = np.clip(np.searchsorted(levels, v, side="right") - 1, 0, len(levels) - 2)
        best = np.full(2, np.inf)
        for choice in product((0, 1), repeat=9):
            best = np.minimum(best, error(x, w, levels[below + np.array(choice)] * scales[:, None]))
        found = adaptively_rounded(w, scales, x.T @ x, stored)
        assert np.all((found == levels[below]) | (found == levels[below + 1]))
        nearest = error(x, w, stored.nearest(v) * scales[:, None])
        gained += float(((nearest - error(x, w, found * scales[:, None])) / nearest).sum())
        possible += float(((nearest - best) / nearest).sum())
    assert gained > 0.65 * possible


@pytest.mark.parametrize("stored", [INT4, TERNARY], ids=lambda stored: stored.name)
def test_adaquant_has_the_least_squares_of_scale_and_bias(stored: WeightType) -> None:
    x, w = inputs_and_weights(7)
    begin = np.abs(w).max(axis=1) / stored.largest
    steps, scales = jointly_tuned(w, begin, np.cov(x.T, bias=True), stored)
    bias = shifted_bias(np.array([1.0, -2.0]), w, steps, scales, x.mean(axis=0))
    for row in range(2):
        wanted = x @ w[row] + (1.0, -2.0)[row]
        columns = np.stack([x @ steps[row], np.ones(200)], axis=1)
        (scale, offset), *_ = np.linalg.lstsq(columns, wanted, rcond=None)
        assert scales[row] == pytest.approx(scale, rel=1e-6)
        assert bias[row] == pytest.approx(offset, rel=1e-5)
        nearest = x @ (stored.nearest(w[row] / begin[row]) * begin[row]) + (1.0, -2.0)[row]
        assert np.square(columns @ (scale, offset) - wanted).sum() < np.square(nearest - wanted).sum()


@pytest.mark.parametrize("method", ["adaround", "adaquant"])
def test_recipes_reconstruct_layers(method: str) -> None:
    """With the same scales, sums are nearer to the float network's than those of weights rounded to the nearest."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 6, 3))
    graph = imported(randomized(network), torch.zeros(1, 3, 7, 6))
    x = np.cumsum(np.random.default_rng(0).standard_normal((64, 3, 7, 6)), axis=-1).astype(np.float32)  # like a picture
    samples = samples_of({"x": x}, graph, "test")
    least = {}
    for name in ("omse", method):
        recipe = Recipe(Method(precision="int4", weights=name))
        integer = quantized(graph, samples.inputs, recipe).graph
        least[name] = min(value for value in sqnr_db(graph, integer, samples).values() if value is not None)
    assert least[method] > least["omse"] + 0.5


def test_reconstruction_needs_data() -> None:
    graph = imported(randomized(nn.Sequential(nn.Conv2d(3, 4, 1))), torch.zeros(1, 3, 4, 4))
    chosen = {name: Quantization.per_tensor(0.1, 0) for name in (*graph.inputs, *graph.outputs)}
    with pytest.raises(EdgeqError, match="adaround weights need calibration data"):
        with_integer_weights(graph, {graph.nodes[0].name: "adaround"}, {}, chosen, None)
