"""Trained parameters in the int8 inference model: which layers take them, and what becomes of them there; the numpy
twin of runtime_c/src/tune/eq_tune.c.

Ranges of activations stay those of calibration. Weights are rounded to the nearest in steps of largest magnitude / 127
of their output channel, whatever method a recipe chose for the weights that the network was built with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor, constant
from edgeq.ops import fixed_point, weight_types, weighted
from edgeq.ops.base import TUNED, TUNED_BIAS, TUNED_LAYER
from edgeq.train.derive import Source

#: operators whose integer form is made of weights, bias and scales alone
LAYERS = ("conv2d", "dwconv2d", "linear")
#: largest bias in its integers: twice that of channels whose scale it decides (weighted.bounded_scales)
MOST_BIAS = 2**29


@dataclass(frozen=True)
class Commit:
    """The inference model beside a training step: `graph`, whose trained layers say so, and `sources`, layer -> where
    its constants come from. `obstacle`: why its layers can't take trained parameters; then nothing is marked."""

    graph: Graph
    sources: Mapping[str, Source]
    obstacle: str = ""


def prepared(inference: Graph, sources: Mapping[str, Source]) -> Commit:
    """The inference model of a network that is trained."""
    nodes = {node.name: node for node in inference.nodes}
    for layer in sources:
        reason = obstacle(inference, nodes.get(layer))
        if reason:
            return Commit(inference, {}, f"layer {layer} {reason}")
    made = [
        node.with_attributes(**{TUNED: TUNED_LAYER if sources[node.name].weights else TUNED_BIAS})
        if node.name in sources
        else node
        for node in inference.nodes
    ]
    return Commit(inference.with_nodes(made), sources)


def obstacle(graph: Graph, node: Node | None) -> str:
    """Why a layer of the inference model can't take trained parameters, or nothing."""
    if node is None:
        return "is no layer of its own in the inference model, where batch norms are folded into the layers before them"
    types = {graph.tensor(name).dtype for name in (node.inputs[0], node.output)}
    if types != {"int8"}:
        return f"computes in {' and '.join(sorted(types - {'int8'}))}, not int8"
    if ops.get(node.op).gain_at >= 0:
        return "is a normalization, which takes no trained parameters there"
    if node.op not in LAYERS:
        return f"became {node.op}"
    stored = weight_types.of_node(graph, node)
    return "" if stored == weight_types.INT8.name else f"has {stored} weights, not int8"


def committed(graph: Graph, sources: Mapping[str, Source], parameters: Mapping[str, np.ndarray]) -> Graph:
    """The inference model with trained parameters (float32, by name): what the device computes with after a commit.

    Raises EdgeqError where it would refuse them."""
    tensors = dict(graph.tensors)
    for node in graph.nodes:
        source = sources.get(node.name)
        if source is None:
            continue
        bias = _finite(node, parameters[source.bias])
        if source.weights:
            tensors |= _layer(graph, node, _finite(node, parameters[source.weights]), bias)
        else:
            tensors[node.inputs[2]] = _with_first(graph.tensor(node.inputs[2]), _bias(graph, node, bias))
    return graph.with_nodes(graph.nodes, tensors)


def scales(graph: Graph, node: Node) -> np.ndarray:
    """float64: the scale of each output channel's weights."""
    weights = graph.tensor(node.inputs[1])
    assert weights.quantization is not None
    return np.broadcast_to(weights.quantization.scale, weights.shape[ops.get(node.op).weight_axis]).copy()


def most_biases(graph: Graph, node: Node) -> np.ndarray:
    """int32: the largest magnitude of each channel's integer bias with the weights as they are."""
    axis = ops.get(node.op).weight_axis
    magnitudes = weighted.largest_sums(graph.constant(node.inputs[1]), np.zeros(1, np.int64), axis)
    ratio = graph.tensor(node.inputs[0]).scale * scales(graph, node) / graph.tensor(node.output).scale
    most = np.minimum(MOST_BIAS, 2**31 - 1 - magnitudes)
    most = np.minimum(most, np.floor(2.0**31 / ratio).clip(0, 2**31).astype(np.int64) - 1 - magnitudes)
    return np.maximum(most, 0).astype(np.int32)


def weight_sums(graph: Graph, node: Node) -> np.ndarray:
    """int32: the input's zero point times the sum of each channel's weights."""
    weights = graph.constant(node.inputs[1]).astype(np.int64)
    total = weights.sum(axis=weighted.other_axes(weights, ops.get(node.op).weight_axis))
    return np.asarray(graph.tensor(node.inputs[0]).zero_point * total).astype(np.int32)


def floor(graph: Graph, node: Node) -> float:
    """The least scale of the layer's weights."""
    return weighted.scale_floor(graph.tensor(node.inputs[0]).scale, graph.tensor(node.output).scale)


def _layer(graph: Graph, node: Node, weights: np.ndarray, bias: np.ndarray) -> dict[str, Tensor]:
    """The layer's constants with the first channels' trained ones."""
    axis, x, y = ops.get(node.op).weight_axis, graph.tensor(node.inputs[0]), graph.tensor(node.output)
    found = weighted.weight_scales(weights, bias, axis, x.scale, floor(graph, node))
    integers = weighted.rounded(weights, found, axis)
    steps = np.rint(bias / (x.scale * found))
    largest, ratio = weighted.largest_sums(integers, steps, axis), x.scale * found / y.scale
    if np.any(largest >= 2**31) or np.any(largest * ratio >= 2**31) or np.any(ratio >= 2.0**30):
        raise _refused(node, "its weights are too large for its sums")
    multiplier, shift = fixed_point.multiplier(ratio, node.attributes["rounding"])
    kept = graph.tensor(node.inputs[1]).quantization
    assert kept is not None
    every = np.concatenate([found, scales(graph, node)[len(found) :]])
    parts = zip(node.inputs[1:5], (integers, steps, multiplier, shift), strict=True)
    made = {name: _with_first(graph.tensor(name), part, axis if part is integers else 0) for name, part in parts}
    stored = made[node.inputs[1]]
    return made | {stored.name: replace(stored, quantization=replace(kept, scale=every, axis=axis))}


def _bias(graph: Graph, node: Node, bias: np.ndarray) -> np.ndarray:
    """The integers of the first channels' trained bias."""
    count = len(bias)
    made = np.rint(bias / (graph.tensor(node.inputs[0]).scale * scales(graph, node)[:count]))
    if np.any(np.abs(made) > most_biases(graph, node)[:count]):
        raise _refused(node, "its bias is too large for its sums")
    return made


def _with_first(whole: Tensor, part: np.ndarray, axis: int = 0) -> Tensor:
    """The constant with its first channels replaced."""
    assert whole.data is not None
    rest = np.split(whole.data, [part.shape[axis]], axis)[1]
    return constant(whole.name, np.concatenate([part.astype(whole.dtype), rest], axis), whole.quantization)


def _finite(node: Node, values: np.ndarray) -> np.ndarray:
    if not np.all(np.isfinite(values)):
        raise _refused(node, "one is infinite or no number")
    return values


def _refused(node: Node, why: str) -> EdgeqError:
    return EdgeqError(f"layer {node.name}: its trained parameters can't be committed, {why}; train with a lower rate")
