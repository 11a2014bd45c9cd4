"""Cross-layer equalization: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-Free Quantization Through Weight
Equalization and Bias Correction", ICCV 2019, arXiv 1906.04721, section 4.1.

Between two layers with nothing or a relu between them, channel i can be divided by any s_i > 0 in the first and
multiplied by it in the second: relu(s x) = s relu(x). With r1_i and r2_i the largest magnitudes of its weights in the
two, s_i = sqrt(r1_i * r2_i) / r2_i makes them equal. Pairs are equalized one after another until nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edgeq import ops
from edgeq.ir.graph import Graph, Node, constant
from edgeq.ops import weighted
from edgeq.quantize.weights import has_real_weights

ROUNDS = 30
#: factors this near 1 do not count as moving
STILL = 1e-3


def equalized(graph: Graph) -> Graph:
    """The same function with equalized weights. Activations between the layers of a pair no longer are the model's own:
    they lose their origin."""
    pairs = list(_pairs(graph))
    weights = {node.name: [graph.constant(name) for name in node.inputs[1:3]] for pair in pairs for node in pair}
    for _ in range(ROUNDS):
        moved = max((_equalize(weights, *pair) for pair in pairs), default=0.0)
        if moved < STILL:
            break
    tensors, nodes = dict(graph.tensors), []
    for node in graph.nodes:
        if node.name in weights:
            names = tuple(f"{node.name}.equalized_{what}" for what in ("weights", "bias"))
            tensors.update({name: constant(name, data) for name, data in zip(names, weights[node.name], strict=True)})
            node = replace(node, inputs=(node.inputs[0], *names))
        nodes.append(node)
    changed = {first.output for first, _ in pairs}
    origins = {name: origin for name, origin in graph.origins.items() if name not in changed}
    return replace(graph, origins=MappingProxyType(origins)).with_nodes(nodes, tensors)


def _pairs(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Layers whose output only one other layer reads, with that layer."""
    for first in graph.nodes:
        second = graph.only_consumer(first.output)
        if second is None or second.inputs[0] != first.output or graph.tensor(first.output).quantization is not None:
            continue
        linear = first.attributes.get("activation", (None, None)) in ((None, None), (0.0, None))
        shared = ops.get(second.op).weight_input_axis >= 0
        if linear and shared and has_real_weights(graph, first) and has_real_weights(graph, second):
            yield first, second


def _equalize(weights: dict[str, list[np.ndarray]], first: Node, second: Node) -> float:
    """Equalizes a pair in place; the largest |log s| that it took."""
    (w1, b1), (w2, b2) = weights[first.name], weights[second.name]
    axes = ops.get(first.op).weight_axis, ops.get(second.op).weight_input_axis
    r1, r2 = (
        np.abs(w).max(axis=weighted.other_axes(w, axis)).astype(np.float64)
        for w, axis in zip((w1, w2), axes, strict=True)
    )
    used = (r1 > 0) & (r2 > 0)
    s = np.where(used, np.sqrt(r1 / np.where(used, r2, 1.0)), 1.0)
    shapes = [[-1 if index == axis else 1 for index in range(w.ndim)] for w, axis in zip((w1, w2), axes, strict=True)]
    weights[first.name] = [(w1 / s.reshape(shapes[0])).astype(np.float32), (b1 / s).astype(np.float32)]
    weights[second.name] = [(w2 * s.reshape(shapes[1])).astype(np.float32), b2]
    return float(np.abs(np.log(s)).max(initial=0.0))
