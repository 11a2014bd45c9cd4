"""Less memory for more work: activations that only wait for the backward part are dropped and computed again.

Which ones is a heuristic that looks at the plan itself: as long as the arena is too large, of all activations that wait
while the arena is fullest the one is dropped that saves most bytes of it, and among equals the one that costs fewest
multiply-accumulates; what it is computed from stays, or is computed again before it (T. Chen et al., "Training Deep
Nets with Sublinear Memory Cost", 2016, arXiv 1604.06174, has the idea)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from edgeq import ops
from edgeq.ir.graph import Graph, Node
from edgeq.ops import pack_weights
from edgeq.plan.arena import Plan
from edgeq.train.derive import TrainingGraph

#: the most activations tried at a time, the largest first
TRIED = 12


@dataclass(frozen=True, eq=False)
class Lean:
    """A training step that keeps less: `again` are the forward nodes that run twice, `whole` the arena without that."""

    training: TrainingGraph
    again: tuple[str, ...]
    whole: int
    arena_bytes: int


def within(training: TrainingGraph, limit: int, plan: Callable[[Graph], Plan]) -> Lean:
    """The step with an arena of at most `limit` bytes, or the smallest one found; `plan` of a graph."""
    whole = best = plan(training.graph)
    again: list[str] = []
    graph = training.graph
    while best.arena_bytes > limit:
        found: tuple[int, int, str, Graph, Plan] | None = None
        for node in _candidates(graph, training.forward, again, best):
            tried = computed_again(graph, training.forward, node)
            arena = plan(tried)
            key = (arena.arena_bytes, ops.get(node.op).macs(graph, node))
            if arena.arena_bytes < best.arena_bytes and (found is None or key < found[:2]):
                found = (*key, node.name, tried, arena)
        if found is None:
            break
        graph, best = found[3], found[4]
        again.append(found[2])
    return Lean(replace(training, graph=graph), tuple(again), whole.arena_bytes, best.arena_bytes)


def _candidates(graph: Graph, forward: int, again: list[str], plan: Plan) -> list[Node]:
    """Forward nodes whose output waits for the backward part while the arena is fullest, the largest outputs first."""
    nodes = graph.nodes[:forward]
    fullest = max({buffer.first for buffer in plan.in_arena}, key=lambda t: sum(b.size_bytes for b in plan.live_at(t)))
    live = {name for buffer in plan.live_at(fullest) for name in buffer.tensors}
    late = {name for node in graph.nodes[forward:] for name in node.inputs}
    waiting = [
        node
        for node in nodes
        if node.output in late
        and node.output in live
        and node.output not in graph.results
        and node.name not in again
        and node.op != pack_weights.OP.name
        and not ops.get(node.op).is_view
        and len(node.outputs) == 1
    ]
    return sorted(waiting, key=lambda node: -graph.tensor(node.output).size_bytes)[:TRIED]


def computed_again(graph: Graph, forward: int, node: Node) -> Graph:
    """The graph in which the backward part reads the output of a second run of a forward node, right before it first
    does. What that is computed from is read from a second run as well where there is one, which then moves in front."""
    makers = {other.output: other for other in graph.nodes[:forward]}
    twice = {name for other in graph.nodes[forward:] for name in other.outputs}
    names = {node.output: f"{node.output}.again"}
    tensors = dict(graph.tensors)
    second: list[Node] = []
    for name in node.inputs:
        maker = makers.get(name)
        if maker is not None and maker.op == pack_weights.OP.name:  # packed weights have one reader each
            names[name] = f"{name}.again"
            second.append(replace(maker, name=f"{maker.name}.again", outputs=(names[name],)))
        elif f"{name}.again" in twice:
            names[name] = f"{name}.again"
    inputs = tuple(names.get(name, name) for name in node.inputs)
    second.append(replace(node, name=f"{node.name}.again", inputs=inputs, outputs=(names[node.output],)))
    for name, made in names.items():
        tensors[made] = replace(tensors[name], name=made)
    nodes = list(graph.nodes[:forward])
    for other in graph.nodes[forward:]:
        if node.output in other.inputs:
            nodes += second
            second = []
            other = replace(other, inputs=tuple(names.get(name, name) for name in other.inputs))
        nodes.append(other)
    return replace(graph, tensors=MappingProxyType(tensors)).with_nodes(_makers_first(nodes), tensors)


def _makers_first(nodes: list[Node]) -> list[Node]:
    """The nodes in their order, but for those that are needed earlier."""
    makers = {name: node for node in nodes for name in node.outputs}
    placed: dict[str, Node] = {}

    def place(node: Node) -> None:
        if node.name not in placed:
            for name in node.inputs:
                if name in makers:
                    place(makers[name])
            placed[node.name] = node

    for node in nodes:
        place(node)
    return list(placed.values())
