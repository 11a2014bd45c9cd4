"""add: elementwise sum of two tensors with their own scales.

Integer form: y = clamp((a * x1 + b * x2 + c) >> n) with a = scale1 / scale_out * 2^n and b alike, rounded to integers,
and c = 2^(n-1) + (zero_point_out << n) - a * zero_point1 - b * zero_point2. n is the largest up to 21 for which no
intermediate can leave int32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.base import Kernel, Operator, Shape, elements_per_sample

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter

MAX_SHIFT = 21
#: the integers of eq_add_s8_t, attributes of every integer add
INTEGERS = ("a", "b", "c", "n", "act_min", "act_max")


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.add.Tensor of two activations of one shape."""
    left, right = args["self"], args["other"]
    if args.get("alpha", 1) != 1:
        raise importer.unsupported("an addition with alpha != 1", "a scaling folded into the layer before")
    for side in (left, right):
        if not isinstance(side, str) or importer.is_constant(side):
            raise importer.unsupported("the addition of a constant", "a bias in the layer before it")
    if importer.shape(left) != importer.shape(right):
        raise importer.unsupported(
            f"an addition that broadcasts {importer.shape(left)} and {importer.shape(right)}", "operands of one shape"
        )
    return importer.add("add", [left, right], {})


def coefficients(left: Tensor, right: Tensor, output: Tensor) -> dict[str, int]:
    """a, b, c and n for the scales and zero points of the three tensors."""
    for n in range(MAX_SHIFT, 0, -1):
        a = round(left.scale / output.scale * 2.0**n)
        b = round(right.scale / output.scale * 2.0**n)
        c = (1 << (n - 1)) + (output.zero_point << n) - a * left.zero_point - b * right.zero_point
        if 128 * a + 128 * b + abs(c) < 2**31:
            return {"a": a, "b": b, "c": c, "n": n}
    raise ValueError(f"scales {left.scale:g} and {right.scale:g} are too far above the output's {output.scale:g}")


def integer_sum(k: Mapping[str, int], left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The integer form of two int8 arrays with the integers `k`."""
    acc = k["a"] * left.astype(np.int64) + k["b"] * right.astype(np.int64) + k["c"]
    return np.clip(acc >> k["n"], k["act_min"], k["act_max"]).astype(np.int8)


class Add(Operator):
    name = "add"
    in_place = (0, 1)
    torch_targets = {"aten.add.Tensor": import_torch, "aten.add_.Tensor": import_torch}
    kernels = (
        Kernel("eq_add_s8_mve", "mve", "add/eq_add_s8_mve.c", units=elements_per_sample, why="4 elements a vector"),
        Kernel(
            "eq_add_s8_dsp",
            "dsp",
            "add/eq_add_s8_dsp.c",
            units=elements_per_sample,
            granule=lambda graph, node: 4,
            why="a word of 4 elements",
        ),
        Kernel(
            "eq_add_s8_xpulp",
            "xpulp",
            "add/eq_add_s8_xpulp.c",
            units=elements_per_sample,
            granule=lambda graph, node: 4,
            why="four elements a word",
        ),
        Kernel("eq_add_s8_rv32im", "rv32im", "add/eq_add_s8_rv32im.c", units=elements_per_sample, why="four a turn"),
        Kernel("eq_add_s8_scalar", "scalar", "add/eq_add_s8_scalar.c", units=elements_per_sample),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0] + inputs[1]]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [integer_sum(node.attributes, inputs[0], inputs[1])]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        left, right = converter.quantized(node.inputs[0]), converter.quantized(node.inputs[1])
        output = converter.quantized_output(node)
        attributes = {**coefficients(left, right, output), **converter.activation_range(node, output)}
        converter.add(node, (left.name, right.name), output, **attributes)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {key: node.attributes[key] for key in INTEGERS}


OP = Add()
