"""Batch norms disappear: into the weights and bias of the layer before, or into a 1x1 depthwise convolution. So do sums
and products with a constant per channel, which are batch norms as well, and with a number where there is such a layer.

With y = scale * (W x + b) + offset: W' = scale * W per output channel, b' = scale * b + offset.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor, constant
from edgeq.ops import batch_norm

#: axis of the output channels in the weights
CHANNEL_AXIS = {"conv2d": 0, "conv2d_grouped": 0, "dwconv2d": 2, "linear": 0}


def fold_batch_norm(graph: Graph, kept: Collection[str] = ()) -> Graph:
    """`kept`: layers whose batch norms stay, by the name of the layer that these would be part of."""
    nodes: list[Node] = []
    tensors = dict(graph.tensors)
    made_by: dict[str, int] = {}
    for node in graph.nodes:
        norm = _scale_and_offset(graph, node)
        if norm is not None:
            layer = made_by.get(node.inputs[0])
            prescribed = graph.tensor(node.inputs[0]).quantization is not None
            alone = graph.only_consumer(node.inputs[0]) is node and not prescribed
            if layer is not None and (not alone or _has_activation(nodes[layer])):
                layer = None
            if node.op == "batch_norm" and (node.name if layer is None else nodes[layer].name) in kept:
                nodes.append(node)
                continue
            if layer is not None:
                nodes[layer] = _folded(graph, nodes[layer], node, *norm, tensors)
                made_by[node.output] = layer
                continue
            per_channel = norm[0].size > 1 or norm[1].size > 1
            if node.op == "batch_norm" or (per_channel and len(graph.tensor(node.output).shape) == 4):
                nodes += _as_depthwise(graph, node, *norm, tensors)
                continue
        if node.op in CHANNEL_AXIS:
            made_by[node.output] = len(nodes)
        nodes.append(node)
    return graph.with_nodes(nodes, tensors)


def _scale_and_offset(graph: Graph, node: Node) -> tuple[np.ndarray, np.ndarray] | None:
    """scale and offset of y = x * scale + offset, one entry or one a channel; None for other operators."""
    if node.op == "batch_norm":
        return batch_norm.scale_and_offset(graph, node)
    if node.op != "binary" or graph.tensor(node.output).quantization is not None:
        return None
    x, y = (graph.tensor(name) for name in node.inputs)
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    if not y.is_constant or y.elements != y.shape[-1] or y.elements not in (1, x.shape[-1]):
        return None
    value = graph.real_constant(y.name).reshape(-1)
    forms = {"add": (one, value), "sub": (one, -value), "rsub": (-one, value), "mul": (value, zero)}
    return forms.get(node.attributes["function"])


def _has_activation(node: Node) -> bool:
    return node.attributes.get("activation", (None, None)) != (None, None)


def _folded(
    graph: Graph, layer: Node, norm: Node, scale: np.ndarray, offset: np.ndarray, tensors: dict[str, Tensor]
) -> Node:
    bias = replace(graph, tensors=tensors).real_constant(layer.inputs[2])
    names = (f"{norm.name}.weights", f"{norm.name}.bias")
    tensors[names[0]] = _scaled(names[0], tensors[layer.inputs[1]], scale, CHANNEL_AXIS[layer.op])
    tensors[names[1]] = constant(names[1], (bias * scale + offset).astype(np.float32))
    made = replace(layer, inputs=(layer.inputs[0], *names), outputs=norm.outputs)
    return made.with_attributes(activation=norm.attributes["activation"]) if _has_activation(norm) else made


def _scaled(name: str, weights: Tensor, scale: np.ndarray, axis: int) -> Tensor:
    """Weights times `scale` per channel. Integers of the file are kept, but for the signs of channels with a negative
    scale; their own scales are multiplied."""
    assert weights.data is not None
    shape = [1] * weights.data.ndim
    shape[axis] = -1
    stored, signs = weights.quantization, np.where(scale < 0, -1, 1).reshape(shape)
    if stored is None:
        return constant(name, (weights.data * scale.reshape(shape)).astype(np.float32))
    flipped = weights.data.astype(np.int16) * signs
    if stored.zero_point or stored.axis not in (None, axis) or weights.dtype != "int8" or flipped.max(initial=0) > 127:
        return constant(name, (stored.real(weights.data) * scale.reshape(shape)).astype(np.float32))
    scales = np.broadcast_to(stored.scale * np.abs(scale.astype(np.float64)), weights.shape[axis])
    return constant(name, flipped.astype(np.int8), replace(stored, scale=scales.copy(), axis=axis))


def _as_depthwise(
    graph: Graph, norm: Node, scale: np.ndarray, offset: np.ndarray, tensors: dict[str, Tensor]
) -> list[Node]:
    """A 1x1 depthwise convolution, between reshapes where the operand is no image."""
    shape = graph.tensor(norm.inputs[0]).shape
    names = (f"{norm.name}.weights", f"{norm.name}.bias")
    channels = np.ones(shape[-1], np.float32)
    tensors[names[0]] = constant(names[0], (channels * scale).reshape(1, 1, -1))
    tensors[names[1]] = constant(names[1], channels * offset)
    window: dict[str, Any] = {"kernel": (1, 1), "stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1)}
    if _has_activation(norm):
        window["activation"] = norm.attributes["activation"]
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
