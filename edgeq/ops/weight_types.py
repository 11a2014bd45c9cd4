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


@dataclass(frozen=True)
class WeightType:
    """`levels`: the integers that a weight may be, ascending and symmetric round 0."""

    name: str
    bits: int
    levels: tuple[int, ...]

    @property
    def largest(self) -> int:
        return self.levels[-1]

    @cached_property
    def _between(self) -> np.ndarray:
        return (np.array(self.levels[1:]) + np.array(self.levels[:-1])) / 2.0

    def nearest(self, steps: np.ndarray) -> np.ndarray:
        """int8: the level nearest to each of the real numbers `steps`."""
        if len(self.levels) == 2 * self.largest + 1:
            return np.clip(np.rint(steps), -self.largest, self.largest).astype(np.int8)
        return np.array(self.levels, np.int8)[np.searchsorted(self._between, steps, side="right")]


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
TYPES: Mapping[str, WeightType] = MappingProxyType(
    {item.name: item for item in (INT8, INT4, INT2, TERNARY, BINARY, POW2)}
)


def holding(integers: np.ndarray, largest: int) -> WeightType:
    """The type of fewest bits, and of those with the least range, that reaches `largest` and holds all of the integers;
    int8 where none does."""
    occurring = set(np.unique(integers).astype(int).tolist())
    for item in sorted(TYPES.values(), key=lambda item: (item.bits, item.largest)):
        if item.largest >= largest and occurring.issubset(item.levels):
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
