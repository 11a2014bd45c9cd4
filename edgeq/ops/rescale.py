"""rescale: int8 or int16 in, int8 or int16 out, two straight lines that meet at the zero point. Integer graphs only;
functions of ops/unary.py and ops/clamp.py become it where bytes are not looked up in a table.

Integer form (eq_rescale.h), TensorFlow Lite's double rounding: y = scale(c, multiplier, shift) + zero point with
c = x - zero point; other multiplier and shift, of either sign, where c < 0. `fold`: of |c|.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import fixed_point
from edgeq.ops.base import Kernel, Operator, Shape, elements_per_sample, same_row
from edgeq.ops.spatial import RowReach

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

FIELDS = (
    "fold", "positive_multiplier", "positive_shift", "negative_multiplier", "negative_shift", "act_min", "act_max",
)  # fmt: skip


def lines(positive: float, negative: float, fold: bool = False) -> dict[str, int]:
    """Multipliers and exponents of the two slopes."""
    (m,), (s,) = fixed_point.tflite_multiplier(np.array([positive]))
    (below,), (shift,) = fixed_point.tflite_multiplier(np.array([abs(negative)]))
    return {
        "fold": int(fold),
        "positive_multiplier": int(m),
        "positive_shift": int(s),
        "negative_multiplier": -int(below) if negative < 0 else int(below),
        "negative_shift": int(shift),
    }


def quantize(converter: Converter, node: Node, positive: float, negative: float, fold: bool = False) -> None:
    """Adds the integer form of a float node with slopes in units of the output a unit of the input."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    bounds = (node.attributes.get("min"), node.attributes.get("max"))
    limits = (
        converter.integer_bounds(bounds, output) if node.op == "clamp" else converter.activation_range(node, output)
    )
    plain = replace(node, op="rescale", attributes=MappingProxyType({}))
    converter.add(plain, (x.name,), output, **lines(positive, negative, fold), **limits)


def between(source: Tensor, target: Tensor) -> dict[str, int]:
    """Attributes of the node that gives the integers of `source` in the quantization of `target`."""
    ratio, info = source.scale / target.scale, np.iinfo(target.dtype)
    return {**lines(ratio, ratio), "act_min": int(info.min), "act_max": int(info.max)}


def _kernel(source: str, target: str) -> Kernel:
    function = f"eq_rescale_s{source[3:]}_to_s{target[3:]}_scalar"
    return Kernel(
        function,
        "scalar",
        "rescale/eq_rescale_scalar.c",
        units=elements_per_sample,
        in_place=lambda parameters: source == target,
        dtype=source,
        stores=target,
        why="portable C, double rounding",
    )


class Rescale(Operator):
    name = "rescale"
    takes_int16 = True
    kernels = (_kernel("int16", "int16"), _kernel("int16", "int8"), _kernel("int8", "int16"))

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k, output = node.attributes, graph.tensor(node.outputs[0])
        centred = inputs[0].astype(np.int64) - graph.tensor(node.inputs[0]).zero_point
        centred = np.abs(centred) if k["fold"] else centred
        sides = [
            fixed_point.scale_accumulator(
                centred, np.array([k[f"{side}_multiplier"]]), np.array([k[f"{side}_shift"]]), fixed_point.TFLITE
            )
            for side in ("positive", "negative")
        ]
        y = np.where(centred < 0, sides[1], sides[0]) + output.zero_point
        return [np.clip(y, k["act_min"], k["act_max"]).astype(output.dtype)]

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {
            "input_zero_point": graph.tensor(node.inputs[0]).zero_point,
            **{key: node.attributes[key] for key in FIELDS},
            "output_zero_point": graph.tensor(node.outputs[0]).zero_point,
        }


OP = Rescale()
