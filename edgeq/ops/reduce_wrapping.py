"""reduce_wrapping: sums of int16 as they are stored, modulo 2^16, along any axes (attribute axes). Integer graphs only;
ops/reduce.py makes it of TensorFlow Lite's SUM, whose kernel of int16 has no scales and keeps 16 bits.

Integer form (eq_reduce_wide.h): y = sum(x), wrapped around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node
from edgeq.ops import reduction
from edgeq.ops.base import Kernel

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: int16 elements whose sum fits 32 bits
MOST_ELEMENTS = 1 << 16


def quantize(converter: Converter, node: Node) -> None:
    """Adds the integer form of a float sum whose operand and result are int16 in one scale."""
    count = reduction.count(converter.source, node)
    if count > MOST_ELEMENTS:
        raise EdgeqError(
            f"layer {node.name}: a sum of {count} int16 elements; at most {MOST_ELEMENTS} are supported: sum them in "
            "two steps"
        )
    made = replace(node, op="reduce_wrapping")
    converter.add(made, (converter.quantized(node.inputs[0]).name,), converter.quantized_output(node))


class ReduceWrapping(reduction.Reduction):
    name = "reduce_wrapping"
    takes_int16 = True
    kernels = (
        Kernel(
            "eq_reduce_wide_wrapping_scalar",
            "scalar",
            "reduce_wide/eq_reduce_wide_wrapping_scalar.c",
            units=reduction.units,
            family="reduce_wide",
            dtype="int16",
        ),
    )

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].sum(axis=reduction.axes_of(node), keepdims=True, dtype=np.int16)]

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {"record": "eq_reduce_wide_extreme_t", "shape": reduction.shape_parameters(graph, node)}


OP = ReduceWrapping()
