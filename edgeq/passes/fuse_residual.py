"""An add behind a convolution that it alone reads becomes part of the convolution (edgeq/ops/residual.py).

A pass over the integer graph. Where it pays is decided by the memory plan (edgeq/plan/residual.py).
"""

from __future__ import annotations

from collections.abc import Collection

from edgeq.ir.graph import Graph, Node
from edgeq.ops import add, residual


def fusible(graph: Graph) -> dict[str, str]:
    """Add -> the convolution that can take it over: the last made of its operands."""
    made_at = {name: index for index, node in enumerate(graph.nodes) for name in node.outputs}
    found = {}
    for node in graph.nodes:
        if node.op != "add" or graph.tensor(node.output).dtype != "int8" or add.cheap_coefficients(graph, node) is None:
            continue
        last = max(node.inputs[:2], key=lambda name: made_at.get(name, -1))
        if last not in made_at or node.inputs[0] == node.inputs[1]:
            continue
        layer = graph.nodes[made_at[last]]
        if layer.op == "conv2d" and not residual.is_fused(layer) and graph.only_consumer(last) is node:
            found[node.name] = layer.name
    return found


def fuse_residual(graph: Graph, adds: Collection[str]) -> Graph:
    """The graph with the named adds, all of them `fusible`, inside their convolutions."""
    layers = {layer: add for add, layer in fusible(graph).items() if add in adds}
    by_name = {node.name: node for node in graph.nodes}
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.name in layers:
            node = residual.fused(graph, node, by_name[layers[node.name]])
        if node.name not in adds:
            nodes.append(node)
    return graph.with_nodes(nodes)
