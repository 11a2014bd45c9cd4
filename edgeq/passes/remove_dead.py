"""Nodes whose results nobody reads go away."""

from __future__ import annotations

from edgeq.ir.graph import Graph


def remove_dead(graph: Graph) -> Graph:
    needed = set(graph.results)
    kept = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return graph.with_nodes(reversed(kept))
