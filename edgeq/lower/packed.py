"""Weights that the firmware packs itself, because it trains them: in the order that their reader's kernel wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeq.ir.graph import DTYPE_BYTES, Graph
from edgeq.ops import pack_weights

if TYPE_CHECKING:
    from edgeq.lower.select import Candidate


@dataclass(frozen=True)
class Packing:
    """What a pack_weights layer does: its C parameters, its work, the bytes that it makes."""

    parameters: Mapping[str, Any]
    units: int
    size_bytes: int


def packings(graph: Graph, taken: Sequence[Candidate]) -> dict[str, Packing]:
    """Output of every pack_weights node -> what its one reader wants."""
    makers = {node.output: node for node in graph.nodes if node.op == pack_weights.OP.name}
    found: dict[str, Packing] = {}
    for candidate in taken:
        for position, arrangement in candidate.kernel.operands.values():
            name = candidate.node.inputs[position]
            if name not in makers:
                continue
            assert name not in found, f"{name} has two readers"
            tensor = graph.tensor(name)
            trained = pack_weights.trained_channels(graph, makers[name])
            parameters = pack_weights.parameters(tensor.shape, candidate.node, arrangement, trained)
            elements = pack_weights.packed_elements(tensor.shape, candidate.node, arrangement)
            size = elements * DTYPE_BYTES[tensor.dtype]
            found[name] = Packing(parameters, pack_weights.units(parameters), size)
    return found
