"""copy: the same bytes in another place. Only states need it (edgeq/lower/states.py); no frontend makes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import moves
from edgeq.ops.base import Shape


class Copy(moves.Move):
    name = "copy"

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].copy()]

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        shape = graph.tensor(node.outputs[0]).shape
        return moves.parameters(shape, moves.strides_of(shape), 0)


OP = Copy()
