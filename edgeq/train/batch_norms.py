"""Batch norms in training form: those behind trained layers stay in the graph, with gain and bias to train and running
statistics, instead of being folded into the layers before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node
from edgeq.passes import canonicalize
from edgeq.train.trainable import Choice

OPERATOR = "batch_norm"


def kept(imported: Graph, choice: Mapping[str, Choice]) -> tuple[Graph, dict[str, Choice]]:
    """The canonical form of a graph as it was imported, with the batch norms of the layers in `choice`; and what is
    trained of its layers. A norm is trained as its layer is, whose bias it has in it: that would have no gradient.

    Raises EdgeqError where there is none, and where one has a single value a channel, which has no variance."""
    graph = canonicalize(imported, frozenset(choice))
    producers, found = graph.producers(), dict(choice)
    norms = [node for node in graph.nodes if node.op == OPERATOR]
    if not norms:
        raise EdgeqError(f"--train: {OPERATOR}, but no layer that is trained has a batch norm behind it")
    for node in norms:
        if pixels(graph, node) < 2:
            raise EdgeqError(
                f"layer {node.name}: a batch norm of one value a channel has no statistics to train with; leave the "
                f"word {OPERATOR} out"
            )
        if node.name in choice:  # on its own
            continue
        layer = producers[node.inputs[0]].name
        found[node.name], found[layer] = choice[layer], replace(choice[layer], bias=False)
    return graph, found


def pixels(graph: Graph, node: Node) -> int:
    """Values of a channel in a sample."""
    tensor = graph.tensor(node.output)
    return tensor.elements // tensor.shape[-1]
