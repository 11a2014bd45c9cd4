"""Torch programs that state their quantization: fake quantization, and the pairs of calls of PT2E exports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.ao.quantization.fx._decomposed
from torch import Tensor, nn

from edgeq import pipeline, reference
from edgeq.errors import EdgeqError
from edgeq.frontend import torch_program
from edgeq.ir.graph import Graph
from edgeq.ops import weight_types
from edgeq.passes import canonicalize
from edgeq.quantize.data import quantize_inputs, samples_of
from edgeq.quantize.observe import unprescribed
from edgeq.quantize.recipe import load_recipe

X = torch.linspace(-2, 2, 3 * 4 * 4).reshape(1, 3, 4, 4)


class Layer(nn.Module):
    """A convolution, with a batch norm, whose rounding a test chooses."""

    def __init__(self, integers: Any, low: int, high: int, scale: float = 0.1, activation: Any = (0.05, 3, -128, 127)):
        super().__init__()
        steps = torch.as_tensor(integers, dtype=torch.float32).reshape(2, 3, 1, 1)
        self.register_buffer("weight", steps * scale)
        self.register_buffer("scale", torch.tensor([scale, scale]))
        self.register_buffer("zero", torch.zeros(2, dtype=torch.int32))
        self.low, self.high, self.activation = low, high, activation
        self.norm = nn.BatchNorm2d(2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.fake_quantize_per_tensor_affine(x, 0.04, 0, -128, 127)
        w = torch.fake_quantize_per_channel_affine(self.weight, self.scale, self.zero, 0, self.low, self.high)
        y = self.norm(nn.functional.conv2d(x, w))
        return torch.fake_quantize_per_tensor_affine(y, *self.activation)


def imported(model: nn.Module, x: Tensor = X) -> Graph:
    program = torch_program.simplify(torch.export.export(model.eval(), (x,)))
    return canonicalize(torch_program.import_program(program, "net"))


def steps_apart(model: nn.Module, graph: Graph, x: Tensor = X) -> float:
    """The largest distance of the integer graph's output from torch's, in steps."""
    integer = pipeline.quantize(graph, None, load_recipe("int8"))
    inputs = quantize_inputs(integer, samples_of({graph.inputs[0]: x.numpy()}, integer, "test"))
    name = integer.outputs[0]
    found, output = reference.run(integer, inputs)[name], integer.tensor(name)
    with torch.no_grad():
        expected = model.eval()(x).numpy().transpose(integer.boundary[name].perm)
    real = (found.astype(np.float64) - output.zero_point) * output.scale
    return float(np.abs(real - expected).max() / output.scale)


@pytest.mark.parametrize(
    ("integers", "low", "high", "expected"),
    [
        ([5, -7, 1, 0, 2, 7], -8, 7, "int4"),
        ([5, -7, 1, 0, 2, 7], -7, 7, "int4"),
        ([5, -8, 1, 0, 2, 7], -8, 7, "int8"),
        ([4, -64, 1, -2, 2, 8], -64, 64, "pow2"),
        ([4, -64, 1, -2, 3, 8], -64, 64, "int8"),
        ([1, -2, 4, -4, 1, 1], -7, 7, "int4"),
        ([1, -1, 3, -3, 1, 1], -3, 3, "int2"),
        ([1, -1, 3, -3, 0, 1], -3, 3, "int4"),
        ([1, -1, 1, -1, 0, 1], -1, 1, "ternary"),
        ([1, -1, 1, -1, 1, 1], -1, 1, "binary"),
        ([1, -1, 1, -1, 0, 1], -2, 1, "ternary"),
        ([1, -1, 1, -1, 0, 1], -127, 127, "int8"),
        ([1, -1, 1, -128, 0, 1], -128, 127, "int8"),
    ],
)
def test_weights_have_the_type_of_their_range(integers: list[int], low: int, high: int, expected: str) -> None:
    model = Layer(integers, low, high)
    graph = imported(model)
    (node,) = [node for node in graph.nodes if node.op == "conv2d"]
    assert weight_types.of_node(graph, node) == expected
    np.testing.assert_array_equal(graph.constant(node.inputs[1]).reshape(-1), integers)
    assert unprescribed(graph) == []
    assert steps_apart(model, graph) <= 1.01


def test_batch_norms_turn_signs_and_multiply_scales() -> None:
    model = Layer([5, -7, 1, 0, 2, 7], -7, 7)
    with torch.no_grad():
        model.norm.weight.copy_(torch.tensor([-3.0, 0.5]))
        model.norm.running_var.copy_(torch.tensor([4.0, 0.25]))
        model.norm.bias.copy_(torch.tensor([0.3, -0.2]))
    graph = imported(model)
    weights = graph.tensor(graph.nodes[0].inputs[1])
    np.testing.assert_array_equal(graph.constant(weights.name).reshape(2, 3), [[-5, 7, -1], [0, 2, 7]])
    assert weights.quantization is not None
    np.testing.assert_allclose(weights.quantization.scale, [0.15, 0.1], rtol=1e-4)
    assert steps_apart(model, graph) <= 1.01


def test_a_channel_that_a_batch_norm_puts_out_keeps_its_bias() -> None:
    model = Layer([5, -7, 1, 1, -1, 1], -7, 7)
    with torch.no_grad():
        model.norm.weight.copy_(torch.tensor([1e-12, 0.0]))
        model.norm.bias.copy_(torch.tensor([1.5, -1.5]))
    assert steps_apart(model, imported(model)) <= 1.01


@pytest.mark.parametrize("activation", [(0.05, 0, 0, 255), (0.3, 7, 0, 15), (0.2, 0, -7, 7)])
def test_activations_of_other_ranges(activation: tuple[float, int, int, int]) -> None:
    """Bytes from 0 to 255, and four bits: a clamp and few steps."""
    model = Layer([90, -127, 20, 0, 44, 100], -127, 127, scale=0.01, activation=activation)
    assert steps_apart(model, imported(model)) <= 1.01


def test_pairs_of_calls_say_the_same() -> None:
    class Pairs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            steps = torch.tensor([[5, -7, 1], [0, 2, 7]], dtype=torch.int8)
            self.register_buffer("weight", steps)
            self.register_buffer("scales", torch.tensor([0.1, 0.2]))
            self.register_buffer("zeros", torch.zeros(2, dtype=torch.int64))

        def forward(self, x: Tensor) -> Tensor:
            calls = torch.ops.quantized_decomposed
            x = calls.quantize_per_tensor(x, 0.04, 10, -128, 127, torch.int8)
            x = calls.dequantize_per_tensor(x, 0.04, 10, -128, 127, torch.int8)
            w = calls.dequantize_per_channel(self.weight, self.scales, self.zeros, 0, -7, 7, torch.int8)
            y = calls.quantize_per_tensor(nn.functional.linear(x, w), 0.05, 128, 0, 255, torch.uint8)
            return calls.dequantize_per_tensor(y, 0.05, 128, 0, 255, torch.uint8)

    model, x = Pairs(), torch.linspace(-2, 2, 3).reshape(1, 3)
    graph = imported(model, x)
    (node,) = graph.nodes
    assert weight_types.of_node(graph, node) == "int4"
    assert unprescribed(graph) == []
    assert steps_apart(model, graph, x) <= 1.01


def test_what_has_no_form_is_refused_in_a_sentence() -> None:
    with pytest.raises(EdgeqError, match=r"an activation of integers -70000\.\.70000"):
        imported(Layer([1] * 6, -7, 7, activation=(0.05, 0, -70000, 70000)))

    class PerChannel(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            scale, zero = torch.full((3,), 0.1), torch.zeros(3, dtype=torch.int32)
            return torch.relu(torch.fake_quantize_per_channel_affine(x, scale, zero, 1, -128, 127))

    with pytest.raises(EdgeqError, match="scale per channel"):
        imported(PerChannel())
