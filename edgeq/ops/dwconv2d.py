"""dwconv2d: depthwise 2-D convolution, channels last, channel multiplier 1. Weights [kernel_h, kernel_w, channels]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import conv2d, weighted
from edgeq.ops.base import Constant, Kernel, Operator, Shape, output_pixels
from edgeq.ops.spatial import Window, windows

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter


def pack_scalar(graph: Graph, node: Node) -> dict[str, Constant]:
    return {
        "weights": Constant("int8_t", graph.constant(node.inputs[1])),
        "bias": Constant("int32_t", weighted.folded_bias(graph, node, axis=2)),
        **weighted.requant_constants(graph, node),
    }


class DepthwiseConv2d(Operator):
    name = "dwconv2d"
    kernels = (
        Kernel(
            "eq_dwconv2d_s8_{form}_scalar",
            "scalar",
            "dwconv2d/eq_dwconv2d_s8_scalar.c",
            units=output_pixels,
            pack=pack_scalar,
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, channels = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), channels)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs
        patches = windows(x, Window.of(node.attributes), 0.0)
        out = np.zeros((*patches.shape[:3], x.shape[3]), np.float32)
        for ky, kx in np.ndindex(weights.shape[:2]):
            out += patches[:, :, :, ky, kx] * weights[ky, kx]
        return [out + bias]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs[:3]
        zero_point = graph.tensor(node.inputs[0]).zero_point
        patches = windows(x.astype(np.int32) - np.int32(zero_point), Window.of(node.attributes), 0)
        acc = np.zeros((*patches.shape[:3], x.shape[3]), np.int32) + bias
        for ky, kx in np.ndindex(weights.shape[:2]):
            acc += patches[:, :, :, ky, kx] * weights[ky, kx].astype(np.int32)
        return [weighted.requantize(graph, node, acc)]

    def macs(self, graph: Graph, node: Node) -> int:
        return output_pixels(graph, node) * graph.tensor(node.inputs[1]).elements

    def quantize(self, converter: Converter, node: Node) -> None:
        weighted.quantize(converter, node, axis=2)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return conv2d.OP.c_parameters(graph, node)

    def c_form(self, graph: Graph, node: Node) -> str:
        return weighted.form(graph, node)


OP = DepthwiseConv2d()
