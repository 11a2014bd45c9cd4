"""Empirical bias correction: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-Free Quantization Through
Weight Equalization and Bias Correction", ICCV 2019, arXiv 1906.04721, section 4.2 and appendix D.

Rounded weights and activations shift the mean of what a layer makes. From the first layer on, with all layers before
corrected: b := b - (E[W~ x~ + b] - E[W x + b]) for every output channel, E over calibration data and positions, before
the activation function; x~ are rounded activations, W~ rounded weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgeq import ops, reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, constant
from edgeq.ops import weighted
from edgeq.ops.clamp import apply_activation
from edgeq.ops.float_types import FLOATS, stored
from edgeq.quantize.data import dequantize, to_integers
from edgeq.quantize.weights import has_real_weights

#: samples that means are taken over
SAMPLES = 256

Values = dict[str, np.ndarray]


def with_corrected_biases(
    graph: Graph, inputs: Mapping[str, np.ndarray], chosen: Mapping[str, Quantization], rounded: Graph
) -> Graph:
    """`rounded`, whose nodes are those of the float graph `graph`, maybe with integer weights, with corrected biases.
    `inputs`: calibration data in float; `chosen`: quantization of the activations."""
    if graph.states:
        raise EdgeqError("bias_correction: networks with states are not supported; leave it out of the recipe")
    inputs = {name: array[:SAMPLES] for name, array in inputs.items()}
    exact: Values = dict(inputs)
    noisy = {name: _stored(array, chosen[name]) for name, array in inputs.items()}
    tensors, nodes = dict(rounded.tensors), []
    last_use = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs}
    for index, (node, made) in enumerate(zip(graph.nodes, rounded.nodes, strict=True)):
        if has_real_weights(graph, node) and chosen[node.output].dtype not in FLOATS:
            name, bias = f"{node.name}.corrected", _correct(graph, node, rounded, made, exact, noisy, chosen)
            tensors[name] = constant(name, bias)
            made = replace(made, inputs=(*made.inputs[:2], name, *made.inputs[3:]))
        else:
            _run(graph, node, exact)
            _run(graph, node, noisy)
        for name in node.outputs:
            noisy[name] = _stored(noisy[name], chosen[name])
        for name in set(node.inputs) & set(exact):
            if last_use[name] == index:
                del exact[name], noisy[name]
        nodes.append(made)
    return rounded.with_nodes(nodes, tensors)


def _correct(
    graph: Graph,
    node: Node,
    rounded: Graph,
    made: Node,
    exact: Values,
    noisy: Values,
    chosen: Mapping[str, Quantization],
) -> np.ndarray:
    """The corrected bias; adds the layer's outputs to both sets of values."""
    axis = ops.get(node.op).weight_axis
    scales = [float(chosen[name].scale[0]) for name in (node.inputs[0], node.output)]
    steps, stored = weighted.integer_weights(rounded, made, axis, scales[0], weighted.scale_floor(*scales))
    bias = graph.real_constant(node.inputs[2])
    weights = stored.real(steps)
    sums = _in_batches(node, exact[node.inputs[0]], graph.real_constant(node.inputs[1]), bias)
    noisy_sums = _in_batches(node, noisy[node.inputs[0]], weights, bias)
    shift = (noisy_sums - sums).mean(axis=tuple(range(sums.ndim - 1)), dtype=np.float64).astype(np.float32)
    low, high = node.attributes.get("activation", (None, None))
    exact[node.output] = apply_activation(sums, low, high)
    noisy[node.output] = apply_activation(noisy_sums - shift, low, high)
    return bias - shift


def _in_batches(node: Node, x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    operator, size = ops.get(node.op), reference.BATCH
    parts = (x[start : start + size] for start in range(0, len(x), size))
    return np.concatenate([operator.run_float(node, [part, weights, bias])[0] for part in parts])


def _run(graph: Graph, node: Node, values: Values) -> None:
    arguments = [values[name] if name in values else graph.real_constant(name) for name in node.inputs]
    values.update(zip(node.outputs, reference.run_node(graph, node, arguments), strict=False))


def _stored(values: np.ndarray, quantization: Quantization) -> np.ndarray:
    """The real values of the numbers of a type that are nearest to some."""
    if quantization.dtype in FLOATS:
        return stored(values, quantization.dtype).astype(np.float32)
    scale, zero_point = float(quantization.scale[0]), quantization.zero_point
    return dequantize(to_integers(values, scale, zero_point, quantization.dtype), scale, zero_point)
