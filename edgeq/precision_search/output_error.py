"""Sensitivity by measurement: the mean squared error of the network's outputs when one layer alone is quantized. The
measure of HAWQ-V3's and many later integer programs' objective, taken at the outputs (logits) themselves rather than
estimated: error(l, p) = E || f(x; W) - f(x; W with Q_p(W_l)) ||^2 / outputs, over calibration data.

What the program minimises is the sum over layers: errors of different layers are taken as uncorrelated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgeq import reference
from edgeq.ir.graph import Graph, Node, Quantization, Tensor, constant
from edgeq.quantize.data import dequantize, to_integers

Arrays = Mapping[str, np.ndarray]


def squared_error(exact: Arrays, made: Arrays) -> float:
    """Mean squared difference, summed over the network's outputs."""
    return sum(float(np.mean(np.square(exact[name] - made[name], dtype=np.float64))) for name in exact)


def output_error(
    graph: Graph, layer: Node, weights: Tensor, bias: np.ndarray, stored: Quantization, inputs: Arrays, exact: Arrays
) -> float:
    """The error of the outputs `exact` with these weights (float or integer with scales) and bias in the layer, and
    its output rounded as `stored`."""

    def rounded(name: str, values: np.ndarray) -> np.ndarray:
        if name != layer.output:
            return values
        scale, zero_point = float(stored.scale[0]), stored.zero_point
        return dequantize(to_integers(values, scale, zero_point, stored.dtype), scale, zero_point)

    return squared_error(exact, reference.run(with_weights(graph, layer, weights, bias), inputs, change=rounded))


def with_weights(graph: Graph, layer: Node, weights: Tensor, bias: np.ndarray | None = None) -> Graph:
    """The graph with other weights, and bias if given, in one layer."""
    tensors = {**graph.tensors, weights.name: weights}
    operands = [layer.inputs[0], weights.name, *layer.inputs[2:]]
    if bias is not None:
        operands[2] = f"{layer.name}.shifted"
        tensors[operands[2]] = constant(operands[2], bias)
    made = replace(layer, inputs=tuple(operands))
    return graph.with_nodes([made if node is layer else node for node in graph.nodes], tensors)
