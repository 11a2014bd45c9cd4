"""softmax_gradient: the gradient of a softmax's input from its result y, over the last axis (attribute beta):

dx = beta * y * (dy - sum of dy * y)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import float_layers, softmax_wide, training
from edgeq.ops.float_types import Rounding


def _parameters(graph: Graph, node: Node) -> dict[str, Any]:
    return {"depth": graph.tensor(node.output).shape[-1], "beta": float_layers.c_number(node.attributes["beta"])}


class SoftmaxGradient(training.SameShape):
    name = "softmax_gradient"
    in_place = (0,)
    kernels = training.kernels("softmax_gradient", _parameters, units=softmax_wide.rows)

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        dy, y = inputs
        return [np.float32(node.attributes["beta"]) * y * (dy - (dy * y).sum(axis=-1, keepdims=True))]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        """A term of the sum is rounded once as a product and as often as there are terms, the result four times."""
        dy, y = (np.abs(array) for array in inputs)
        magnitude = float(node.attributes["beta"]) * y * (dy + (dy * y).sum(axis=-1, keepdims=True))
        return Rounding(y.shape[-1] + 5, magnitude)


OP = SoftmaxGradient()
