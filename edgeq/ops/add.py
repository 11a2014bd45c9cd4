"""add: elementwise sum of two tensors with their own scales.

Integer form: y = clamp((a * x1 + b * x2 + c) >> n) with a = scale1 / scale_out * 2^n and b alike, rounded to integers,
and c = 2^(n-1) + (zero_point_out << n) - a * zero_point1 - b * zero_point2. n is the largest up to 21 for which no
intermediate can leave int32.

Rounding "tflite" is TensorFlow Lite's three-stage sum (reference_integer_ops::Add): each operand, shifted left by 20,
is scaled and rounded, then their sum is. The node holds the scaled operands as two tables of 256; coefficients of the
form above that give the same byte for all 65,536 pairs are searched for, and mostly exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import batch_norm, fixed_point, gemmlowp
from edgeq.ops.base import Constant, Kernel, Operator, Shape, elements_per_sample, same_row
from edgeq.ops.spatial import RowReach

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter

MAX_SHIFT = 21
TFLITE_LEFT_SHIFT = 20
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


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """ADD of two activations of one shape."""
    left, right = call.input(0), call.input(1)
    if importer.is_constant(left) or importer.is_constant(right) or importer.shape(left) != importer.shape(right):
        raise importer.unsupported(
            f"an addition of {importer.shape(left)} and {importer.shape(right)}", "two activations of one shape"
        )
    return importer.add("add", [left, right], call.attributes())


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Add of two activations of one shape, or of an activation and a constant per channel."""
    if call.constant(0) is not None or call.constant(1) is not None:
        return str(batch_norm.import_onnx_sum(importer, call))
    return import_torch(importer, {"self": call.activation(0), "other": call.activation(1)})


def tflite_tables(left: Tensor, right: Tensor, output: Tensor) -> tuple[list[np.ndarray], int, int]:
    """(scaled operands as two int32 [256], multiplier, exponent of their sum)."""
    twice = 2.0 * max(left.scale, right.scale)
    tables = []
    for side in (left, right):
        m, s = fixed_point.tflite_multiplier(np.array([side.scale / twice]))
        centred = (np.arange(-128, 128) - side.zero_point) << TFLITE_LEFT_SHIFT
        tables.append(gemmlowp.multiply(centred, int(m[0]), int(s[0])).astype(np.int32))
    m, s = fixed_point.tflite_multiplier(np.array([twice / (2.0**TFLITE_LEFT_SHIFT * output.scale)]))
    return tables, int(m[0]), int(s[0])


