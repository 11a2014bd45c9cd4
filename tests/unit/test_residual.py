"""Adds inside the convolution before them: same numbers, less memory, and only where that is so."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from edgeq import reference
from edgeq.board import load_board
from edgeq.ir import verify
from edgeq.ir.graph import Boundary, Graph, Node, Quantization, Tensor, constant
from edgeq.lower.program import Program
from edgeq.lower.select import lower
from edgeq.ops import fixed_point
from edgeq.ops.add import coefficients
from edgeq.passes.fuse_residual import fuse_residual, fusible
from edgeq.plan.arena import plan
from edgeq.plan.over_input import overwrite_inputs
from edgeq.plan.residual import fuse_residuals
from edgeq.quantize.data import Samples, quantize_inputs

BOARD = load_board("cortex-m4")


def schedule(graph: Graph) -> Program:
    return overwrite_inputs(lower(graph, BOARD))


def convolution(name: str, x: str, y: str, tensors: dict[str, Tensor], rng: np.random.Generator) -> Node:
    """A 1x1 convolution of 4 channels; its constants go into `tensors`."""
    weights = rng.integers(-127, 128, (4, 1, 1, 4)).astype(np.int8)
    multiplier, shift = fixed_point.single_multiplier(np.full(4, 0.003))
    arrays = {"w": weights, "b": np.arange(4, dtype=np.int32), "m": multiplier, "s": shift}
    scale = Quantization(np.full(4, 0.01), 0, 0)
    for key, data in arrays.items():
        tensors[f"{name}.{key}"] = constant(f"{name}.{key}", data, scale if key == "w" else None)
    attributes = {
        "kernel": (1, 1),
        "stride": (1, 1),
        "padding": (0, 0, 0, 0),
        "dilation": (1, 1),
        "rounding": fixed_point.SINGLE,
        "act_min": -128,
        "act_max": 100,
    }
    return Node(name, "conv2d", (x, *(f"{name}.{key}" for key in arrays)), (y,), MappingProxyType(attributes))


def two_branches(left: str, right: str, outputs: tuple[str, ...] = ("y",)) -> Graph:
    """x -> c1 -> p, x -> c2 -> q, y = left + right with different scales."""
    rng = np.random.default_rng(0)
    quantization = {"x": (0.1, 5), "p": (0.03, -7), "q": (0.2, 11), "y": (0.25, 2)}
    tensors = {
        name: Tensor(name, (1, 3, 5, 4), "int8", Quantization.per_tensor(*q)) for name, q in quantization.items()
    }
    integers = coefficients(tensors[left], tensors[right], tensors["y"])
    nodes = (
        convolution("c1", "x", "p", tensors, rng),
        convolution("c2", "x", "q", tensors, rng),
        Node("sum", "add", (left, right), ("y",), MappingProxyType({**integers, "act_min": -100, "act_max": 127})),
    )
    boundary = MappingProxyType({name: Boundary((1, 3, 5, 4), (0, 1, 2, 3)) for name in quantization})
    graph = Graph("branches", ("x",), outputs, (), MappingProxyType({}), boundary)
    return verify.run(graph.with_nodes(nodes, tensors), "test")


def assert_same_outputs(graph: Graph, other: Graph, inputs: dict[str, np.ndarray]) -> None:
    expected, found = reference.run(graph, inputs), reference.run(other, inputs)
    assert all(np.array_equal(expected[name], found[name]) for name in graph.outputs)


@pytest.mark.parametrize(
    ("left", "right", "layer"), [("p", "q", "c2"), ("q", "p", "c2"), ("p", "x", "c1"), ("x", "p", "c1")]
)
def test_the_last_operand_takes_the_add(left: str, right: str, layer: str) -> None:
    graph = two_branches(left, right)
    assert fusible(graph) == {"sum": layer}
    fused = verify.run(fuse_residual(graph, ["sum"]), "test")
    assert [node.op for node in fused.nodes] == ["conv2d", "conv2d"]
    x = np.random.default_rng(1).integers(-128, 128, (50, 3, 5, 4)).astype(np.int8)
    assert_same_outputs(graph, fused, {"x": x})


def test_what_somebody_else_reads_is_not_fused() -> None:
    assert fusible(two_branches("p", "q", outputs=("y", "q"))) == {}
    assert fusible(two_branches("q", "q")) == {}


def test_resnet8_fused_is_the_same_function(resnet8_integer: Graph, resnet8_samples: Samples) -> None:
    adds = fusible(resnet8_integer)
    assert len(adds) == 3
    fused = verify.run(fuse_residual(resnet8_integer, adds), "test")
    assert not any(node.op == "add" for node in fused.nodes)
    inputs = quantize_inputs(resnet8_integer, resnet8_samples.evenly(20))
    assert_same_outputs(resnet8_integer, fused, inputs)


def test_adds_are_fused_where_the_arena_shrinks(resnet8_integer: Graph) -> None:
    program = fuse_residuals(resnet8_integer, schedule)
    assert plan(program).arena_bytes < plan(schedule(resnet8_integer)).arena_bytes
    fused = [layer for layer in program.layers if layer.residual]
    assert 1 <= len(fused) < 3, "as few as give the smallest arena"
    arena = plan(program)
    assert arena.tensor_offset(fused[0].node.inputs[-1]) == arena.tensor_offset(fused[0].node.output)


def test_a_network_that_gains_nothing_is_left_alone(kws_integer: Graph) -> None:
    assert fuse_residuals(kws_integer, schedule).graph.nodes == kws_integer.nodes
