"""Sensitivity by measurement: how far the network's outputs are from the float network's (difference.py) when one layer
alone is quantized, over calibration data. HAWQ-V3 and many later integer programs minimise an estimate of the like.

What the program minimises is the sum over layers. For small changes of the scores the divergence is a quadratic form of
them, and that of several layers the sum of theirs as far as their errors are uncorrelated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgeq import reference
from edgeq.ir.graph import Graph, Node, Quantization, Tensor, constant
from edgeq.precision_search.difference import Arrays
from edgeq.quantize.data import as_stored


def output_error(
    graph: Graph,
    layer: Node,
    weights: Tensor,
    bias: np.ndarray,
    stored: Quantization,
    inputs: Arrays,
    difference: Callable[[Arrays], float],
) -> float:
    """The `difference` of the outputs with these weights (float or integer with scales) and bias in the layer, and its
    output rounded as `stored`."""

    def rounded(name: str, values: np.ndarray) -> np.ndarray:
        return as_stored(values, stored) if name == layer.output else values

    return difference(reference.run(with_weights(graph, layer, weights, bias), inputs, change=rounded))


def with_weights(graph: Graph, layer: Node, weights: Tensor, bias: np.ndarray | None = None) -> Graph:
    """The graph with other weights, and bias if given, in one layer."""
    tensors = {**graph.tensors, weights.name: weights}
    operands = [layer.inputs[0], weights.name, *layer.inputs[2:]]
    if bias is not None:
        operands[2] = f"{layer.name}.shifted"
        tensors[operands[2]] = constant(operands[2], bias)
    made = replace(layer, inputs=tuple(operands))
    return graph.with_nodes([made if node is layer else node for node in graph.nodes], tensors)
