"""dwconv2d_wgrad: the gradient of a depthwise convolution's weights. x [1, H, W, C], dy [1, out_h, out_w, C] ->
float32 [1, kernel_h, kernel_w, C], with the formula of conv2d_wgrad channel by channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import conv2d_wgrad, training
from edgeq.ops.base import Kernel, Shape, sum_rounding
from edgeq.ops.float_types import FLOAT16, FLOAT32, Rounding
from edgeq.ops.spatial import Window, windows
from edgeq.packing import floats


def channels(graph: Graph, node: Node) -> int:
    return graph.tensor(node.inputs[0]).shape[3]


class DepthwiseConv2dWgrad(training.TrainingOperator):
    name = "dwconv2d_wgrad"
    kernels = (
        Kernel(
            "eq_dwconv2d_wgrad_f16_xpulp",
            "xpulp",
            "dwconv2d_wgrad/eq_dwconv2d_wgrad_f16_xpulp.c",
            units=channels,
            granule=lambda graph, node: 2,
            applies=lambda graph, node: "an odd number of channels" if channels(graph, node) % 2 else None,
            dtype=FLOAT16,
            stores=FLOAT32,
            parameters=conv2d_wgrad.geometry,
            why="FP16 products, float32 sums, 2 channels x 3x3 taps",
        ),
        *training.kernels(
            "dwconv2d_wgrad",
            conv2d_wgrad.geometry,
            "mve",
            units=channels,
            granule=lambda graph, node: floats.MVE_LANES,
            stores=FLOAT32,
            why="float32 vectors, 8 channels",
        ),
        *training.kernels(
            "dwconv2d_wgrad",
            conv2d_wgrad.geometry,
            units=channels,
            granule=lambda graph, node: floats.LANES,
            stores=FLOAT32,
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, *Window.of(node.attributes).kernel, inputs[0].shape[3])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, dy = inputs
        patches = windows(x, Window.of(node.attributes), 0.0)
        return [(patches * dy[:, :, :, None, None]).sum(axis=(1, 2))]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(inputs[1].shape[1:3])))

    def macs(self, graph: Graph, node: Node) -> int:
        dy = graph.tensor(node.inputs[1])
        return dy.shape[1] * dy.shape[2] * graph.tensor(node.output).elements


OP = DepthwiseConv2dWgrad()
