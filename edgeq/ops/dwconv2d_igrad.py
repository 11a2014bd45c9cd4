"""dwconv2d_igrad: the gradient of a depthwise convolution's input. dy [1, out_h, out_w, C], weights
[kernel_h, kernel_w, C] -> [1, H, W, C] (attribute shape), with the formula of conv2d_igrad channel by channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import conv2d_igrad, float_layers, training
from edgeq.ops.base import Arrangement, Constant, Kernel, sum_rounding
from edgeq.ops.float_types import FLOAT16, FLOATS, Rounding
from edgeq.ops.spatial import Window
from edgeq.packing import floats
from edgeq.packing.blocks import round_up


def _row_pairs(graph: Graph, node: Node) -> int:
    """Rows of the phases that have most, times pairs of channels."""
    shape, stride = graph.tensor(node.output).shape, Window.of(node.attributes).stride
    return -(-shape[1] // stride[0]) * (shape[3] // 2)


def _kernel(isa: str, dtype: str, lanes: int, why: str) -> Kernel:
    """A kernel that takes zeros for up to `lanes` channels more than there are."""
    kind, paired = FLOATS[dtype], isa == "xpulp"

    def pack(graph: Graph, node: Node) -> dict[str, Constant]:
        weights = graph.tensor(node.inputs[1]).data
        if weights is None:
            return {}
        return {"weights": float_layers.constant(floats.pack_flipped(weights, Window.of(node.attributes)))}

    def scratch(graph: Graph, node: Node) -> int:
        zeros = 4 * round_up(conv2d_igrad.geometry(graph, node)["in_c"], lanes)
        return zeros + (floats.scratch_dwconv2d_xpulp(floats.most_taps(Window.of(node.attributes))) if paired else 0)

    def obstacle(graph: Graph, node: Node) -> str | None:
        return "an odd number of channels" if paired and graph.tensor(node.output).shape[3] % 2 else None

    record = f"eq_dwconv2d_igrad_{kind.suffix}_t"
    return Kernel(
        f"eq_dwconv2d_igrad_{kind.suffix}_{isa}",
        isa,
        f"dwconv2d_igrad/eq_dwconv2d_igrad_{kind.suffix}_{isa}.c",
        units=_row_pairs if paired else conv2d_igrad.phase_pixels,
        applies=obstacle,
        pack=pack,
        scratch_bytes=scratch,
        dtype=dtype,
        parameters=lambda graph, node: {**conv2d_igrad.geometry(graph, node), "record": record},
        operands={"weights": (1, Arrangement("flipped"))},
        why=why,
    )


class DepthwiseConv2dIgrad(training.WindowGradient):
    name = "dwconv2d_igrad"
    kernels = (
        _kernel("xpulp", FLOAT16, floats.LANES, "FP16 products, float32 sums, 2 channels, windows of 3 columns slide"),
        *(_kernel("mve", dtype, floats.MVE_LANES, "float32 vectors, 8 channels") for dtype in FLOATS),
        *(_kernel("scalar", dtype, floats.LANES, "portable C, 4 channels") for dtype in FLOATS),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        dy, weights = inputs
        shape, window = (len(dy), *node.attributes["shape"][1:]), Window.of(node.attributes)
        dtype = np.result_type(dy, weights)
        return [training.spread(lambda ky, kx: dy * weights[ky, kx], window, (dy.shape[1], dy.shape[2]), shape, dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(inputs[1].shape[:2])))

    def macs(self, graph: Graph, node: Node) -> int:
        dy = graph.tensor(node.inputs[0])
        return dy.shape[1] * dy.shape[2] * graph.tensor(node.inputs[1]).elements


OP = DepthwiseConv2dIgrad()
