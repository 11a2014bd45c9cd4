"""binary_conv2d: a convolution of signs with signs, by XNOR and population count (M. Rastegari et al., "XNOR-Net", ECCV
2016, arXiv 1603.05279, section 3.2).

Integer graphs only: edgeq/quantize/count_bits.py makes it of a binarize and a conv2d with binary weights, which it
equals bit for bit. Inputs: packed signs (edgeq/ops/binarize.py), weights +-1 [out_c, kernel_h, kernel_w, in_c], bias,
multiplier, shift; attribute in_c. Taps outside the image count nothing, as the 0 that a convolution is padded with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import conv2d, weight_types, weighted
from edgeq.ops.base import Constant, Kernel, Operator, Shape, output_pixels
from edgeq.ops.binarize import packed, unpacked, words_of
from edgeq.ops.spatial import Window, exact_matmul, windows
from edgeq.packing.blocks import padded, round_up

#: output channels in a group
GROUP = 4


def pack_weights(weights: np.ndarray) -> np.ndarray:
    """int8 +-1 [out_c, kernel_h, kernel_w, in_c] -> uint32 [up(out_c,4)/4][taps][words][4 channels]."""
    words = packed(weights).reshape(len(weights), -1)
    full = padded(words, (GROUP, 1))
    return np.ascontiguousarray(full.reshape(-1, GROUP, words.shape[1]).transpose(0, 2, 1)).reshape(-1)


def tap_sums(weights: np.ndarray) -> np.ndarray:
    """int16 [taps][out_c]: sum of a tap's weights."""
    sums = weights.astype(np.int64).sum(axis=3).reshape(len(weights), -1).T
    return np.ascontiguousarray(sums).astype(np.int16)


def constants(graph: Graph, node: Node) -> dict[str, Constant]:
    """What the kernels read. Their bias holds the number of products, of which they take twice the differing bits."""
    weights = graph.constant(node.inputs[1])
    return {
        "weights": Constant("uint32_t", pack_weights(weights)),
        "bias": Constant("int32_t", (graph.constant(node.inputs[2]) + np.int64(weights[0].size)).astype(np.int32)),
        "tap_sums": Constant("int16_t", tap_sums(weights)),
        **weighted.requant_constants(graph, node),
    }


def kernel(isa: str, pixels: int, why: str) -> Kernel:
    """The kernel of an instruction set, `pixels` at a time."""

    def scratch_bytes(graph: Graph, node: Node) -> int:
        weights = graph.tensor(node.inputs[1]).shape
        words = weights[1] * weights[2] * words_of(weights[3])
        return pixels * 4 * (words + round_up(weights[0], GROUP))

    return Kernel(
        f"eq_binary_conv2d_{{form}}_{isa}",
        isa,
        f"binary_conv2d/eq_binary_conv2d_{isa}.c",
        units=output_pixels,
        granule=lambda graph, node: pixels,
        pack=constants,
        scratch_bytes=scratch_bytes,
        dtype="uint32",
        stores="int8",
        weights=(weight_types.BINARY.name,),
        why=why,
    )


class BinaryConv2d(Operator):
    name = "binary_conv2d"
    weight_axis, weight_input_axis = 0, 3
    kernels = (
        kernel("xpulp", 4, "XOR and cv.cnt, 4 pixels x 4 channels, 32 products each"),
        kernel("mve", 2, "XOR and vector bit counts, 4 channels a vector"),
        kernel("scalar", 2, "portable C, XOR and bit counts, 32 products a word"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, _ = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), inputs[1].shape[0])]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        words, weights, bias = inputs[:3]
        signs = unpacked(words, node.attributes["in_c"])
        patches = windows(signs.astype(np.int16), Window.of(node.attributes), 0)
        acc = exact_matmul(patches.reshape(-1, weights[0].size), weights.reshape(len(weights), -1).T) + bias
        return [weighted.requantize(graph, node, acc.reshape(*patches.shape[:3], -1))]

    def macs(self, graph: Graph, node: Node) -> int:
        return output_pixels(graph, node) * graph.tensor(node.inputs[1]).elements

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        geometry = conv2d.geometry(graph, node)
        return {**geometry, "in_c": node.attributes["in_c"], **weighted.requant_parameters(graph, node)}

    def c_form(self, graph: Graph, node: Node) -> str:
        return weighted.form(graph, node)


OP = BinaryConv2d()
