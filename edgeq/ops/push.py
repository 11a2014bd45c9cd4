"""push: a window of the last inferences moves on. Inputs: the window [1, rows * length], `rows` rows of `length`
elements, and a column [1, rows]; every row loses its first element and gets its element of the column at the end.

The window is a state as a rule: the output may lie over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.base import KeepsScale, Kernel, Shape

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter


def _rows(graph: Graph, node: Node) -> int:
    return graph.tensor(node.inputs[1]).elements


class Push(KeepsScale):
    name = "push"
    in_place = (0,)
    takes_int16 = True
    joins = True
    kernels = tuple(
        Kernel(f"eq_push_b{size}_scalar", "scalar", f"push/eq_push_b{size}_scalar.c", units=_rows, dtype=dtype)
        for size, dtype in ((1, "int8"), (2, "int16"))
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        window, column = inputs
        rows = window.reshape(*column.shape, -1)
        return [np.concatenate([rows[..., 1:], column[..., None]], axis=-1).reshape(window.shape)]

    def quantize(self, converter: Converter, node: Node) -> None:
        window = converter.quantized(node.inputs[0])
        assert window.quantization is not None
        column = converter.rescaled(node.inputs[1], window.quantization, node.name)
        converter.add_keeping_scale(node, (window.name, column))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {"length": graph.tensor(node.inputs[0]).elements // _rows(graph, node)}


OP = Push()
