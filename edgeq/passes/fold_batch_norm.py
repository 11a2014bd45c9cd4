"""Batch norms disappear: into the weights and bias of the layer before, or into a 1x1 depthwise convolution.

With y = scale * (W x + b) + offset: W' = scale * W per output channel, b' = scale * b + offset.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor, constant

#: axis of the output channels in the weights
CHANNEL_AXIS = {"conv2d": 0, "dwconv2d": 2, "linear": 0}


def fold_batch_norm(graph: Graph) -> Graph:
    nodes: list[Node] = []
    tensors = dict(graph.tensors)
    made_by: dict[str, int] = {}
    for node in graph.nodes:
        if node.op == "batch_norm":
            scale, offset = graph.real_constant(node.inputs[1]), graph.real_constant(node.inputs[2])
            layer = made_by.get(node.inputs[0])
            prescribed = graph.tensor(node.inputs[0]).quantization is not None
            if layer is not None and graph.only_consumer(node.inputs[0]) is node and not prescribed:
                nodes[layer] = _folded(graph, nodes[layer], node, scale, offset, tensors)
                made_by[node.output] = layer
                continue
            nodes += _as_depthwise(graph, node, scale, offset, tensors)
            continue
        if node.op in CHANNEL_AXIS:
            made_by[node.output] = len(nodes)
        nodes.append(node)
    return graph.with_nodes(nodes, tensors)


def _folded(
    graph: Graph, layer: Node, norm: Node, scale: np.ndarray, offset: np.ndarray, tensors: dict[str, Tensor]
) -> Node:
    weights, bias = (replace(graph, tensors=tensors).real_constant(name) for name in layer.inputs[1:3])
    shape = [1] * weights.ndim
    shape[CHANNEL_AXIS[layer.op]] = -1
    names = (f"{norm.name}.weights", f"{norm.name}.bias")
    tensors[names[0]] = constant(names[0], (weights * scale.reshape(shape)).astype(np.float32))
    tensors[names[1]] = constant(names[1], (bias * scale + offset).astype(np.float32))
    return replace(layer, inputs=(layer.inputs[0], *names), outputs=norm.outputs)


def _as_depthwise(
    graph: Graph, norm: Node, scale: np.ndarray, offset: np.ndarray, tensors: dict[str, Tensor]
) -> list[Node]:
    """A 1x1 depthwise convolution, between reshapes where the operand is no image."""
    shape = graph.tensor(norm.inputs[0]).shape
    names = (f"{norm.name}.weights", f"{norm.name}.bias")
    tensors[names[0]] = constant(names[0], scale.reshape(1, 1, -1))
    tensors[names[1]] = constant(names[1], offset)
    window = {"kernel": (1, 1), "stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1)}
    attributes = MappingProxyType(window)
    if len(shape) == 4:
        return [replace(norm, op="dwconv2d", inputs=(norm.inputs[0], *names), attributes=attributes)]
    image = (1, 1, math.prod(shape[:-1]), shape[-1])
    x, y = f"{norm.name}.image", f"{norm.name}.scaled"
    tensors[x] = Tensor(x, image)
    tensors[y] = Tensor(y, image, quantization=graph.tensor(norm.output).quantization)
    return [
        Node(x, "reshape", norm.inputs[:1], (x,), MappingProxyType({"shape": image})),
        Node(y, "dwconv2d", (x, *names), (y,), attributes),
        Node(norm.name, "reshape", (y,), norm.outputs, MappingProxyType({"shape": shape})),
    ]
