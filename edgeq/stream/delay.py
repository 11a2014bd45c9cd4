"""Activations that wait: those of some moments ago, which is how a network that streams looks ahead.

A model writes it as a cut at the end and zeros before (`functional.pad(x, (0, 0, rows, -rows))`), in either order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeq.ir.graph import Graph, Node
from edgeq.ops.float_types import FLOATS


@dataclass(frozen=True)
class Delay:
    """`source` of `rows` moments ago. `inner`: the activation between the two nodes that make it."""

    source: str
    rows: int
    inner: str


def delays(graph: Graph) -> dict[str, Delay]:
    """What waits, by the delayed activation's name."""
    return dict(_found(graph))


def _found(graph: Graph) -> Iterator[tuple[str, Delay]]:
    producers = {node.output: node for node in graph.nodes}
    readers = [name for node in graph.nodes for name in node.inputs] + list(graph.outputs)
    for outer in graph.nodes:
        inner = producers.get(outer.inputs[0])
        if inner is None or readers.count(inner.output) != 1:
            continue
        by_op = {node.op: node for node in (inner, outer)}
        if by_op.keys() != {"pad", "slice"}:
            continue
        before, behind = graph.tensor(inner.inputs[0]), graph.tensor(outer.output)
        rows = _zeros_before(graph, by_op["pad"])
        if rows and before.shape == behind.shape and _begins(by_op["slice"]):
            yield outer.output, Delay(before.name, rows, inner.output)


def _zeros_before(graph: Graph, pad: Node) -> int:
    """Rows of real zeros that are all the node adds; 0 where it adds something else."""
    top, *others = pad.attributes["padding"]
    x = graph.tensor(pad.output)
    zero = 0 if x.dtype in FLOATS else x.zero_point
    return int(top) if not any(others) and pad.attributes["value"] == zero else 0


def _begins(cut: Node) -> bool:
    """Whether it keeps what comes first."""
    return not any(cut.attributes["start"]) and all(step == 1 for step in cut.attributes["step"])
