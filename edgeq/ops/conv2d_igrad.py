"""conv2d_igrad: the gradient of a convolution's input. dy [1, out_h, out_w, out_c], weights
[out_c, kernel_h, kernel_w, in_c] -> [1, H, W, in_c] (attribute shape):

  dx[iy][ix][i] = sum over the taps ky, kx and channels o with oy = (iy + pad_top - ky * dilation_h) / stride_h whole
  and inside, ox alike, of dy[oy][ox][o] * w[o][ky][kx][i]

Input pixels with the same remainders of (iy + pad_top) by stride_h and (ix + pad_left) by stride_w, a phase, have the
same taps, and are the outputs of a convolution of dy: weights are packed phase by phase, for the blocks of the forward
kernels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import float_layers, training
from edgeq.ops.base import Arrangement, Constant, Kernel, sum_rounding
from edgeq.ops.float_types import FLOATS, Rounding
from edgeq.ops.spatial import Window
from edgeq.packing import floats
from edgeq.packing.blocks import round_up


def geometry(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_conv2d_igrad_t, also those of depthwise layers."""
    dx, dy = graph.tensor(node.output), graph.tensor(node.inputs[0])
    return {
        **dict(zip(("in_h", "in_w", "in_c"), dx.shape[1:], strict=True)),
        **dict(zip(("out_h", "out_w", "out_c"), dy.shape[1:], strict=True)),
        **Window.of(node.attributes).fields(),
    }


def rows(graph: Graph, node: Node) -> int:
    """Rows of the input."""
    return graph.tensor(node.output).shape[1]


def phase_pixels(graph: Graph, node: Node) -> int:
    """Pixels of the phases that have most."""
    shape, stride = graph.tensor(node.output).shape, Window.of(node.attributes).stride
    return -(-shape[1] // stride[0]) * -(-shape[2] // stride[1])


def _kernel(block: float_layers.Block, dtype: str) -> Kernel:
    """A kernel that multiplies the blocks of an instruction set."""
    kind, lanes = FLOATS[dtype], block.lanes
    step, pair = block.weights.step, block.weights.pair

    def pack(graph: Graph, node: Node) -> dict[str, Constant]:
        if not graph.tensor(node.inputs[1]).is_constant:
            return {}
        weights, window = graph.constant(node.inputs[1]), Window.of(node.attributes)
        return {"weights": float_layers.constant(floats.pack_transposed(weights, window, lanes, step, pair))}

    def scratch(graph: Graph, node: Node) -> int:
        g = geometry(graph, node)
        sums = floats.most_taps(Window.of(node.attributes)) * g["out_c"]
        return block.scratch_bytes(sums) + 4 * round_up(g["in_c"], lanes)

    return Kernel(
        f"eq_conv2d_igrad_{kind.suffix}_{block.isa}",
        block.isa,
        f"conv2d_igrad/eq_conv2d_igrad_{kind.suffix}_{block.isa}.c",
        units=lambda graph, node: -(-phase_pixels(graph, node) // block.pixels),
        pack=pack,
        scratch_bytes=scratch,
        dtype=dtype,
        parameters=lambda graph, node: {**geometry(graph, node), "record": f"eq_conv2d_igrad_{kind.suffix}_t"},
        operands={"weights": (1, Arrangement("transposed", lanes, step, pair))},
        in_place=_keeps_channels,
        why=block.why,
    )


def _keeps_channels(parameters: Mapping[str, Any]) -> bool:
    """Whether every pixel of the output depends on that of the input alone, which kernels gather before they write."""
    ones = ("kernel_h", "kernel_w", "stride_h", "stride_w")
    return all(parameters[key] == 1 for key in ones) and all(
        parameters[f"in_{axis}"] == parameters[f"out_{axis}"] for axis in "hwc"
    )


class Conv2dIgrad(training.WindowGradient):
    name = "conv2d_igrad"
    kernels = tuple(_kernel(block, dtype) for block in float_layers.BLOCKS for dtype in block.types)

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        dy, weights = inputs
        shape, window = (len(dy), *node.attributes["shape"][1:]), Window.of(node.attributes)
        dtype = np.result_type(dy, weights)
        return [
            training.spread(lambda ky, kx: dy @ weights[:, ky, kx], window, (dy.shape[1], dy.shape[2]), shape, dtype)
        ]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, inputs[1][..., 0].size)

    def macs(self, graph: Graph, node: Node) -> int:
        dy = graph.tensor(node.inputs[0])
        return dy.shape[1] * dy.shape[2] * graph.tensor(node.inputs[1]).elements


OP = Conv2dIgrad()
