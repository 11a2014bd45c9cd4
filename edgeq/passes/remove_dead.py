"""Nodes whose results nobody reads go away, and outputs behind the first one that nobody reads."""

from __future__ import annotations

from dataclasses import replace

from edgeq.ir.graph import Graph


def remove_dead(graph: Graph) -> Graph:
    needed = set(graph.results)
    kept = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            read = [index for index, name in enumerate(node.outputs) if name in needed]
            kept.append(replace(node, outputs=node.outputs[: max(read) + 1]))
    return graph.with_nodes(reversed(kept))
