"""Integer weights by the method that a recipe chooses: the float graph gets them as a file with integer weights has
them, and everything behind takes them as they are. "minmax" is what layers do by themselves (ops/weighted.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from edgeq import ops
from edgeq.ir.graph import Graph, Node, Quantization, constant
from edgeq.ops import weighted
from edgeq.quantize.omse import least_error_scales

#: method -> scales of a layer's weights from the weights and the axis of their output channels
WEIGHTS: Mapping[str, Callable[[np.ndarray, int], np.ndarray] | None] = {"minmax": None, "omse": least_error_scales}


def with_integer_weights(graph: Graph, methods: Mapping[str, str], chosen: Mapping[str, Quantization]) -> Graph:
    """`methods`: layer -> key of WEIGHTS. `chosen`: quantization of the activations."""
    tensors, nodes = dict(graph.tensors), []
    for node in graph.nodes:
        method = WEIGHTS[methods.get(node.name, "minmax")]
        if method is not None and has_real_weights(graph, node):
            axis, weights = ops.get(node.op).weight_axis, graph.constant(node.inputs[1])
            x, y = (float(chosen[name].scale[0]) for name in (node.inputs[0], node.output))
            bias = graph.real_constant(node.inputs[2])
            scales = weighted.bounded_scales(method(weights, axis), bias, x, weighted.scale_floor(x, y))
            name = f"{node.name}.rounded"
            made = weighted.rounded(weights, scales, axis)
            tensors[name] = constant(name, made, Quantization(scales, 0, axis))
            node = replace(node, inputs=(node.inputs[0], name, *node.inputs[2:]))
        nodes.append(node)
    return graph.with_nodes(nodes, tensors)


def has_real_weights(graph: Graph, node: Node) -> bool:
    """Whether the node is a layer with constant weights and bias in float."""
    if ops.get(node.op).weight_axis < 0:
        return False
    return all(graph.tensor(name).is_constant and graph.tensor(name).dtype == "float32" for name in node.inputs[1:3])
