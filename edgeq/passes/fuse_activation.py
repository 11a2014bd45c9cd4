"""A clamp (relu, relu6, ...) that alone reads a layer's output becomes that layer's `activation` (low, high), also
where the output's elements are moved in between."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from edgeq.ir.graph import Graph, Node

FUSIBLE = (
    "conv2d",
    "conv2d_grouped",
    "dwconv2d",
    "linear",
    "add",
    "mean",
    "avg_pool2d",
    "max_pool2d",
    "clamp",
    "unary",
    "binary",
    "reduce",
    "matmul",
    "normalize",
    "batch_norm",
    "svdf",
)
#: operators whose output is elements of their only input
MOVES = ("reshape", "transpose", "slice")


def fuse_activation(graph: Graph) -> Graph:
    nodes: list[Node] = []
    made_by: dict[str, int] = {}
    moved: dict[int, int] = {}  # movement -> the layer whose output it moves, for it alone
    for node in graph.nodes:
        maker = made_by.get(node.inputs[0])
        if node.op == "clamp" and maker is not None and _may_disappear(graph, node.inputs[0], node):
            if maker in moved:
                layer = moved[maker]
                nodes[layer] = _fused(nodes[layer], node, nodes[layer].output)
                nodes[maker] = replace(nodes[maker], outputs=node.outputs)
            else:
                nodes[maker] = _fused(nodes[maker], node, node.output)
            made_by[node.output] = maker
            continue
        if node.op in FUSIBLE:
            made_by[node.output] = len(nodes)
        elif node.op in MOVES and maker is not None and _may_disappear(graph, node.inputs[0], node):
            moved[len(nodes)] = moved.get(maker, maker)
            made_by[node.output] = len(nodes)
        nodes.append(node)
    return graph.with_nodes(nodes)


def _may_disappear(graph: Graph, name: str, reader: Node) -> bool:
    """Whether nothing but `reader` needs the activation, and no file prescribes how it is rounded."""
    return graph.only_consumer(name) is reader and graph.tensor(name).quantization is None


def _fused(layer: Node, clamp: Node, output: str) -> Node:
    """`layer` with the clamp's bounds on top of its own, making `output`."""
    merged = _within(bounds_of(layer), bounds_of(clamp))
    if layer.op == "clamp":
        attributes = MappingProxyType({"min": merged[0], "max": merged[1]})
        return replace(layer, outputs=(output,), attributes=attributes)
    return replace(layer, outputs=(output,)).with_attributes(activation=merged)


def bounds_of(node: Node) -> tuple[float | None, float | None]:
    if node.op == "clamp":
        return (node.attributes["min"], node.attributes["max"])
    return node.attributes.get("activation", (None, None))


def _within(
    first: tuple[float | None, float | None], second: tuple[float | None, float | None]
) -> tuple[float | None, float | None]:
    """Bounds of clamping to `first`, then to `second`."""

    def limit(value: float | None) -> float | None:
        low, high = second
        if value is None:
            return None
        value = max(value, low) if low is not None else value
        return min(value, high) if high is not None else value

    low = second[0] if first[0] is None else limit(first[0])
    high = second[1] if first[1] is None else limit(first[1])
    return (low, high)
