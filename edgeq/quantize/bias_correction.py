"""Empirical bias correction: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-Free Quantization Through
Weight Equalization and Bias Correction", ICCV 2019, arXiv 1906.04721, section 4.2 and appendix D.

Rounded weights and activations shift the mean of what a layer makes. From the first layer on, with all layers before
corrected: b := b - (E[W~ x~ + b] - E[W x + b]) for every output channel, E over calibration data and positions, before
the activation function; x~ are rounded activations, W~ rounded weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeq import ops, reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, constant
from edgeq.ops import weighted
from edgeq.ops.clamp import apply_activation
from edgeq.ops.float_types import FLOATS
from edgeq.quantize.data import Samples, as_stored
from edgeq.quantize.weights import has_real_weights

#: samples that means are taken over, spread evenly over the calibration data
SAMPLES = 512

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Corrected:
    """`graph` with corrected biases, and its outputs in real numbers on the samples that the means were taken over."""

    graph: Graph
    outputs: Mapping[str, np.ndarray]


def with_corrected_biases(
    graph: Graph, inputs: Mapping[str, np.ndarray], chosen: Mapping[str, Quantization], rounded: Graph
) -> Graph:
    """`rounded`, whose nodes are those of the float graph `graph`, maybe with integer weights, with corrected biases.
    `inputs`: calibration data in float; `chosen`: quantization of the activations."""
    if graph.states:
        raise EdgeqError("bias_correction: networks with states are not supported; leave it out of the recipe")
    inputs = Samples(inputs, None).evenly(SAMPLES).inputs
    return corrected(graph, inputs, chosen, rounded, mean_sums(graph, inputs)).graph


def mean_sums(graph: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Layer of the float graph -> mean over `inputs` of what it makes before its activation function, of every output
    channel."""
    values, means = dict(inputs), {}
    for node in _in_order(graph, values):
        if has_real_weights(graph, node):
            sums = _in_batches(node, values[node.inputs[0]], *(graph.real_constant(name) for name in node.inputs[1:3]))
            means[node.name] = _mean(sums)
            values[node.output] = apply_activation(sums, *node.attributes.get("activation", (None, None)))
        else:
            _run(graph, node, values)
    return means


def corrected(
    graph: Graph,
    inputs: Mapping[str, np.ndarray],
    chosen: Mapping[str, Quantization],
    rounded: Graph,
    means: Mapping[str, np.ndarray],
) -> Corrected:
    """As `with_corrected_biases`, with the `mean_sums` of these inputs."""
    values = {name: as_stored(array, chosen[name]) for name, array in inputs.items()}
    tensors, nodes = dict(rounded.tensors), []
    pairs = dict(zip(graph.nodes, rounded.nodes, strict=True))
    for node in _in_order(graph, values):
        made = pairs[node]
        if node.name in means and chosen[node.output].dtype not in FLOATS:
            name = f"{node.name}.corrected"
            bias = graph.real_constant(node.inputs[2])
            sums = _in_batches(node, values[node.inputs[0]], _weights(node, rounded, made, chosen), bias)
            shift = (_mean(sums) - means[node.name]).astype(np.float32)
            values[node.output] = apply_activation(sums - shift, *node.attributes.get("activation", (None, None)))
            tensors[name] = constant(name, bias - shift)
            made = replace(made, inputs=(*made.inputs[:2], name, *made.inputs[3:]))
        else:
            _run(graph, node, values)
        for name in node.outputs:
            values[name] = as_stored(values[name], chosen[name])
        nodes.append(made)
    return Corrected(rounded.with_nodes(nodes, tensors), {name: values[name] for name in graph.outputs})


def _in_order(graph: Graph, values: Values) -> Iterator[Node]:
    """The nodes; what no later one reads, and is no output, is dropped from `values` behind each."""
    last_use = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs}
    for index, node in enumerate(graph.nodes):
        yield node
        for name in set(node.inputs) & set(values) - set(graph.outputs):
            if last_use[name] == index:
                del values[name]


def _weights(node: Node, rounded: Graph, made: Node, chosen: Mapping[str, Quantization]) -> np.ndarray:
    """Of a layer as rounded, in real numbers."""
    scales = [float(chosen[name].scale[0]) for name in (node.inputs[0], node.output)]
    floor = weighted.scale_floor(*scales)
    steps, stored = weighted.integer_weights(rounded, made, ops.get(node.op).weight_axis, scales[0], floor)
    return stored.real(steps)


def _mean(sums: np.ndarray) -> np.ndarray:
    return np.asarray(sums.mean(axis=tuple(range(sums.ndim - 1)), dtype=np.float64))


def _in_batches(node: Node, x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    operator, size = ops.get(node.op), reference.BATCH
    parts = (x[start : start + size] for start in range(0, len(x), size))
    return np.concatenate([operator.run_float(node, [part, weights, bias])[0] for part in parts])


def _run(graph: Graph, node: Node, values: Values) -> None:
    arguments = [values[name] if name in values else graph.real_constant(name) for name in node.inputs]
    values.update(zip(node.outputs, reference.run_node(graph, node, arguments), strict=False))
