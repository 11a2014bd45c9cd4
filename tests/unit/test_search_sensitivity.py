"""The measures of sensitivity against cases that are worked out otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import nn

from edgeq import ops, reference
from edgeq.ir.graph import Graph, Node, Quantization, constant
from edgeq.ops.weight_types import BINARY, INT4, TERNARY
from edgeq.precision_search import baq, hessian
from edgeq.precision_search.difference import Arrays, squared_error
from edgeq.precision_search.output_error import output_error
from edgeq.precision_search.sensitivity import FEW_BITS, MEASURES, corrected_bias, node_of, rounded_weights, sensitivity
from tests.unit.search_network import work
from tests.unit.test_import import imported

FINE = Quantization(np.array([1e-3]), 0, None, "int16")


def squared(exact: Arrays) -> Callable[[Arrays], float]:
    """The mean squared difference from these outputs, which has closed forms for linear layers."""
    return partial(squared_error, exact)


def linear(inputs: int, outputs: int) -> tuple[Graph, Node]:
    torch.manual_seed(0)
    graph = imported(nn.Linear(inputs, outputs).eval(), torch.zeros(1, inputs))
    return graph, graph.nodes[-1]


def test_output_error_of_a_linear_layer() -> None:
    """f = W x + b: the error is the mean of ((W' - W) x)^2."""
    graph, node = linear(3, 2)
    x = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]], np.float32)
    inputs = {graph.inputs[0]: x}
    exact = reference.run(graph, inputs)
    weights, bias = graph.real_constant(node.inputs[1]), graph.real_constant(node.inputs[2])
    moved = weights.copy()
    moved[1, 2] += 0.5  # the second output moves by 1.5 and by 0
    found = output_error(graph, node, constant("moved", moved), bias, FINE, inputs, squared(exact))
    assert found == pytest.approx(1.5**2 / 4, rel=0.01)


def test_output_error_counts_the_rounding_of_the_output() -> None:
    graph, node = linear(3, 2)
    inputs = {graph.inputs[0]: np.random.default_rng(0).standard_normal((500, 3)).astype(np.float32)}
    weights, bias = graph.tensor(node.inputs[1]), graph.real_constant(node.inputs[2])
    coarse = Quantization(np.array([0.1]), 0, None, "int8")
    found = output_error(graph, node, weights, bias, coarse, inputs, squared(reference.run(graph, inputs)))
    assert found == pytest.approx(0.1**2 / 12, rel=0.15)  # the noise of rounding to steps of 0.1


def test_mean_trace_of_a_linear_layer() -> None:
    """For inputs that each light up one weight a row, v^T H v is the same for all signs v: the trace is exact."""
    graph, node = linear(4, 3)
    size = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
    inputs = {graph.inputs[0]: np.diag(size)}
    exact = reference.run(graph, inputs)
    found = hessian.mean_trace(graph, node, inputs, squared(exact), probes=1)
    trace = np.square(size).sum() / 4  # mean over samples of |x|^2, summed over 3 outputs and divided by 3
    assert found == pytest.approx(trace / 12, rel=1e-3)


def test_mean_trace_of_a_network() -> None:
    """Against torch's derivative of every output by every weight of the first layer, through a relu."""
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    graph = imported(module, torch.zeros(1, 3))
    x = torch.randn(16, 3)
    first = module[0].weight.detach().clone()

    def outputs(weight: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(x @ weight.T + module[0].bias)
        return module[2](hidden)

    jacobian = torch.autograd.functional.jacobian(outputs, first)
    trace = float((jacobian**2).sum()) / (16 * 2)
    inputs = {graph.inputs[0]: x.numpy()}
    exact = reference.run(graph, inputs)
    found = hessian.mean_trace(graph, graph.nodes[0], inputs, squared(exact), probes=400)
    assert found == pytest.approx(trace / first.numel(), rel=0.1)


def test_curvature_error() -> None:
    assert hessian.curvature_error(3.0, np.array([1.0, 2.0]), np.array([1.5, 1.0])) == pytest.approx(3 * 1.25)


def test_baq_coefficient() -> None:
    """Two channels of two weights with largest magnitudes 1 and 3: h (2 2^2 + 2 6^2) / 12."""
    weights = np.array([[1.0, -0.5], [2.0, -3.0]])
    assert baq.coefficient(0.5, weights, 0) == pytest.approx(0.5 * (2 * 4 + 2 * 36) / 12)
    assert baq.loss(9.0, TERNARY) == pytest.approx(1.0)
    assert baq.loss(225.0, INT4) == pytest.approx(1.0)
    assert baq.loss(4.0, BINARY) == pytest.approx(1.0)


def test_baq_allocation_by_hand() -> None:
    """Sixteen times the loss a weight takes two bits more."""
    assert baq.allocation([1.0, 16.0], [1, 1], 4.0) == pytest.approx([3.0, 5.0])
    assert baq.allocation([1.0, 32.0], [1, 2], 4.0) == pytest.approx([8 / 3, 14 / 3])


def test_baq_allocation_is_the_optimum() -> None:
    """Against a numerical optimizer of the same problem."""
    rng = np.random.default_rng(0)
    c, n, average = np.exp(rng.normal(0, 2, 6)), rng.integers(10, 2000, 6), 3.5
    bits = baq.allocation(list(c), [int(count) for count in n], average)
    assert np.dot(n, bits) / n.sum() == pytest.approx(average)
    found = minimize(
        lambda b: np.log(np.sum(c * 4.0**-b)),
        np.full(6, average),
        constraints={"type": "eq", "fun": lambda b: np.dot(n, b) / n.sum() - average},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert bits == pytest.approx(list(found.x), abs=0.02)


@pytest.mark.parametrize("measure", MEASURES)
def test_fewer_bits_cost_more(measure: str) -> None:
    job = work(("int8", "int4", "ternary"))
    for layer, options in job.options.items():
        errors = [sensitivity(job, measure, layer, name)["error"] for name in options]
        assert errors == sorted(errors), layer
        assert all(error > 0 for error in errors)


def test_hessian_tells_the_order_of_what_is_measured() -> None:
    """At 4 bits the estimate is within a factor of 4 of the measured error of weights alone."""
    job = work(("int4",))
    fine = job.quantized("int16")
    for layer in job.options:
        node = node_of(job.graph, layer)
        item = rounded_weights(job, node, "int4", ("omse",))["omse"]
        bias = job.graph.real_constant(node.inputs[2])
        stored, inputs = fine[node.output], job.subset.inputs
        measured = output_error(job.graph, node, item.weights, bias, stored, inputs, job.difference)
        estimate = sensitivity(job, "hessian", layer, "int4")["error"]
        assert measured / 4 < estimate < measured * 4, layer


def test_biases_make_up_for_the_mean_error() -> None:
    job = work(("ternary",))
    (layer, *_) = job.options
    node = node_of(job.graph, layer)
    found = rounded_weights(job, node, "ternary")
    assert set(found) == set(FEW_BITS)
    item = found["omse"]
    x = job.subset.inputs[job.graph.inputs[0]]
    operator = ops.get(node.op)
    exact = operator.run_float(node, [x, *(job.graph.real_constant(name) for name in node.inputs[1:3])])[0]
    assert item.weights.quantization is not None
    assert item.weights.data is not None
    bias = corrected_bias(job, node, item)
    noisy = operator.run_float(node, [x, item.weights.quantization.real(item.weights.data), bias])[0]
    assert np.abs(noisy - exact).max() > 0.05
    assert (noisy - exact).mean(axis=(0, 1, 2)) == pytest.approx(0, abs=1e-5)
