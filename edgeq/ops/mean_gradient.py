"""mean_gradient: the gradient of a global average's input: dy [1, 1, 1, C] -> [1, H, W, C] (attribute shape), every
pixel dy / (H * W)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import training
from edgeq.ops.base import output_pixels, sum_rounding
from edgeq.ops.float_types import Rounding


def _sizes(graph: Graph, node: Node) -> dict[str, int]:
    return {"pixels": output_pixels(graph, node), "channels": graph.tensor(node.output).shape[3]}


class MeanGradient(training.WindowGradient):
    name = "mean_gradient"
    kernels = training.kernels("mean_gradient", _sizes, units=output_pixels)

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        _, height, width, channels = node.attributes["shape"]
        share = inputs[0] / inputs[0].dtype.type(height * width)
        return [np.broadcast_to(share, (len(share), height, width, channels)).copy()]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, 1)


OP = MeanGradient()
