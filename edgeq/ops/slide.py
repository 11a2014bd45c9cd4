"""slide: a window over a stream moves on. Inputs: the window [1, rows, ..] and new rows [1, n, ..], n < rows; the
window loses its first n rows and gets the new ones at the end.

The window is a state as a rule: the output may lie over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.base import KeepsScale, Kernel, Shape

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter


class Slide(KeepsScale):
    name = "slide"
    in_place = (0,)
    takes_int16 = True
    joins = True
    kernels = (
        Kernel("eq_slide_scalar", "scalar", "slide/eq_slide_scalar.c", units=lambda graph, node: 1, dtype="bytes"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        window, new = inputs
        return [np.concatenate([window[:, new.shape[1] :], new], axis=1)]

    def quantize(self, converter: Converter, node: Node) -> None:
        window = converter.quantized(node.inputs[0])
        assert window.quantization is not None
        new = converter.rescaled(node.inputs[1], window.quantization, node.name)
        converter.add_keeping_scale(node, (window.name, new))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        window, new = graph.input_tensors(node)
        return {"kept": window.size_bytes - new.size_bytes, "added": new.size_bytes}


OP = Slide()
