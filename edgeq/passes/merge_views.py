"""Reshapes move behind elementwise operators and merge, so that layers meet that are written with other shapes between
them (a convolution over a signal, its activation, the next one); reshapes that change nothing disappear."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from edgeq.ir.graph import Graph, Node

#: operators that treat every element by itself
ELEMENTWISE = ("add", "binary", "clamp", "unary")


def merge_views(graph: Graph) -> Graph:
    nodes: list[Node] = []
    tensors = dict(graph.tensors)
    source: dict[str, str] = {}  # result of a reshape -> what it is a view of
    same: dict[str, str] = {}  # result of a reshape that changes nothing -> its source
    for original in graph.nodes:
        node = replace(original, inputs=tuple(same.get(name, name) for name in original.inputs))
        if node.op == "reshape":
            base = source.get(node.inputs[0], node.inputs[0])
            node = replace(node, inputs=(base,))
            if tensors[base].shape == tensors[node.output].shape and _may_replace(graph, node.output, base):
                same[node.output] = base
                continue
            source[node.output] = base
        elif node.op in ELEMENTWISE and all(name in source for name in node.inputs):
            bases = [source[name] for name in node.inputs]
            shapes = {tensors[name].shape for name in bases}
            broadcasts = any(tensors[name].shape != tensors[node.output].shape for name in node.inputs)
            if len(shapes) == 1 and not broadcasts:
                made = f"{node.output}.viewed"
                tensors[made] = replace(tensors[node.output], name=made, shape=shapes.pop())
                nodes.append(replace(node, inputs=tuple(bases), outputs=(made,)))
                attributes = MappingProxyType({"shape": tensors[node.output].shape})
                node = Node(f"{node.name}.view", "reshape", (made,), (node.output,), attributes)
                source[node.output] = made
        nodes.append(node)
    return graph.with_nodes(nodes, tensors)


def _may_replace(graph: Graph, name: str, base: str) -> bool:
    """Whether readers of `name` may read `base`: a model's output keeps its name, a prescribed quantization its
    tensor."""
    prescribed = graph.tensor(name).quantization
    before = graph.tensors[base].quantization if base in graph.tensors else None
    agree = prescribed is None or (before is not None and before.same_as(prescribed))
    return name not in graph.results and agree
