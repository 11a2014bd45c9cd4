"""binarize: the sign of an activation against a threshold per channel (the last axis).

y = 1 where x >= threshold, else -1 (RSign of Z. Liu et al., "ReActNet", ECCV 2020, arXiv 2003.03488, section 3.3; with
threshold 0 the sign of XNOR-Net and Bi-Real). As integers: int8 with zero point 0 and a scale of 1/64, so that biases
of the layers behind it, in units of the products, are not rounded to whole signs; or, for layers that count bits
(binary_conv2d), attribute `packed`: 32 channels a word, channel 0 in the lowest bit, 1 for y = 1, unused bits 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops.base import Constant, Kernel, Operator, Shape, same_row
from edgeq.ops.spatial import RowReach
from edgeq.packing.blocks import padded

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter

#: the integer of a sign of 1, in steps of 1 / LEVEL
LEVEL = 64
#: bits of a word
WORD = 32
#: thresholds that kernels read at a time
BLOCK = 16


def words_of(channels: int) -> int:
    return -(-channels // WORD)


def packed(signs: np.ndarray) -> np.ndarray:
    """Signs, +-1 or any other number, [.., channels] -> uint32 [.., words]."""
    bits = np.zeros((*signs.shape[:-1], WORD * words_of(signs.shape[-1])), np.uint64)
    bits[..., : signs.shape[-1]] = signs > 0
    weights = np.uint64(1) << np.arange(WORD, dtype=np.uint64)
    return (bits.reshape(*signs.shape[:-1], -1, WORD) * weights).sum(axis=-1).astype(np.uint32)


def unpacked(words: np.ndarray, channels: int) -> np.ndarray:
    """uint32 [.., words] -> int8 +-1 [.., channels]."""
    bits = (words[..., None] >> np.arange(WORD, dtype=np.uint32)) & np.uint32(1)
    signs = 2 * bits.reshape(*words.shape[:-1], -1).astype(np.int8) - 1
    return np.ascontiguousarray(signs[..., :channels])


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """edgeq::binarize (edgeq/torch_operators.py): the channels are axis 1, or the last one of rank 2."""
    x, threshold = args["x"], args["threshold"]
    shape = importer.shape(x)
    channels = shape[1]
    values = importer.constant_array(threshold, "the thresholds of a binarize")
    if values.shape != (channels,):
        raise importer.unsupported(f"thresholds of shape {values.shape}", f"{channels} values, one per channel")
    if len(shape) == 2:
        return importer.add("binarize", [x, threshold], {})
    return importer.channels_first(importer.add("binarize", [importer.channels_last(x), threshold], {}), len(shape))


def constants(graph: Graph, node: Node) -> dict[str, Constant]:
    """Thresholds as the kernels compare with them (eq_binarize.h)."""
    threshold = graph.constant(node.inputs[1]).astype(np.int64)
    below = padded(np.clip(threshold - 1, -128, 127).astype(np.int8), (BLOCK,))
    return {
        "below": Constant("int8_t", below),
        "always": Constant("uint32_t", packed(np.where(threshold <= -128, 1, -1))),
    }


def kernel(isa: str, bits: bool, why: str) -> Kernel:
    name = f"eq_binarize_s8_{'bits_' if bits else ''}{isa}"
    return Kernel(
        name,
        isa,
        f"binarize/{'eq_binarize_s8_scalar' if isa == 'scalar' else name}.c",
        units=lambda graph, node: graph.tensor(node.inputs[0]).elements // graph.tensor(node.inputs[0]).shape[-1],
        pack=constants,
        stores="uint32" if bits else "int8",
        why=why,
    )


class Binarize(Operator):
    name = "binarize"
    torch_targets = {"edgeq.binarize.default": import_torch}
    kernels = (
        kernel("xpulp", True, "packed comparisons, 4 channels each, thresholds in registers"),
        kernel("mve", True, "vector comparisons, 16 channels a step"),
        kernel("dsp", True, "packed comparisons, 4 channels each"),
        kernel("scalar", True, "portable C, 32 channels a word"),
        kernel("scalar", False, "portable C"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        shape = inputs[0].shape
        return [(*shape[:-1], words_of(shape[-1])) if node.attributes.get("packed") else shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.where(inputs[0] >= inputs[1], np.float32(1), np.float32(-1))]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        signs = np.where(inputs[0] >= inputs[1], LEVEL, -LEVEL).astype(np.int8)
        return [packed(signs) if node.attributes.get("packed") else signs]

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        steps = np.ceil(converter.source.real_constant(node.inputs[1]) / x.scale) + x.zero_point
        threshold = converter.constant(f"{node.name}.threshold", np.clip(steps, -128, 128).astype(np.int16))
        converter.add(node, (x.name, threshold), converter.quantized_output(node))

    def fixed_output(self, node: Node, dtype: str) -> Quantization:
        return Quantization.per_tensor(1.0 / LEVEL, 0)

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        shape = graph.tensor(node.inputs[0]).shape
        return {"outer": int(np.prod(shape[:-1])), "channels": shape[-1]}


OP = Binarize()
