"""Recurrent layers of which only the last step is read, or only the state, store the last step alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from edgeq.ir.graph import Graph, Node

RECURRENT = ("gru", "lstm")


def keep_last_step(graph: Graph) -> Graph:
    tensors = dict(graph.tensors)
    shortened: dict[str, Node] = {}
    for node in graph.nodes:
        if node.op not in RECURRENT:
            continue
        readers = _readers_of_last_step(graph, node, node.output)
        if readers is None:
            continue
        _, steps, cells = tensors[node.output].shape
        tensors[node.output] = replace(tensors[node.output], shape=(1, 1, cells))
        shortened[node.name] = node.with_attributes(last=True)
        for reader in readers:
            before = graph.tensor(reader.output).shape[:-1]
            shape = (*(1 if size == steps else size for size in before), cells)
            tensors[reader.output] = replace(tensors[reader.output], shape=shape)
            shortened[reader.name] = replace(reader, op="reshape", attributes=MappingProxyType({"shape": shape}))
    return graph.with_nodes((shortened.get(node.name, node) for node in graph.nodes), tensors)


def _readers_of_last_step(graph: Graph, layer: Node, name: str) -> list[Node] | None:
    """Slices that take the last computed step of `layer` out of `name`, a view of its outputs, and views between; None
    where anything else reads it."""
    if name in graph.results:
        return None
    found: list[Node] = []
    for reader in graph.nodes:
        if name not in reader.inputs:
            continue
        found.append(reader)
        if reader.op == "reshape" and _time_axis(graph, layer, reader.output) is not None:
            behind = _readers_of_last_step(graph, layer, reader.output)
            if behind is None:
                return None
            found += behind
        elif reader.op != "slice" or not _is_last_step(graph, layer, reader):
            return None
    return found


def _time_axis(graph: Graph, layer: Node, name: str) -> int | None:
    """The axis of the steps in a view of a layer's outputs whose last axis is still that of the cells."""
    _, steps, cells = graph.tensor(layer.output).shape
    shape = graph.tensor(name).shape
    axes = [axis for axis, size in enumerate(shape[:-1]) if size != 1]
    if steps == 1 or shape[-1] != cells or [shape[axis] for axis in axes] != [steps]:
        return None
    return axes[0]


def _is_last_step(graph: Graph, layer: Node, reader: Node) -> bool:
    """Whether `reader` takes the last computed step of `layer` out of its outputs, all cells of it."""
    axis = _time_axis(graph, layer, reader.inputs[0])
    if axis is None:
        return False
    k = reader.attributes
    last = 0 if layer.attributes["reverse"] else graph.tensor(layer.output).shape[1] - 1
    whole = k["start"][-1] == 0 and k["size"][-1] == graph.tensor(layer.output).shape[2] and k["step"][-1] == 1
    return bool(whole and k["size"][axis] == 1 and k["start"][axis] == last)
