"""Kernels for weights of 4 bits in groups: int8 kernels behind an unpacking to memory for convolutions, whose every
weight is used for many pixels; kernels of their own for linear layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import narrow, weight_types, weighted
from edgeq.ops.base import Constant, Kernel, Unpacking
from edgeq.packing import groups
from edgeq.packing.blocks import filters

Pack = Callable[[np.ndarray, int, str], np.ndarray]

NAMES = tuple(stored.name for stored in weight_types.INT4_GROUPS)


def conv2d_kernels(kernels: Sequence[Kernel]) -> tuple[Kernel, ...]:
    """For each of these int8 kernels, which read weights in the order of groups.UNPACKED, one that unpacks before."""

    def of_groups(kernel: Kernel) -> Kernel:
        return replace(
            kernel,
            applies=lambda graph, node: narrow.obstacle(graph, node) or kernel.applies(graph, node),
            pack=_constants(groups.pack_conv2d, kernel.isa),
            unpacking=_unpacking(kernel.isa),
            order=None,
            instructions=None,
            helper="weight_groups/eq_weight_groups.c",
            weights=NAMES,
            why=f"int4 weights in groups, unpacked before: {kernel.why}",
        )

    return tuple(of_groups(kernel) for kernel in kernels)


def linear_kernels(
    kernels: Sequence[Kernel], c_parameters: Callable[[Graph, Node], dict[str, int]]
) -> tuple[Kernel, ...]:
    """For each of these kernels for int4 weights one for groups of them; `c_parameters` are the operator's."""

    def of_groups(kernel: Kernel) -> Kernel:
        def parameters(graph: Graph, node: Node) -> dict[str, Any]:
            (channels, products), group = _rows(graph, node).shape, _group(graph, node)
            words = groups.multiplier_words(channels, products, group, groups.LINEAR_UNIT)
            return {**c_parameters(graph, node), "groups": {"fields": 4 * words, "group": group}}

        return replace(
            kernel,
            function=f"eq_linear_s8_groups_{{form}}_{kernel.isa}",
            source=f"linear/eq_linear_groups_{kernel.isa}.c",
            pack=_constants(groups.pack_linear, kernel.isa),
            parameters=parameters,
            family="linear_groups",
            weights=NAMES,
            why=kernel.why.replace("int4 weights", "int4 weights in groups"),
        )

    return tuple(of_groups(kernel) for kernel in kernels if weight_types.INT4.name in kernel.weights)


def _group(graph: Graph, node: Node) -> int:
    return weight_types.TYPES[weight_types.of_node(graph, node)].group


def _rows(graph: Graph, node: Node) -> np.ndarray:
    """int8 weights [channels, K]."""
    return filters(graph.constant(node.inputs[1]))


def _constants(pack: Pack, isa: str) -> Callable[[Graph, Node], dict[str, Constant]]:
    def made(graph: Graph, node: Node) -> dict[str, Constant]:
        return {
            "weights": Constant("uint32_t", pack(_rows(graph, node), _group(graph, node), isa)),
            "bias": Constant("int32_t", weighted.folded_bias(graph, node, 0)),
            **weighted.requant_constants(graph, node),
        }

    return made


def _unpacking(isa: str) -> Callable[[Graph, Node], Unpacking]:
    def found(graph: Graph, node: Node) -> Unpacking:
        (channels, products), group = _rows(graph, node).shape, _group(graph, node)
        function, unit, _ = groups.UNPACKED[isa]
        words = groups.multiplier_words(channels, products, group, unit)
        return Unpacking(
            f"eq_weight_groups_{function}",
            {"fields": words, "products": products, "group": group},
            units=-(-channels // unit),
            size_bytes=groups.unpacked_bytes(isa, channels, products),
        )

    return found
