"""Post-training methods against cases worked out by hand or by an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import nn

from edgeq import ops, reference
from edgeq.frontend.importer import Importer
from edgeq.ir.graph import Graph, Quantization
from edgeq.ops import weighted
from edgeq.quantize import kl
from edgeq.quantize.bias_correction import SAMPLES, with_corrected_biases
from edgeq.quantize.equalize import equalized
from edgeq.quantize.gptq import rounded_with_feedback
from edgeq.quantize.observe import Histogram
from edgeq.quantize.omse import least_error_scales
from edgeq.quantize.weights import with_integer_weights
from tests.unit.test_import import imported, randomized


def histogram(values: np.ndarray) -> Histogram:
    result = Histogram()
    result.widen(values)
    result.count(values)
    return result


def test_divergence_of_a_small_histogram() -> None:
    """6 bins cut at 4, 2 groups: P has the 3 values beyond in its last bin; Q spreads 1 + 0 over the one bin of the
    first group that is not empty, and 2 + 5 evenly over both of the second."""
    counts = np.array([1.0, 0.0, 2.0, 5.0, 2.0, 1.0])
    expected = entropy([1.0, 0.0, 2.0, 8.0], [1.0, 0.0, 3.5, 3.5])
    assert kl._divergence(counts, 4, 2) == pytest.approx(expected)


def test_least_divergence_cuts_rare_outliers_and_keeps_a_uniform_range() -> None:
    rng = np.random.default_rng(0)
    spread = np.concatenate([rng.standard_normal(100_000), [40.0, -30.0]])
    low, high = kl.least_divergence(histogram(spread), 0.0, 256)
    assert -8.0 < low < -3.0
    assert 3.0 < high < 8.0
    low, high = kl.least_divergence(histogram(np.linspace(0.0, 3.0, 100_000)), 0.0, 256)
    assert low == 0.0
    assert high == pytest.approx(3.0, rel=0.05)
    assert kl.least_divergence(histogram(spread), 0.0, 1 << 16) == (-30.0, 40.0)  # int16 has steps enough


def test_least_error_scales_are_the_best_of_all() -> None:
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((4, 51)).astype(np.float32)
    weights[1] *= 0
    weights[2] = np.arange(77, 128)  # whole steps of scale 1: nothing to gain
    weights[3] = np.array([127.0, *[63.4] * 50])  # 50 errors of 0.4, or one of 1.2 at 63.4 = 64 steps
    scales = least_error_scales(weights, 0)
    assert scales[1] == 0.0
    assert scales[2] == pytest.approx(1.0, rel=1e-6)
    for channel in (0, 3):
        row, whole = weights[channel].astype(np.float64), float(np.abs(weights[channel]).max()) / 127

        def error(scale: float, row: np.ndarray = row) -> float:
            return sum((w - scale * max(-127, min(127, round(w / scale)))) ** 2 for w in row)

        least = min(error(whole * share) for share in np.linspace(0.4, 1.0, 121))
        assert error(scales[channel]) == pytest.approx(least)
    assert scales[3] == pytest.approx(63.4 / 64, rel=3e-3)


def pair(first: np.ndarray, second: np.ndarray, activation: tuple[float | None, float | None]) -> Graph:
    importer = Importer("pair")
    x = importer.input("x", (1, first.shape[1]))
    for name, weights, bounds in (("one", first, activation), ("two", second, (None, None))):
        importer.begin_call(name, "", ())
        operands = [x, importer.constant(weights), importer.constant(np.ones(len(weights)))]
        x = importer.add("linear", operands, {"activation": bounds})
    return importer.finish([x])


def test_equalization_of_a_pair() -> None:
    """Ranges 4 and 1 before, 1 and 16 behind: s = sqrt(4 / 1) and sqrt(1 / 16)."""
    graph = equalized(pair(np.array([[4.0], [1.0]]), np.array([[1.0, 16.0]]), (0.0, None)))
    one, two = graph.nodes
    np.testing.assert_allclose(graph.constant(one.inputs[1]), [[2.0], [4.0]])
    np.testing.assert_allclose(graph.constant(one.inputs[2]), [0.5, 4.0])
    np.testing.assert_allclose(graph.constant(two.inputs[1]), [[2.0, 4.0]])
    np.testing.assert_allclose(graph.constant(two.inputs[2]), [1.0])


def test_equalization_leaves_a_relu6_alone() -> None:
    graph = equalized(pair(np.array([[4.0], [1.0]]), np.array([[1.0, 16.0]]), (0.0, 6.0)))
    np.testing.assert_array_equal(graph.constant(graph.nodes[0].inputs[1]), [[4.0], [1.0]])


def test_equalization_keeps_the_function_and_makes_ranges_equal() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3, groups=6), nn.BatchNorm2d(6),
        nn.ReLU(), nn.Conv2d(6, 4, 1), nn.ReLU6(), nn.Conv2d(4, 2, 1),
    )  # fmt: skip
    graph = imported(randomized(network), torch.zeros(1, 3, 7, 6))
    changed = equalized(graph)
    x = {"x": np.random.default_rng(0).standard_normal((3, 7, 6, 3), np.float32)}
    x = {graph.inputs[0]: x["x"]}
    before, after = (reference.run(item, x)[graph.outputs[0]] for item in (graph, changed))
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)
    depthwise, pointwise = (changed.constant(node.inputs[1]) for node in changed.nodes[1:3])
    ranges = np.abs(depthwise).max(axis=(0, 1)), np.abs(pointwise).max(axis=(0, 1, 2))
    np.testing.assert_allclose(ranges[0], ranges[1], rtol=0.01)
    assert {name for name in graph.origins if name not in changed.origins} == {
        node.output for node in graph.nodes[:2] if node.output in graph.origins
    }


def corrected_bias(inputs: np.ndarray) -> np.ndarray:
    """Of a layer with weights 127 and 0.4, which become 127 and 0 in steps of 1; integer inputs are exact."""
    importer = Importer("one")
    x = importer.input("x", (1, 2))
    importer.begin_call("head", "", ())
    operands = [x, importer.constant(np.array([[127.0, 0.4]])), importer.constant(np.array([5.0]))]
    graph = importer.finish([importer.add("linear", operands, {})])
    unit = Quantization.per_tensor(1.0, 0)
    chosen = {"x": unit, graph.outputs[0]: Quantization.per_tensor(100.0, 0)}
    corrected = with_corrected_biases(graph, {"x": inputs}, chosen, graph)
    return corrected.constant(corrected.nodes[0].inputs[2])


def test_bias_correction_of_a_layer() -> None:
    """The mean of what is lost, 0.4 times the mean of the second input, 30, comes back through the bias."""
    inputs = np.array([[0.0, 10.0], [1.0, 50.0], [-1.0, 30.0]], np.float32)
    np.testing.assert_allclose(corrected_bias(inputs), [5.0 + 0.4 * 30.0], rtol=1e-6)


def test_bias_correction_of_a_file_in_the_order_of_its_classes() -> None:
    """More samples than means are taken over, those of one class first."""
    second = np.repeat([10.0, 50.0], SAMPLES)
    inputs = np.stack([np.zeros(2 * SAMPLES), second], axis=1).astype(np.float32)
    np.testing.assert_allclose(corrected_bias(inputs), [5.0 + 0.4 * 30.0], rtol=1e-5)


def test_gptq_makes_up_for_what_rounding_loses() -> None:
    """Two inputs that are always equal, weights 0.4 and 0.4 (and 127 on a third, which fixes the step at 1): the first
    becomes 0, and the second, which takes over its 0.4, 1; rounding to the nearest would lose all of 0.8 x."""
    x = np.random.default_rng(0).standard_normal((100, 1))
    columns = np.concatenate([x, x, np.random.default_rng(1).standard_normal((100, 1))], axis=1)
    steps = rounded_with_feedback(np.array([[0.4, 0.4, 127.0]]), np.ones(1), columns.T @ columns)
    np.testing.assert_array_equal(steps, [[0, 1, 127]])


def test_gptq_lowers_the_error_of_every_layer_that_has_columns() -> None:
    torch.manual_seed(0)  # not every draw of weights leaves a difference on other data
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=8), nn.Flatten(),
                            nn.Linear(8 * 5 * 4, 6))  # fmt: skip
    graph = imported(randomized(network), torch.zeros(1, 3, 7, 6))
    x = np.random.default_rng(0).standard_normal((64, 7, 6, 3)).astype(np.float32)
    chosen = {name: Quantization.per_tensor(0.05, 0) for name, item in graph.tensors.items() if not item.is_constant}
    errors = {}
    for method in ("minmax", "gptq"):
        methods = {node.name: method for node in graph.nodes}
        made = with_integer_weights(graph, methods, {}, chosen, {graph.inputs[0]: x})
        for node, changed in zip(graph.nodes, made.nodes, strict=True):
            if ops.get(node.op).weight_axis < 0:
                continue
            steps, stored = weighted.integer_weights(made, changed, ops.get(node.op).weight_axis, 0.05, 0.0)
            weights = stored.real(steps)
            bias, given = graph.real_constant(node.inputs[2]), np.random.default_rng(1)
            if node is graph.nodes[0]:
                values = x
            else:
                values = given.standard_normal((64, *graph.tensor(node.inputs[0]).shape[1:])).astype(np.float32)
            sums = [
                ops.get(node.op).run_float(node, [values, item, bias])[0]
                for item in (weights, graph.real_constant(node.inputs[1]))
            ]
            errors[method, node.op] = float(np.square(sums[0] - sums[1]).mean())
    assert errors["gptq", "conv2d"] < errors["minmax", "conv2d"]
    assert errors["gptq", "dwconv2d"] == errors["minmax", "dwconv2d"]


def test_integer_weights_are_taken_as_they_are() -> None:
    graph = pair(np.array([[4.0], [1.0]]), np.array([[1.0, 16.0]]), (0.0, None))
    unit = Quantization.per_tensor(1.0, 0)
    chosen = {name: unit for name, tensor in graph.tensors.items() if not tensor.is_constant}
    made = with_integer_weights(graph, {"two": "omse"}, {}, chosen, None)
    one, two = made.nodes
    assert made.tensor(one.inputs[1]).dtype == "float32"
    steps, stored = weighted.integer_weights(made, two, 0, 1.0, 0.0)
    assert made.tensor(two.inputs[1]).dtype == "int8"
    np.testing.assert_array_equal(steps, made.constant(two.inputs[1]))
    np.testing.assert_allclose(stored.real(steps), [[1.0, 16.0]], rtol=0.05)
