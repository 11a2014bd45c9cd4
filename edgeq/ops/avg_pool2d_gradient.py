"""avg_pool2d_gradient: the gradient of an average pool's input: dy [1, out_h, out_w, C] -> [1, H, W, C] (attribute
shape). A window gives each of its pixels inside the image dy / (their number)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import conv2d_igrad, training
from edgeq.ops.base import sum_rounding
from edgeq.ops.float_types import Rounding
from edgeq.ops.spatial import Window, windows


def geometry(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_pool2d_gradient_t; the first input is dy."""
    values = conv2d_igrad.geometry(graph, node)
    values["channels"] = values.pop("in_c")
    del values["out_c"]
    return values


class AvgPool2dGradient(training.WindowGradient):
    name = "avg_pool2d_gradient"
    kernels = training.kernels("avg_pool2d_gradient", geometry, units=conv2d_igrad.rows, family="pool2d_gradient")

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        (dy,) = inputs
        shape, window = (len(dy), *node.attributes["shape"][1:]), Window.of(node.attributes)
        inside = windows(np.ones((1, *shape[1:3], 1), dy.dtype), window, 0.0).sum(axis=(3, 4))
        share = dy / inside
        return [training.spread(lambda ky, kx: share, window, (dy.shape[1], dy.shape[2]), shape, dy.dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(Window.of(node.attributes).kernel)))


OP = AvgPool2dGradient()
