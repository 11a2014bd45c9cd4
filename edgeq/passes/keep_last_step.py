"""Recurrent layers of which only the last step is read, or only the state, store the last step alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from edgeq.ir.graph import Graph, Node

RECURRENT = ("gru", "lstm")


def keep_last_step(graph: Graph) -> Graph:
    tensors = dict(graph.tensors)
    shortened: dict[str, Node] = {}
    views: dict[str, Node] = {}
    for node in graph.nodes:
        readers = [reader for reader in graph.nodes if node.output in reader.inputs]
        if node.op not in RECURRENT or node.output in graph.results:
            continue
        if all(_is_last_step(graph, node, reader) for reader in readers):
            shape = (1, 1, tensors[node.output].shape[2])
            tensors[node.output] = replace(tensors[node.output], shape=shape)
            shortened[node.name] = node.with_attributes(last=True)
            attributes = MappingProxyType({"shape": shape})
            views |= {reader.name: replace(reader, op="reshape", attributes=attributes) for reader in readers}
    return graph.with_nodes((shortened.get(n.name) or views.get(n.name) or n for n in graph.nodes), tensors)


def _is_last_step(graph: Graph, layer: Node, reader: Node) -> bool:
    """Whether `reader` takes the last computed step of `layer` out of its outputs, all cells of it."""
    _, steps, cells = graph.tensor(layer.output).shape
    if reader.op != "slice":
        return False
    k = reader.attributes
    last = 0 if layer.attributes["reverse"] else steps - 1
    whole = k["start"][2] == 0 and k["size"][2] == cells and k["step"][2] == 1
    return bool(whole and k["size"][1] == 1 and k["start"][1] == last)
