"""Ends of states made in the states' own memory.

The end of a state may be written over its start once nothing reads the start any more, or by the operator that reads it
last and works in place. Where the order of the nodes doesn't allow that, a copy behind all other nodes does it.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from edgeq import ops
from edgeq.ir.graph import Graph, Node, State, Tensor


def maker_of(graph: Graph, name: str) -> tuple[Node | None, str]:
    """The node that computes an activation's bytes, and its output, of which `name` is a view; no node for what is
    given."""
    producers = graph.producers()
    while (node := producers.get(name)) is not None and ops.get(node.op).is_view:
        name = node.inputs[0]
    return node, name


def made_in_place(graph: Graph) -> Graph:
    """The graph with a copy for every state whose end could not be made where its start lies."""
    if not graph.states:
        return graph
    tensors = dict(graph.tensors)
    starts = {state.start for state in graph.states}
    nodes = _with_outputs_apart(graph, starts, tensors)
    graph = graph.with_nodes(nodes, tensors)
    states: list[State] = []
    late: list[Node] = []
    taken: set[str] = set()
    for state in graph.states:
        if state.only_read:
            states.append(state)
            continue
        node, made = maker_of(graph, state.end)
        if node is not None and made not in taken and _may_overwrite(graph, node, made, state):
            taken.add(made)
            states.append(state)
            continue
        source = state.end
        if made in starts:  # another copy may overwrite it
            nodes.append(_copy(tensors, source, f"{state.start}.next"))
            source = nodes[-1].output
        late.append(_copy(tensors, source, f"{state.start}.end"))
        states.append(replace(state, end=late[-1].output))
    return replace(graph, states=tuple(states)).with_nodes([*nodes, *late], tensors)


def _with_outputs_apart(graph: Graph, starts: set[str], tensors: dict[str, Tensor]) -> list[Node]:
    """The nodes, with copies for outputs that are views of a state's start, which will be overwritten."""
    nodes: list[Node] = []
    for node in graph.nodes:
        if ops.get(node.op).is_view and node.output in graph.outputs and maker_of(graph, node.output)[1] in starts:
            nodes.append(_copy(tensors, node.inputs[0], f"{node.name}.copy"))
            node = replace(node, inputs=(nodes[-1].output,))
        nodes.append(node)
    return nodes


def _copy(tensors: dict[str, Tensor], source: str, name: str) -> Node:
    tensors[name] = replace(tensors[source], name=name)
    return Node(name, "copy", (source,), (name,), MappingProxyType({}))


def _may_overwrite(graph: Graph, maker: Node, made: str, state: State) -> bool:
    """Whether all that reads the state's start comes before the maker of its end (its output `made`), which may itself
    read it in place."""
    views = {state.start}
    last_at = -1
    order = {node.name: index for index, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if ops.get(node.op).is_view and node.inputs[0] in views:
            views.update(node.outputs)
            if set(node.outputs) & set(graph.results):
                return False
        elif views.intersection(node.inputs):
            last_at = order[node.name]
    at = order[maker.name]
    allowed = ops.get(maker.op).overwritten(maker, maker.outputs.index(made))
    places = [index for index, name in enumerate(maker.inputs) if name in views]
    return last_at < at or (last_at == at and len(places) == 1 and places[0] in allowed)
