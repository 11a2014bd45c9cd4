"""Kernels for weights of less than 8 bits (runtime_c/include/eq_narrow.h): one a type and instruction set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import fixed_point, weight_types, weighted
from edgeq.ops.base import Constant, Kernel, output_pixels
from edgeq.ops.weight_types import WeightType
from edgeq.packing import mve, narrow
from edgeq.packing.blocks import Geometry, filters, patch_bytes, round_up

#: types that have kernels
STORED = (weight_types.INT4, weight_types.INT2, weight_types.TERNARY, weight_types.BINARY, weight_types.POW2)
#: those of them that depthwise kernels can be given
UNPACKED = (weight_types.INT4, weight_types.TERNARY, weight_types.POW2)

Order = Callable[[np.ndarray, WeightType], np.ndarray]
GeometryOf = Callable[[Graph, Node], dict[str, int]]
Parameters = Callable[[Graph, Node], dict[str, int]]


def order(isa: str, dsp_channels: int) -> Order:
    """Order of the weights [out_c, K] for an instruction set's kernels; the DSP ones take `dsp_channels` at a time."""
    if isa == "dsp":
        return lambda weights, stored: narrow.pack_dsp(weights, stored, dsp_channels)
    return lambda weights, stored: narrow.pack(weights, stored, narrow.WIDTHS[isa])


def constants(pack: Order) -> Callable[[Graph, Node], dict[str, Constant]]:
    """Constants of a kernel that reads its weights in the order of `pack`; output channels come first."""

    def made(graph: Graph, node: Node) -> dict[str, Constant]:
        stored = weight_types.TYPES[weight_types.of_node(graph, node)]
        return {
            "weights": Constant("uint8_t", pack(filters(graph.constant(node.inputs[1])), stored)),
            "bias": Constant("int32_t", weighted.folded_bias(graph, node, 0)),
            **weighted.requant_constants(graph, node),
        }

    return made


def obstacle(graph: Graph, node: Node) -> str | None:
    """The kernels have the forms of requantization that edgeq's quantizer makes."""
    single = node.attributes["rounding"] == fixed_point.SINGLE
    return None if single else "weights of less than 8 bits with another rounding than edgeq's own"


def _kernels(op: str, isa: str, pack: Order, why: str, **details: object) -> tuple[Kernel, ...]:
    return tuple(
        Kernel(
            f"eq_{op}_s8_{stored.name}_{{form}}_{isa}",
            isa,
            f"{op}/eq_{op}_narrow_{isa}.c",
            applies=obstacle,
            pack=constants(pack),
            family=f"{op}_narrow",
            weights=(stored.name,),
            why=f"{stored.name} weights, {why}",
            **details,  # type: ignore[arg-type]
        )
        for stored in STORED
    )


def conv2d_kernels(geometry: GeometryOf) -> tuple[Kernel, ...]:
    """Kernels of conv2d, given its function of that name."""

    def kernels(isa: str, granule: int, scratch: Callable[[Geometry], int], why: str) -> tuple[Kernel, ...]:
        return _kernels(
            "conv2d",
            isa,
            order(isa, 2),
            why,
            units=output_pixels,
            granule=lambda graph, node: granule,
            scratch_bytes=lambda graph, node: scratch(geometry(graph, node)),
        )

    return (
        *kernels("xpulp", 4, narrow.scratch_conv2d_xpulp, "packed dot products, 4 pixels x 4 channels"),
        *kernels("mve", 2, lambda g: mve.scratch_conv2d(g) + mve.BLOCK, "vector dot products, 2 pixels x 4 channels"),
        *kernels("dsp", 4, narrow.scratch_conv2d_dsp, "SMLAD on channel pairs, 4 pixels x 2 channels"),
        *kernels("scalar", 2, lambda g: 2 * patch_bytes(g), "portable C, 2 pixels x 4 channels"),
    )


def linear_kernels(channels: Callable[[Graph, Node], int]) -> tuple[Kernel, ...]:
    """Kernels of linear; `channels` are its units of work."""

    def kernels(isa: str, scratch: Callable[[int], int], why: str) -> tuple[Kernel, ...]:
        return _kernels(
            "linear",
            isa,
            order(isa, 4),
            why,
            units=channels,
            granule=lambda graph, node: 4,
            scratch_bytes=lambda graph, node: scratch(graph.tensor(node.inputs[0]).shape[-1]),
        )

    return (
        *kernels("xpulp", lambda products: narrow.scratch_vector(products, 4), "packed dot products, 4 channels"),
        *kernels("mve", lambda products: narrow.scratch_vector(products, 16), "vector dot products, 4 channels"),
        *kernels("dsp", narrow.scratch_linear_dsp, "SMLAD on channel pairs, 4 channels"),
        *kernels("scalar", lambda products: 0, "portable C, 4 channels"),
    )


def dwconv2d_kernels(kernels: Sequence[Kernel], c_parameters: Parameters) -> tuple[Kernel, ...]:
    """For every int8 kernel of dwconv2d the same with weights that are unpacked before it runs; `c_parameters` are the
    operator's."""
    return tuple(
        _unpacking(kernel, stored, c_parameters)
        for stored in UNPACKED
        for kernel in kernels
        if kernel.dtype == "int8" and not kernel.expands
    )


def _unpacking(kernel: Kernel, stored: WeightType, c_parameters: Parameters) -> Kernel:
    def unpacked(graph: Graph, node: Node) -> np.ndarray:
        return kernel.pack(graph, node)["weights"].data

    def pack(graph: Graph, node: Node) -> dict[str, Constant]:
        weights = Constant("uint32_t", narrow.pack_elements(unpacked(graph, node), stored))
        return {**kernel.pack(graph, node), "weights": weights}

    def details(graph: Graph, node: Node) -> dict[str, Any]:
        elements = unpacked(graph, node)
        words = narrow.packed_words(elements, stored)
        return {
            "type": f"EQ_{stored.name.upper()}",
            "element_bytes": elements.itemsize,
            "packed_words": words,
            "unpacked_bytes": round_up(4 * words * narrow.fields_an_element(elements, stored), 16),
            "scratch_bytes": kernel.scratch_bytes(graph, node),
        }

    def scratch_bytes(graph: Graph, node: Node) -> int:
        both = details(graph, node)
        return int(both["unpacked_bytes"] + both["scratch_bytes"])

    def parameters(graph: Graph, node: Node) -> dict[str, Any]:
        return {**c_parameters(graph, node), "narrow": details(graph, node)}

    return replace(
        kernel,
        applies=lambda graph, node: obstacle(graph, node) or kernel.applies(graph, node),
        pack=pack,
        order=None,
        scratch_bytes=scratch_bytes,
        parameters=parameters,
        family="dwconv2d_narrow",
        helper="dwconv2d/eq_dwconv2d_narrow.c",
        weights=(stored.name,),
        why=f"{stored.name} weights, unpacked before: {kernel.why}",
    )
