"""lut: int8 -> int8 through a table of 256 entries, y = table[x + 128]. Integer graphs only: change of scale, and
whatever else one byte can decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops.base import Constant, Kernel, Operator, Shape, elements_per_sample, same_row
from edgeq.ops.spatial import RowReach


def rescale_table(source: Quantization, target: Quantization) -> np.ndarray:
    """int8 [256]: the value that `target` gives to each value of `source`, rounded half to even and clamped."""
    real = source.scale[0] * (np.arange(-128, 128) - source.zero_point)
    return np.clip(np.rint(real / target.scale[0]) + target.zero_point, -128, 127).astype(np.int8)


def pack_scalar(graph: Graph, node: Node) -> dict[str, Constant]:
    return {"table": Constant("int8_t", graph.constant(node.inputs[1]))}


class Lut(Operator):
    name = "lut"
    in_place = (0,)
    kernels = (
        Kernel("eq_lut_s8_scalar", "scalar", "lut/eq_lut_s8_scalar.c", units=elements_per_sample, pack=pack_scalar),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[1][inputs[0].astype(np.int16) + 128]]

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node


OP = Lut()
