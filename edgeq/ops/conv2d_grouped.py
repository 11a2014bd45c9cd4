"""conv2d_grouped: 2-D convolution in groups, channels last: output channels of a group read the input channels of that
group alone. Attribute groups; weights [out_c, kernel_h, kernel_w, in_c / groups]. Depthwise convolutions with several
outputs a channel are groups of one input channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import conv2d, weighted
from edgeq.ops.base import Kernel, output_pixels
from edgeq.ops.spatial import Window, exact_matmul, windows
from edgeq.packing import order

if TYPE_CHECKING:
    pass


class GroupedConv2d(conv2d.Convolution):
    name = "conv2d_grouped"
    kernels = (
        Kernel(
            "eq_conv2d_s8_grouped_{form}_scalar",
            "scalar",
            "conv2d_grouped/eq_conv2d_s8_grouped_scalar.c",
            units=output_pixels,
            granule=lambda graph, node: 2,
            scratch_bytes=lambda graph, node: 2 * conv2d.patch_bytes(graph, node),
            **conv2d.ordered(order.plain),
            why="portable C, 2 pixels x 4 channels of a group",
        ),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs
        patches = windows(x, Window.of(node.attributes), 0.0)
        parts = [
            columns.reshape(*patches.shape[:3], -1) @ filters.reshape(len(filters), -1).T
            for columns, filters in self._groups(node, patches, weights)
        ]
        return [np.concatenate(parts, axis=-1) + bias]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs[:3]
        patches = windows(weighted.centred(graph, node, x), Window.of(node.attributes), 0)
        parts = [
            exact_matmul(columns.reshape(-1, filters[0].size), filters.reshape(len(filters), -1).T)
            for columns, filters in self._groups(node, patches, weights)
        ]
        acc = np.concatenate(parts, axis=-1) + bias
        return [weighted.requantize(graph, node, acc.reshape(*patches.shape[:3], -1))]

    def _groups(self, node: Node, patches: np.ndarray, weights: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """(patches [N, out_h, out_w, kernel_h, kernel_w, in_c / groups], filters) of every group."""
        groups = node.attributes["groups"]
        return list(zip(np.split(patches, groups, axis=-1), np.split(weights, groups), strict=True))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {**super().c_parameters(graph, node), "groups": node.attributes["groups"]}


OP = GroupedConv2d()