def tflite_sum(node: Node, zero_point: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """int8 outputs of two scaled operands (entries of the tables)."""
    k = node.attributes
    total = gemmlowp.multiply(left.astype(np.int64) + right.astype(np.int64), k["multiplier"], k["shift"])
    return np.clip(total + zero_point, k["act_min"], k["act_max"]).astype(np.int8)


def cheap_coefficients(graph: Graph, node: Node) -> dict[str, int] | None:
    """a, b, c and n that give the node's bytes for every pair of inputs, None where there are none.

    For given a, b and n every pair bounds c: y * 2^n <= a * x1 + b * x2 + c < (y + 1) * 2^n, one-sided where y is at
    an end of its range.
    """
    k = node.attributes
    if k.get("rounding") != fixed_point.TFLITE:
        return {key: k[key] for key in ("a", "b", "c", "n")}
    left, right, output = (graph.tensor(name) for name in (*node.inputs[:2], node.outputs[0]))
    tables = [graph.constant(name) for name in node.inputs[2:4]]
    y = tflite_sum(node, output.zero_point, tables[0][:, None], tables[1][None, :]).astype(np.int64)
    x = np.arange(-128, 128, dtype=np.int64)
    low_end, high_end = y == k["act_min"], y == k["act_max"]
    for n in range(MAX_SHIFT, 7, -1):
        ratios = [round(side.scale / output.scale * 2.0**n) for side in (left, right)]
        for a, b in product((ratios[0], ratios[0] + 1, ratios[0] - 1), (ratios[1], ratios[1] + 1, ratios[1] - 1)):
            dot = a * x[:, None] + b * x[None, :]
            least = np.where(low_end, -(2**40), (y << n) - dot).max()
            most = np.where(high_end, 2**40, ((y + 1) << n) - 1 - dot).min()
            c = int(np.clip(0, least, most))
            if least <= most and 128 * abs(a) + 128 * abs(b) + abs(c) < 2**31:
                return {"a": a, "b": b, "c": c, "n": n}
    return None


def unless_cheap(graph: Graph, node: Node) -> str | None:
    return "no single shift gives TensorFlow Lite's bytes" if cheap_coefficients(graph, node) is None else None


def pack_tables(graph: Graph, node: Node) -> dict[str, Constant]:
    return {f"table{side}": Constant("int32_t", graph.constant(node.inputs[1 + side])) for side in (1, 2)}


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
    tflite_targets = {"ADD": import_tflite}
    onnx_targets = {"Add": import_onnx}
    kernels = (
        Kernel(
            "eq_add_s8_mve",
            "mve",
            "add/eq_add_s8_mve.c",
            units=elements_per_sample,
            applies=unless_cheap,
            why="4 elements a vector",
        ),
        Kernel(
            "eq_add_s8_dsp",
            "dsp",
            "add/eq_add_s8_dsp.c",
            units=elements_per_sample,
            granule=lambda graph, node: 4,
            applies=unless_cheap,
            why="a word of 4 elements",
        ),
        Kernel(
            "eq_add_s8_xpulp",
            "xpulp",
            "add/eq_add_s8_xpulp.c",
            units=elements_per_sample,
            granule=lambda graph, node: 4,
            applies=unless_cheap,
            why="four elements a word",
        ),
        Kernel(
            "eq_add_s8_rv32im",
            "rv32im",
            "add/eq_add_s8_rv32im.c",
            units=elements_per_sample,
            applies=unless_cheap,
            why="four a turn",
        ),
        Kernel(
            "eq_add_s8_scalar",
            "scalar",
            "add/eq_add_s8_scalar.c",
            units=elements_per_sample,
            applies=unless_cheap,
        ),
        Kernel(
            "eq_add_s8_tables_scalar",
            "scalar",
            "add/eq_add_s8_tables_scalar.c",
            units=elements_per_sample,
            pack=pack_tables,
            why="TensorFlow Lite's three roundings, operands through tables",
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0] + inputs[1]]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        if node.attributes.get("rounding") == fixed_point.TFLITE:
            left, right = (inputs[2 + side][inputs[side].astype(np.int16) + 128] for side in (0, 1))
            return [tflite_sum(node, graph.tensor(node.outputs[0]).zero_point, left, right)]
        return [integer_sum(node.attributes, inputs[0], inputs[1])]

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        left, right = converter.quantized(node.inputs[0]), converter.quantized(node.inputs[1])
        output = converter.quantized_output(node)
        if node.attributes.get("rounding") == fixed_point.TFLITE:
            tables, multiplier, shift = tflite_tables(left, right, output)
            names = tuple(converter.constant(f"{node.name}.table{side}", table) for side, table in enumerate(tables, 1))
            bounds = converter.activation_range(node, output)
            converter.add(node, (left.name, right.name, *names), output, multiplier=multiplier, shift=shift, **bounds)
            return
        attributes = {**coefficients(left, right, output), **converter.activation_range(node, output)}
        converter.add(node, (left.name, right.name), output, **attributes)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        k = node.attributes
        bounds = {"act_min": k["act_min"], "act_max": k["act_max"]}
        cheap = cheap_coefficients(graph, node)
        if cheap is not None:
            return {**cheap, **bounds}
        zero_point = graph.tensor(node.outputs[0]).zero_point
        return {"sum_multiplier": k["multiplier"], "sum_shift": k["shift"], "zero_point": zero_point, **bounds}


OP = Add()
