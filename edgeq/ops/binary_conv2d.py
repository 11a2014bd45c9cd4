"""binary_conv2d: a convolution of signs with signs, by XNOR and population count (M. Rastegari et al., "XNOR-Net", ECCV
2016, arXiv 1603.05279, section 3.2).

Integer graphs only: edgeq/quantize/count_bits.py makes it of a binarize and a conv2d with binary weights, which it
equals bit for bit. Inputs: packed signs (edgeq/ops/binarize.py), weights +-1 [out_c, kernel_h, kernel_w, in_c], base
int32 [classes, out_c], step int32 [out_c]. With n bits of a window and a filter that differ, taps outside the image
read as -1, and the class of the window's place, row_class[oy] * column classes + column_class[ox]:

    y = clamp((base[class][o] - n * step[o]) >> result_shift, act_min, act_max)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import conv2d, weight_types
from edgeq.ops.base import Constant, Kernel, Operator, Shape, output_pixels
from edgeq.ops.binarize import packed, unpacked, words_of
from edgeq.ops.spatial import Window, exact_matmul, windows
from edgeq.packing.blocks import padded

#: output channels in a group
GROUP = 4


def pack_weights(weights: np.ndarray) -> np.ndarray:
    """int8 +-1 [out_c, kernel_h, kernel_w, in_c] -> uint32 [up(out_c,4)/4][taps][words][4 channels]."""
    words = packed(weights).reshape(len(weights), -1)
    full = padded(words, (GROUP, 1))
    return np.ascontiguousarray(full.reshape(-1, GROUP, words.shape[1]).transpose(0, 2, 1)).reshape(-1)


def classes(node: Node) -> np.ndarray:
    """[out_h, out_w]: class of every output pixel."""
    rows, columns = (np.array(node.attributes[f"{axis}_class"]) for axis in ("row", "column"))
    return rows[:, None] * (columns.max() + 1) + columns[None, :]


def constants(graph: Graph, node: Node) -> dict[str, Constant]:
    """What the kernels read, channels filled up to whole groups."""
    return {
        "weights": Constant("uint32_t", pack_weights(graph.constant(node.inputs[1]))),
        "base": Constant("int32_t", padded(graph.constant(node.inputs[2]), (1, GROUP))),
        "step": Constant("int32_t", padded(graph.constant(node.inputs[3]), (GROUP,))),
        "row_class": Constant("uint8_t", np.array(node.attributes["row_class"], np.uint8)),
        "column_class": Constant("uint8_t", np.array(node.attributes["column_class"], np.uint8)),
    }


def kernel(isa: str, pixels: int, why: str) -> Kernel:
    """The kernel of an instruction set, `pixels` at a time."""

    def scratch_bytes(graph: Graph, node: Node) -> int:
        weights = graph.tensor(node.inputs[1]).shape
        return pixels * 4 * weights[1] * weights[2] * words_of(weights[3])

    return Kernel(
        f"eq_binary_conv2d_{isa}",
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
    kernels = (
        kernel("xpulp", 4, "XOR and cv.cnt, 4 pixels x 4 channels, 32 products each"),
        kernel("mve", 2, "XOR and vector bit counts, 4 channels a vector"),
        kernel("scalar", 2, "portable C, XOR and bit counts, 32 products a word"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, _ = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), inputs[1].shape[0])]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        words, weights, base, step = inputs
        signs = unpacked(words, node.attributes["in_c"])
        patches = windows(signs.astype(np.int16), Window.of(node.attributes), -1)
        products = exact_matmul(patches.reshape(-1, weights[0].size), weights.reshape(len(weights), -1).T)
        differing = (weights[0].size - products.reshape(*patches.shape[:3], -1)) // 2
        scaled = (base.astype(np.int64)[classes(node)] - differing * step) >> node.attributes["result_shift"]
        return [np.clip(scaled, node.attributes["act_min"], node.attributes["act_max"]).astype(np.int8)]

    def macs(self, graph: Graph, node: Node) -> int:
        return output_pixels(graph, node) * graph.tensor(node.inputs[1]).elements

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        k = node.attributes
        own = {"in_c": k["in_c"], "column_classes": max(k["column_class"]) + 1}
        bounds = {key: k[key] for key in ("result_shift", "act_min", "act_max")}
        return {**conv2d.geometry(graph, node), **own, **bounds}


OP = BinaryConv2d()
