"""dwconv2d_igrad: the gradient of a depthwise convolution's input. dy [1, out_h, out_w, C], weights
[kernel_h, kernel_w, C] -> [1, H, W, C] (attribute shape), with the formula of conv2d_igrad channel by channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import conv2d_igrad, float_layers, training
from edgeq.ops.base import Arrangement, Constant, Kernel
from edgeq.ops.float_types import FLOATS, Rounding
from edgeq.ops.spatial import Window


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    weights = graph.tensor(node.inputs[1])
    return {} if weights.data is None else {"weights": float_layers.constant(weights.data)}


def _kernel(dtype: str) -> Kernel:
    kind = FLOATS[dtype]
    record = f"eq_dwconv2d_igrad_{kind.suffix}_t"
    return Kernel(
        f"eq_dwconv2d_igrad_{kind.suffix}_scalar",
        "scalar",
        f"dwconv2d_igrad/eq_dwconv2d_igrad_{kind.suffix}_scalar.c",
        units=conv2d_igrad.rows,
        pack=_pack,
        dtype=dtype,
        parameters=lambda graph, node: {**conv2d_igrad.geometry(graph, node), "record": record},
        operands={"weights": (1, Arrangement())},
    )


class DepthwiseConv2dIgrad(training.WindowGradient):
    name = "dwconv2d_igrad"
    kernels = tuple(_kernel(dtype) for dtype in FLOATS)

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        dy, weights = inputs
        shape, window = (len(dy), *node.attributes["shape"][1:]), Window.of(node.attributes)
        dtype = np.result_type(dy, weights)
        return [training.spread(lambda ky, kx: dy * weights[ky, kx], window, (dy.shape[1], dy.shape[2]), shape, dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return training.of_magnitudes(self, node, inputs, int(np.prod(inputs[1].shape[:2])))

    def macs(self, graph: Graph, node: Node) -> int:
        dy = graph.tensor(node.inputs[0])
        return dy.shape[1] * dy.shape[2] * graph.tensor(node.inputs[1]).elements


OP = DepthwiseConv2dIgrad()
