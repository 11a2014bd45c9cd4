"""The kernels of layers with weights and int16 activations: packed instructions with sums of 32 bits where those are
proved to hold every sum, else portable C with sums of 64 bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import fixed_point, weighted
from edgeq.ops.base import Constant, Kernel, output_pixels
from edgeq.packing import wide
from edgeq.packing.blocks import Geometry, padded

GeometryOf = Callable[[Graph, Node], dict[str, int]]
Pack = Callable[[np.ndarray], np.ndarray]

#: multipliers have 15 bits and go to the top of a word, so that the high word of a product is the sum's times m / 2^16
SPARE_BITS = 16


def obstacle(graph: Graph, node: Node, axis: int) -> str | None:
    """Why sums of 32 bits would not do, or None. No input is larger than 2^15 in magnitude, so no sum (nor a part of
    one, in any order) is larger than 2^15 times a channel's sum of magnitudes, plus its bias."""
    if node.attributes["rounding"] != fixed_point.WIDE:
        return "requantized as TensorFlow Lite does with 32-bit biases"
    weights = graph.constant(node.inputs[1]).astype(np.int64)
    magnitudes = np.abs(weights).sum(axis=weighted.other_axes(weights, axis))
    bias = np.abs(graph.constant(node.inputs[2]).astype(np.int64))
    if np.any(bias >= 2**31) or np.any(magnitudes * 2**15 + bias >= 2**31):
        return "sums could leave 32 bits"
    shift = graph.constant(node.inputs[4]).astype(np.int64) - SPARE_BITS
    if np.any((shift < 1) | (shift > 31)) or weighted.output_zero_point(graph, node) != 0:
        return "a scale that takes 64 bits"
    return None


def _constants(pack: Pack, mixed: bool) -> Callable[[Graph, Node], dict[str, Constant]]:
    """What the packed kernels read; channels behind the last one have multiplier 0. `mixed`: biases as xpulp's."""

    def constants(graph: Graph, node: Node) -> dict[str, Constant]:
        bias = padded(graph.constant(node.inputs[2]).astype(np.int32), (wide.CHANNELS,))
        shift = graph.constant(node.inputs[4]).astype(np.int64) - SPARE_BITS
        return {
            "weights": Constant("int8_t", pack(graph.constant(node.inputs[1]))),
            "bias": Constant("int32_t", wide.mixed_bias(bias) if mixed else bias),
            "multiplier": Constant(
                "int32_t", padded(graph.constant(node.inputs[3]) << SPARE_BITS, (wide.CHANNELS,)).astype(np.int32)
            ),
            "shift": Constant("int8_t", np.maximum(padded(shift, (wide.CHANNELS,)), 1).astype(np.int8)),
        }

    return constants


def _parameters(sizes: GeometryOf) -> GeometryOf:
    def parameters(graph: Graph, node: Node) -> dict[str, int]:
        bounds = {name: node.attributes[name] for name in ("act_min", "act_max")}
        return {**sizes(graph, node), "output_zero_point": 0, **bounds}

    return parameters


@dataclass(frozen=True)
class Block:
    """How kernels of an instruction set multiply: `pixels` pixels (or rows) together, K up to a multiple of `step`,
    channels in groups of `lanes`. `in_place`: they read pixels of whole steps where they lie."""

    isa: str
    pixels: int
    step: int
    lanes: int
    pack: Pack
    pack_dwconv2d: Pack
    in_place: bool
    why: str
    why_dwconv2d: str


BLOCKS = (
    Block("xpulp", 4, 2, 4, wide.pack_xpulp, wide.pack_dwconv2d_pairs, True,
          "dot products of halfwords, 4 pixels x 4 channels", "dot products of pairs of taps, 4 channels"),
    Block("mve", 2, 8, 4, wide.pack_mve, wide.pack_dwconv2d_mve, True,
          "vector dot products, 2 pixels x 4 channels", "8 channels a vector"),
    Block("dsp", 4, 4, 2, wide.pack_dsp, wide.pack_dwconv2d_pairs, False,
          "SMLAD on pairs of elements, 4 pixels x 2 channels", "SMLAD on pairs of taps, 4 channels"),
)  # fmt: skip


def _packed(op: str, block: Block, axis: int, sizes: GeometryOf, **details: object) -> Kernel:
    return Kernel(
        f"eq_{op}_s16_{block.isa}",
        block.isa,
        f"{op}/eq_{op}_s16_{block.isa}.c",
        applies=lambda graph, node: obstacle(graph, node, axis),
        family=f"{'linear' if op == 'linear' else 'conv2d'}_packed_s16",
        dtype="int16",
        parameters=_parameters(sizes),
        **details,  # type: ignore[arg-type]
    )


def _portable(op: str, units: Callable[[Graph, Node], int], family: str) -> Kernel:
    """Constants as the graph has them."""

    def pack(graph: Graph, node: Node) -> dict[str, Constant]:
        return {
            "weights": Constant("int8_t", graph.constant(node.inputs[1])),
            "bias": Constant("int64_t", graph.constant(node.inputs[2])),
            **weighted.requant_constants(graph, node),
        }

    return Kernel(
        f"eq_{op}_s16_scalar", "scalar", f"{op}/eq_{op}_s16_scalar.c", units=units, pack=pack, family=family,
        dtype="int16", why="portable C, 64-bit sums",
    )  # fmt: skip


def conv2d(geometry: GeometryOf) -> tuple[Kernel, ...]:
    """Kernels of conv2d; `geometry`: its integers."""

    def kernel(block: Block) -> Kernel:
        def scratch(graph: Graph, node: Node) -> int:
            return wide.scratch_conv2d(geometry(graph, node), block.step, block.pixels, block.in_place)

        return _packed(
            "conv2d", block, 0, geometry, units=output_pixels, granule=lambda graph, node: block.pixels,
            pack=_constants(block.pack, block.isa == "xpulp"), scratch_bytes=scratch, why=block.why,
        )  # fmt: skip

    return (*map(kernel, BLOCKS), _portable("conv2d", output_pixels, "conv2d_s16"))


def dwconv2d(geometry: GeometryOf) -> tuple[Kernel, ...]:
    """Kernels of dwconv2d."""

    def scratch(graph: Graph, node: Node) -> int:
        g: Geometry = geometry(graph, node)
        return wide.scratch_dwconv2d(g)

    def kernel(block: Block) -> Kernel:
        return _packed(
            "dwconv2d", block, 2, geometry, units=output_pixels, pack=_constants(block.pack_dwconv2d, False),
            scratch_bytes=scratch, why=block.why_dwconv2d,
        )  # fmt: skip

    return (*map(kernel, BLOCKS), _portable("dwconv2d", output_pixels, "conv2d_s16"))


def linear(sizes: GeometryOf, units: Callable[[Graph, Node], int]) -> tuple[Kernel, ...]:
    """Kernels of linear; `units`: its output features."""

    def kernel(block: Block) -> Kernel:
        def scratch(graph: Graph, node: Node) -> int:
            features = sizes(graph, node)["in_features"]
            if block.in_place and features % block.step == 0:
                return 0
            return wide.scratch(features, block.step, block.pixels)

        return _packed(
            "linear", block, 0, sizes, units=units, granule=lambda graph, node: block.lanes,
            pack=_constants(block.pack, block.isa == "xpulp"), scratch_bytes=scratch,
            why=block.why.replace("pixels", "rows"),
        )  # fmt: skip

    return (*map(kernel, BLOCKS), _portable("linear", units, "linear_s16"))
