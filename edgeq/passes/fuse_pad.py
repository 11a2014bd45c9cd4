"""Zero padding in front of a convolution becomes the convolution's own padding."""

from __future__ import annotations

from dataclasses import replace

from edgeq.ir.graph import Graph, Node


def fuse_pad(graph: Graph) -> Graph:
    producers = graph.producers()
    nodes: list[Node] = []
    for node in graph.nodes:
        pad = producers.get(node.inputs[0])
        if node.op in ("conv2d", "conv2d_grouped", "dwconv2d") and pad is not None and _is_zero_image_pad(graph, pad):
            added = pad.attributes["padding"][:4]
            total = tuple(own + extra for own, extra in zip(node.attributes["padding"], added, strict=True))
            node = replace(node, inputs=(pad.inputs[0], *node.inputs[1:])).with_attributes(padding=total)
        nodes.append(node)
    read = {name for node in nodes for name in node.inputs} | set(graph.results)
    return graph.with_nodes(node for node in nodes if node.op != "pad" or node.output in read)


def _is_zero_image_pad(graph: Graph, node: Node) -> bool:
    if node.op != "pad" or node.attributes["value"] != 0.0 or node.attributes["padding"][4:] != (0, 0):
        return False
    before, after = (graph.tensor(name).quantization for name in (node.inputs[0], node.output))
    return after is None or (before is not None and before.same_as(after))
