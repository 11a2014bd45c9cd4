"""How the weights of a layer are stored: their bits, and the integers that they may be.

A weights constant is an int8 array in the graph whatever its type, so that one integer reference serves all; the type
is its `Quantization.dtype`, and decides which kernels read it and how many bits a weight takes in flash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops.float_types import FLOATS

#: the multipliers of weights that have none
ONE = np.ones(1, np.int8)
#: so that every level of int4 times it is an int8
LARGEST_MULTIPLIER = 18


@dataclass(frozen=True)
class WeightType:
    """`levels`: the integers that a weight may be, ascending and symmetric round 0. `group`: how many neighbouring
    weights of a channel share an integer from 1 to LARGEST_MULTIPLIER that their levels are multiplied by; 0: none
    do."""

    name: str
    bits: int
    levels: tuple[int, ...]
    group: int = 0

    @property
    def largest(self) -> int:
        return self.levels[-1]

    @cached_property
    def between(self) -> np.ndarray:
        """Halfway from each level to the next, where rounding changes."""
        return (np.array(self.levels[1:]) + np.array(self.levels[:-1])) / 2.0

    def nearest(self, steps: np.ndarray, multipliers: np.ndarray = ONE) -> np.ndarray:
        """int8: the level times its multiplier nearest to each of the real numbers `steps`."""
        levels = steps / multipliers
        if len(self.levels) == 2 * self.largest + 1:
            nearest = np.clip(np.rint(levels), -self.largest, self.largest).astype(np.int8)
        else:
            nearest = np.array(self.levels, np.int8)[np.searchsorted(self.between, levels, side="right")]
        return nearest * multipliers


INT8 = WeightType("int8", 8, tuple(range(-127, 128)))
INT4 = WeightType("int4", 4, tuple(range(-7, 8)))
#: four levels without zero: of those with equal steps the least squared error for bell-shaped weights (J. Choi et al.,
#: "Accurate and Efficient 2-bit Quantized Neural Networks", MLSys 2019: the levels of SAWB)
INT2 = WeightType("int2", 2, (-3, -1, 1, 3))
TERNARY = WeightType("ternary", 2, (-1, 0, 1))
BINARY = WeightType("binary", 1, (-1, 1))
#: powers of two with a sign and never zero, for products by shifts (X. Li et al., "DenseShift", ICCV 2023, arXiv
#: 2208.09708)
POW2 = WeightType("pow2", 4, (*(-(2**k) for k in range(6, -1, -1)), *(2**k for k in range(7))))
#: int4 with a scale a group of weights, which is the channel's times an integer: the products are those of int8
INT4_GROUPS = tuple(WeightType(f"int4g{group}", 4, INT4.levels, group) for group in (32, 64, 128))
TYPES: Mapping[str, WeightType] = MappingProxyType(
    {item.name: item for item in (INT8, INT4, INT2, TERNARY, BINARY, POW2, *INT4_GROUPS)}
)


def holding(integers: np.ndarray, largest: int) -> WeightType:
    """The type without groups of fewest bits, and of those with the least range, that reaches `largest` and holds all
    of the integers; int8 where none does."""
    occurring = set(np.unique(integers).astype(int).tolist())
    for item in sorted(TYPES.values(), key=lambda item: (item.bits, item.largest)):
        if not item.group and item.largest >= largest and occurring.issubset(item.levels):
            return item
    return INT8


def of_node(graph: Graph, node: Node) -> str:
    """Name of the type that the weights of an integer layer are stored in; int8 for nodes without any."""
    quantization = graph.tensor(node.inputs[1]).quantization if len(node.inputs) > 2 else None
    known = quantization is not None and graph.tensor(node.inputs[1]).is_constant and quantization.dtype in TYPES
    return quantization.dtype if quantization is not None and known else INT8.name


def precision_name(graph: Graph, node: Node) -> str:
    """What a layer's precision is called: the type of its weights where that is not int8, or of its output."""
    stored, dtype = of_node(graph, node), graph.tensor(node.output).dtype
    if dtype in FLOATS:
        return FLOATS[dtype].precision
    return dtype if stored == INT8.name else stored
