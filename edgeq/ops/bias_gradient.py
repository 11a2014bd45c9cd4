"""bias_gradient: the gradient of a bias, one a channel: dy [1, .., C] -> float32 [1, C], the sum of dy over all but the
last axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import training
from edgeq.ops.base import Shape, sum_rounding
from edgeq.ops.float_types import FLOAT16, FLOAT32, Rounding


def channels(graph: Graph, node: Node) -> int:
    return graph.tensor(node.output).shape[-1]


def sizes(graph: Graph, node: Node) -> dict[str, int]:
    count = channels(graph, node)
    return {"pixels": graph.tensor(node.inputs[0]).elements // count, "channels": count}


class BiasGradient(training.TrainingOperator):
    name = "bias_gradient"
    kernels = (
        *training.kernels(
            "bias_gradient",
            sizes,
            "xpulp",
            types=(FLOAT16,),
            units=channels,
            granule=lambda graph, node: 2,
            applies=lambda graph, node: "an odd number of channels" if channels(graph, node) % 2 else None,
            stores=FLOAT32,
            why="FP16 pairs of channels, float32 sums",
        ),
        *training.kernels(
            "bias_gradient",
            sizes,
            "mve",
            units=channels,
            granule=lambda graph, node: 8,
            stores=FLOAT32,
            why="float32 vectors, 8 channels",
        ),
        *training.kernels("bias_gradient", sizes, units=channels, granule=lambda graph, node: 4, stores=FLOAT32),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, inputs[0].shape[-1])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].reshape(len(inputs[0]), -1, inputs[0].shape[-1]).sum(axis=1)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(inputs[0].shape[1:-1])))


OP = BiasGradient()
