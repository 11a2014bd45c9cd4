"""convert: an activation in another type of storage, one of the two at least floating point. Lowered graphs only;
borders between layers of different types become it.

To integers (eq_convert.h): q = clamp(round(x * inverse) + zero_point) in float32, ties to even, with
inverse = 1 / scale; what is no number becomes the highest integer. From integers: x = (q - zero_point) * scale. The
firmware's numbers equal these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import float_layers
from edgeq.ops.base import Kernel, Operator, Shape, elements_per_sample, same_row
from edgeq.ops.float_types import FLOATS, stored
from edgeq.ops.spatial import RowReach

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: beyond every integer type, and small enough for the addition that rounds
FARTHEST = 65536.0
INTEGERS = ("int8", "int16")


def quantize(converter: Converter, node: Node) -> None:
    """Adds the form of a border with a floating-point side."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    plain = replace(node, op="convert", attributes=MappingProxyType({}))
    converter.add(plain, (x.name,), output)


def _short(dtype: str) -> str:
    return FLOATS[dtype].suffix if dtype in FLOATS else f"s{dtype[3:]}"


def _kernel(source: str, target: str) -> Kernel:
    return Kernel(
        f"eq_convert_{_short(source)}_to_{_short(target)}_scalar",
        "scalar",
        "convert/eq_convert_scalar.c",
        units=elements_per_sample,
        dtype=source,
        stores=target,
    )


class Convert(Operator):
    name = "convert"
    kernels = tuple(
        _kernel(source, target)
        for source in (*INTEGERS, *FLOATS)
        for target in (*INTEGERS, *FLOATS)
        if source != target and (source in FLOATS or target in FLOATS)
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        source, target = graph.tensor(node.inputs[0]), graph.tensor(node.outputs[0])
        if source.dtype in FLOATS and target.dtype in FLOATS:
            return [stored(inputs[0], target.dtype)]
        if target.dtype in FLOATS:
            centred = (inputs[0].astype(np.int32) - source.zero_point).astype(np.float32)
            return [stored(centred * np.float32(source.scale), target.dtype)]
        with np.errstate(over="ignore"):
            scaled = inputs[0].astype(np.float32) * np.float32(1.0 / target.scale)
        scaled = np.clip(np.nan_to_num(scaled, nan=FARTHEST), -FARTHEST, FARTHEST)
        info = np.iinfo(target.dtype)
        return [np.clip(np.rint(scaled) + target.zero_point, info.min, info.max).astype(target.dtype)]

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        source, target = graph.tensor(node.inputs[0]), graph.tensor(node.outputs[0])
        integer = source if source.dtype in INTEGERS else target
        scale = 1.0 / integer.scale if integer is target else integer.scale
        return {"factor": float_layers.c_number(scale), "zero_point": integer.zero_point}


OP = Convert()
