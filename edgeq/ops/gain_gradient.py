"""gain_gradient: the gradient of a factor per channel: dy and x [1, .., C] -> float32 [1, C], the sum of dy * x over
all but the last axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import bias_gradient, training
from edgeq.ops.base import Shape, sum_rounding
from edgeq.ops.float_types import Rounding


class GainGradient(training.TrainingOperator):
    name = "gain_gradient"
    kernels = training.kernels("gain_gradient", bias_gradient.sizes, units=bias_gradient.channels, stores="float32")

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, inputs[0].shape[-1])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        products = inputs[0] * inputs[1]
        return [products.reshape(len(products), -1, products.shape[-1]).sum(axis=1)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(inputs[0].shape[1:-1])) + 1)

    def macs(self, graph: Graph, node: Node) -> int:
        return graph.tensor(node.inputs[0]).elements


OP = GainGradient()
