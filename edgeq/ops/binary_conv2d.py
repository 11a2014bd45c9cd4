"""binary_conv2d: a convolution of signs with signs, by XNOR and population count (M. Rastegari et al., "XNOR-Net", ECCV
2016, arXiv 1603.05279, section 3.2).

Integer graphs only: edgeq/quantize/count_bits.py makes it of a binarize and a conv2d with binary weights, which it
equals bit for bit. Inputs: packed signs (edgeq/ops/binarize.py), weights +-1 [out_c, kernel_h, kernel_w, in_c], base
int32 [classes, out_c], step int32 [out_c]. With n bits of a window and a filter that differ, taps outside the image
read as -1, and the class of the window's place, row_class[oy] * column classes + column_class[ox]:

    y = clamp((base[class][o] - n * step[o]) >> 16, act_min, act_max)

Without `step`, attribute `packed`, the signs of what a binarize behind it makes, packed as the input is:

    y = 1 where n + base[class][o] < 0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import conv2d, weight_types
from edgeq.ops.base import Constant, Kernel, Operator, Shape, output_pixels
from edgeq.ops.binarize import packed, unpacked, words_of
from edgeq.ops.spatial import Window, exact_matmul, windows
from edgeq.packing.blocks import blocks, padded

#: bits of a sum that outputs are cut off by
SHIFT = 16
#: pixels at a time
PIXELS = 2


def pack_weights(weights: np.ndarray, group: int) -> np.ndarray:
    """int8 +-1 [out_c, kernel_h, kernel_w, in_c] -> uint32 [groups of channels][taps][words][channels of a group]."""
    return blocks(packed(weights).reshape(len(weights), -1), group, 1)


def classes(node: Node) -> np.ndarray:
    """[out_h, out_w]: class of every output pixel."""
    rows, columns = (np.array(node.attributes[f"{axis}_class"]) for axis in ("row", "column"))
    return rows[:, None] * (columns.max() + 1) + columns[None, :]


def constants(group: int) -> Callable[[Graph, Node], dict[str, Constant]]:
    """What kernels of `group` channels read, channels filled up to whole groups."""

    def made(graph: Graph, node: Node) -> dict[str, Constant]:
        found = {
            "weights": Constant("uint32_t", pack_weights(graph.constant(node.inputs[1]), group)),
            "base": Constant("int32_t", padded(graph.constant(node.inputs[2]), (1, group))),
            "row_class": Constant("uint8_t", np.array(node.attributes["row_class"], np.uint8)),
            "column_class": Constant("uint8_t", np.array(node.attributes["column_class"], np.uint8)),
        }
        if not node.attributes.get("packed"):
            found["step"] = Constant("int32_t", padded(graph.constant(node.inputs[3]), (group,)))
        return found

    return made


def scratch_bytes(graph: Graph, node: Node) -> int:
    weights = graph.tensor(node.inputs[1]).shape
    return PIXELS * 4 * weights[1] * weights[2] * words_of(weights[3])


def of_isa(isa: str, group: int, why: str) -> tuple[Kernel, ...]:
    """The kernels of an instruction set, `group` channels at a time: to int8, and to bits."""
    return tuple(
        Kernel(
            f"eq_binary_conv2d_{form}{isa}",
            isa,
            f"binary_conv2d/eq_binary_conv2d_{isa}.c",
            units=output_pixels,
            granule=lambda graph, node: PIXELS,
            pack=constants(group),
            scratch_bytes=scratch_bytes,
            dtype="uint32",
            stores=stores,
            weights=(weight_types.BINARY.name,),
            why=why,
        )
        for form, stores in (("", "int8"), ("bits_", "uint32"))
    )


class BinaryConv2d(Operator):
    name = "binary_conv2d"
    kernels = (
        *of_isa("xpulp", 8, "XOR and cv.cnt, 2 pixels x 8 channels, 32 products each"),
        *of_isa("mve", 4, "XOR and vector bit counts, 4 channels a vector"),
        *of_isa("dsp", 4, "XOR and bit counts, bytes summed by USADA8"),
        *of_isa("scalar", 4, "portable C, XOR and bit counts, 32 products a word"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, _ = inputs[0].shape
        channels = inputs[1].shape[0]
        stored = words_of(channels) if node.attributes.get("packed") else channels
        return [(batch, *Window.of(node.attributes).output_size(height, width), stored)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        words, weights, base = inputs[:3]
        signs = unpacked(words, node.attributes["in_c"])
        patches = windows(signs.astype(np.int16), Window.of(node.attributes), -1)
        products = exact_matmul(patches.reshape(-1, weights[0].size), weights.reshape(len(weights), -1).T)
        differing = (weights[0].size - products.reshape(*patches.shape[:3], -1)) // 2
        of_pixels = base.astype(np.int64)[classes(node)]
        if node.attributes.get("packed"):
            return [packed(np.where(of_pixels + differing < 0, 1, -1))]
        scaled = (of_pixels - differing * inputs[3]) >> SHIFT
        return [np.clip(scaled, node.attributes["act_min"], node.attributes["act_max"]).astype(np.int8)]

    def macs(self, graph: Graph, node: Node) -> int:
        return output_pixels(graph, node) * graph.tensor(node.inputs[1]).elements

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        k = node.attributes
        own = {"in_c": k["in_c"], "out_c": graph.tensor(node.inputs[1]).shape[0]}
        bounds = {key: k[key] for key in ("act_min", "act_max")} if not k.get("packed") else {}
        return {**conv2d.geometry(graph, node), **own, "column_classes": max(k["column_class"]) + 1, **bounds}


OP = BinaryConv2d()
