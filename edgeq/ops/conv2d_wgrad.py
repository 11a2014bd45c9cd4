"""conv2d_wgrad: the gradient of a convolution's weights. x [1, H, W, in_c], dy [1, out_h, out_w, out_c] ->
float32 [1, out_c, kernel_h, kernel_w, in_c]:

  dw[o][ky][kx][i] = sum over output pixels of dy[oy][ox][o] * x[oy * stride_h - pad_top + ky * dilation_h][..][i]

Linear layers have it as convolutions 1x1 of as many pixels as they have rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import training
from edgeq.ops.base import Kernel, Shape, sum_rounding
from edgeq.ops.float_types import FLOAT16, FLOAT32, Rounding
from edgeq.ops.spatial import Window, windows
from edgeq.packing import floats
from edgeq.packing.blocks import round_up


def geometry(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_conv2d_wgrad_t, also those of depthwise layers."""
    x, dy = (graph.tensor(name) for name in node.inputs[:2])
    return {
        **dict(zip(("in_h", "in_w", "in_c"), x.shape[1:], strict=True)),
        **dict(zip(("out_h", "out_w", "out_c"), dy.shape[1:], strict=True)),
        **Window.of(node.attributes).fields(),
    }


def _blocks(lanes: int) -> Callable[[Graph, Node], int]:
    """Taps times blocks of `lanes` input channels."""

    def units(graph: Graph, node: Node) -> int:
        g = geometry(graph, node)
        return g["kernel_h"] * g["kernel_w"] * -(-g["in_c"] // lanes)

    return units


#: output pixels of EQ_CONV2D_WGRAD_PIXELS; places and channels of dy of the xpulp kernel's blocks
PIXELS, XPULP_PLACES, XPULP_CHANNELS = 64, 8, 2


def _units_xpulp(graph: Graph, node: Node) -> int:
    """Blocks of places of the window times pairs of channels of dy."""
    g = geometry(graph, node)
    return -(-g["kernel_h"] * g["kernel_w"] * g["in_c"] // XPULP_PLACES) * -(-g["out_c"] // XPULP_CHANNELS)


def _scratch_xpulp(graph: Graph, node: Node) -> int:
    g = geometry(graph, node)
    return 2 * XPULP_PLACES * round_up(min(g["out_h"] * g["out_w"], PIXELS), 2)


class Conv2dWgrad(training.TrainingOperator):
    name = "conv2d_wgrad"
    kernels = (
        Kernel(
            "eq_conv2d_wgrad_f16_xpulp",
            "xpulp",
            "conv2d_wgrad/eq_conv2d_wgrad_f16_xpulp.c",
            units=_units_xpulp,
            scratch_bytes=_scratch_xpulp,
            dtype=FLOAT16,
            stores=FLOAT32,
            parameters=geometry,
            why="dot products of pairs of pixels, float32 sums, 8 places x 2 channels",
        ),
        *training.kernels(
            "conv2d_wgrad",
            geometry,
            "mve",
            units=_blocks(floats.MVE_LANES),
            stores=FLOAT32,
            why="float32 vectors, 8 x 3 channels",
        ),
        *training.kernels("conv2d_wgrad", geometry, units=_blocks(floats.LANES), stores=FLOAT32),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, inputs[1].shape[3], *Window.of(node.attributes).kernel, inputs[0].shape[3])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, dy = inputs
        window = Window.of(node.attributes)
        patches = windows(x, window, 0.0)
        columns = patches.reshape(len(x), -1, int(np.prod(patches.shape[3:])))
        gradients = dy.reshape(len(dy), -1, dy.shape[3]).transpose(0, 2, 1)
        return [(gradients @ columns).reshape(len(x), dy.shape[3], *window.kernel, x.shape[3])]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(inputs[1].shape[1:3])))

    def macs(self, graph: Graph, node: Node) -> int:
        dy = graph.tensor(node.inputs[1])
        return dy.shape[1] * dy.shape[2] * graph.tensor(node.output).elements


OP = Conv2dWgrad()
