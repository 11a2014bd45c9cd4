"""add: elementwise sum of two tensors of one shape with their own scales. Importers make it through ops/binary.py;
differences become sums with a negative factor.

Integer form: y = clamp((a * x1 + b * x2 + c) >> n) with a = scale1 / scale_out * 2^n and b alike, rounded to integers,
and c = 2^(n-1) + (zero_point_out << n) - a * zero_point1 - b * zero_point2. n is the largest up to 21 for which no
intermediate can leave int32.

Rounding "tflite" is TensorFlow Lite's three-stage sum (reference_integer_ops::Add): each operand, shifted left by 20,
is scaled and rounded, then their sum is. The node holds the scaled operands as two tables of 256; coefficients of the
form above that give the same byte for all 65,536 pairs are searched for, and mostly exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import binary_float, cmsis_nn, fixed_point, gemmlowp
from edgeq.ops.base import Constant, Kernel, Operator, Shape, elements_per_sample, same_row
from edgeq.ops.float_types import Rounding
from edgeq.ops.spatial import RowReach

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape

MAX_SHIFT = 21
TFLITE_LEFT_SHIFT, WIDE_LEFT_SHIFT = 20, 15
#: left shift of an int16 sum's operands whose scales are powers of two, and the multiplier that undoes it
PLAIN_SHIFT, PLAIN_MULTIPLIER = 1, 1 << 30
WIDE_INTEGERS = ("left", "m1", "s1", "m2", "s2", "sum_m", "sum_s", "act_min", "act_max")
#: signs of the operands of a plain sum
PLUS = (1, 1)
#: the integers of eq_add_s8_t, attributes of every integer add
INTEGERS = ("a", "b", "c", "n", "act_min", "act_max")


def tflite_tables(
    left: Tensor, right: Tensor, output: Tensor, signs: tuple[int, int] = PLUS
) -> tuple[list[np.ndarray], int, int]:
    """(scaled operands with their signs as two int32 [256], multiplier, exponent of their sum)."""
    scaling = tflite_scaling(left, right, output)
    tables = []
    for side, sign, (m, s) in zip((left, right), signs, scaling[:2], strict=True):
        centred = (np.arange(-128, 128) - side.zero_point) << TFLITE_LEFT_SHIFT
        tables.append(sign * gemmlowp.multiply(centred, m, s).astype(np.int32))
    return tables, *scaling[2]


def tflite_scaling(left: Tensor, right: Tensor, output: Tensor) -> list[tuple[int, int]]:
    """(multiplier, exponent) of both operands, shifted left by TFLITE_LEFT_SHIFT, and of their sum."""
    twice = 2.0 * max(left.scale, right.scale)
    scales = (left.scale / twice, right.scale / twice, twice / (2.0**TFLITE_LEFT_SHIFT * output.scale))
    m, s = fixed_point.tflite_multiplier(np.array(scales))
    return [(int(multiplier), int(exponent)) for multiplier, exponent in zip(m, s, strict=True)]


def library_parameters(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of TensorFlow Lite's sum, as a library takes them that computes it in three stages."""
    left, right, output = (graph.tensor(name) for name in (*node.inputs[:2], node.outputs[0]))
    (m1, s1), (m2, s2), (m, s) = tflite_scaling(left, right, output)
    return {
        "elements": output.elements,
        "left_shift": TFLITE_LEFT_SHIFT,
        **{"zero_point1": left.zero_point, "multiplier1": m1, "shift1": s1},
        **{"zero_point2": right.zero_point, "multiplier2": m2, "shift2": s2},
        **{"zero_point": output.zero_point, "sum_multiplier": m, "sum_shift": s},
        **{key: node.attributes[key] for key in ("act_min", "act_max")},
    }


def of_scales(graph: Graph, node: Node) -> bool:
    """Whether the constants of a node in TensorFlow Lite's rounding are those of its tensors' scales."""
    left, right, output = (graph.tensor(name) for name in (*node.inputs[:2], node.outputs[0]))
    tables, multiplier, shift = tflite_tables(left, right, output, node.attributes.get("signs", PLUS))
    kept = [graph.constant(name) for name in node.inputs[2:4]]
    same = all(np.array_equal(table, own) for table, own in zip(tables, kept, strict=True))
    return same and (multiplier, shift) == (node.attributes["multiplier"], node.attributes["shift"])


def tflite_sum(k: Mapping[str, int], zero_point: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """int8 outputs of two scaled operands (entries of the tables) with the integers `k`."""
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
    tables = tuple(graph.constant(name).tobytes() for name in node.inputs[2:4])
    signs = k.get("signs", PLUS)
    ratios = tuple(sign * side.scale / output.scale for side, sign in zip((left, right), signs, strict=True))
    sum_ = tuple((key, k[key]) for key in ("multiplier", "shift", "act_min", "act_max"))
    found = _coefficients_of(tables, sum_, output.zero_point, ratios)
    return None if found is None else dict(found)


@lru_cache(maxsize=256)
def _coefficients_of(
    tables: tuple[bytes, ...], sum_: tuple[tuple[str, int], ...], zero_point: int, ratios: tuple[float, ...]
) -> MappingProxyType[str, int] | None:
    """The search over all pairs of bytes; `sum_`: the integers of tflite_sum, `ratios`: the operands' scales in units
    of the output's. Kept, because every kernel, order and band that is weighed asks."""
    k = dict(sum_)
    left, right = (np.frombuffer(table, np.int32) for table in tables)
    y = tflite_sum(k, zero_point, left[:, None], right[None, :]).astype(np.int64)
    x = np.arange(-128, 128, dtype=np.int64)
    low_end, high_end = y == k["act_min"], y == k["act_max"]
    for n in range(MAX_SHIFT, 7, -1):
        near = [round(ratio * 2.0**n) for ratio in ratios]
        for a, b in product((near[0], near[0] + 1, near[0] - 1), (near[1], near[1] + 1, near[1] - 1)):
            dot = a * x[:, None] + b * x[None, :]
            least = np.where(low_end, -(2**40), (y << n) - dot).max()
            most = np.where(high_end, 2**40, ((y + 1) << n) - 1 - dot).min()
            c = int(np.clip(0, least, most))
            if least <= most and 128 * abs(a) + 128 * abs(b) + abs(c) < 2**31:
                return MappingProxyType({"a": a, "b": b, "c": c, "n": n})
    return None


def unless_cheap(graph: Graph, node: Node) -> str | None:
    return "no single shift gives TensorFlow Lite's bytes" if cheap_coefficients(graph, node) is None else None


def pack_tables(graph: Graph, node: Node) -> dict[str, Constant]:
    return {f"table{side}": Constant("int32_t", graph.constant(node.inputs[1 + side])) for side in (1, 2)}


def coefficients(left: Tensor, right: Tensor, output: Tensor, signs: tuple[int, int] = PLUS) -> dict[str, int]:
    """a, b, c and n for the scales and zero points of the three tensors and the operands' signs."""
    for n in range(MAX_SHIFT, 0, -1):
        a = round(signs[0] * left.scale / output.scale * 2.0**n)
        b = round(signs[1] * right.scale / output.scale * 2.0**n)
        c = (1 << (n - 1)) + (output.zero_point << n) - a * left.zero_point - b * right.zero_point
        if 128 * abs(a) + 128 * abs(b) + abs(c) < 2**31:
            return {"a": a, "b": b, "c": c, "n": n}
    raise ValueError(f"scales {left.scale:g} and {right.scale:g} are too far above the output's {output.scale:g}")


def power_of_two(scale: float) -> int | None:
    """The exponent of a scale that is a power of two, as near as TensorFlow Lite looks (CheckedLog2)."""
    log2 = float(np.log2(scale))
    return round(log2) if abs(log2 - round(log2)) < 1e-3 else None


def wide_integers(left: Tensor, right: Tensor, output: Tensor, by_shifts: bool = False) -> dict[str, int]:
    """Left shift, multipliers and exponents of TensorFlow Lite's int16 sum. `by_shifts`: the file wants operands that
    are only shifted right where all scales are powers of two. Raises ValueError where there is no such sum."""
    exponents = [power_of_two(tensor.scale) for tensor in (left, right, output)]
    if by_shifts and None not in exponents:
        down = [exponents[2] - exponent for exponent in exponents[:2]]  # type: ignore[operator]
        if min(down) != 0:
            raise ValueError("a sum by shifts needs the output's scale to be the larger one of its operands'")
        plain = {"left": PLAIN_SHIFT, "m1": PLAIN_MULTIPLIER, "m2": PLAIN_MULTIPLIER, "sum_m": PLAIN_MULTIPLIER}
        return {**plain, "s1": -down[0], "s2": -down[1], "sum_s": PLAIN_SHIFT}
    twice = 2.0 * max(left.scale, right.scale)
    scales = (left.scale / twice, right.scale / twice, twice / (2.0**WIDE_LEFT_SHIFT * output.scale))
    m, s = fixed_point.tflite_multiplier(np.array(scales))
    keys = ("m1", "m2", "sum_m", "s1", "s2", "sum_s")
    return {"left": WIDE_LEFT_SHIFT, **{key: int(value) for key, value in zip(keys, [*m, *s], strict=True)}}


def wide_sum(k: Mapping[str, int], left: np.ndarray, right: np.ndarray, signs: tuple[int, int] = PLUS) -> np.ndarray:
    """int16 outputs of two int16 arrays, each with a sign."""

    def scaled(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
        return fixed_point.scale_accumulator(x, np.array([multiplier]), np.array([shift]), fixed_point.TFLITE)

    total = signs[0] * scaled(left.astype(np.int64) << k["left"], k["m1"], k["s1"])
    total = total + signs[1] * scaled(right.astype(np.int64) << k["left"], k["m2"], k["s2"])
    return np.clip(scaled(total, k["sum_m"], k["sum_s"]), k["act_min"], k["act_max"]).astype(np.int16)


def integer_sum(k: Mapping[str, int], left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The integer form of two int8 arrays with the integers `k`."""
    acc = k["a"] * left.astype(np.int64) + k["b"] * right.astype(np.int64) + k["c"]
    return np.clip(acc >> k["n"], k["act_min"], k["act_max"]).astype(np.int8)


def quantize_sum(
    converter: Converter, node: Node, left: Tensor, right: Tensor, output: Tensor, signs: tuple[int, int] = PLUS
) -> None:
    """Adds the integer form of a sum of two int8 activations of one shape, each with a sign."""
    bounds = converter.activation_range(node, output)
    if node.attributes.get("rounding") == fixed_point.TFLITE:
        tables, multiplier, shift = tflite_tables(left, right, output, signs)
        names = tuple(converter.constant(f"{node.name}.table{side}", table) for side, table in enumerate(tables, 1))
        scaling = {"multiplier": multiplier, "shift": shift, "signs": signs}
        converter.add(node, (left.name, right.name, *names), output, **scaling, **bounds)
        return
    converter.add(node, (left.name, right.name), output, **coefficients(left, right, output, signs), **bounds)


def shift_kernel(isa: str, why: str, granule: int = 1) -> Kernel:
    """A kernel of sums by one shift (eq_add_s8_t)."""
    return Kernel(
        f"eq_add_s8_{isa}",
        isa,
        f"add/eq_add_s8_{isa}.c",
        units=elements_per_sample,
        granule=lambda graph, node: granule,
        applies=unless_cheap,
        why=why,
    )


def wide_kernel(isa: str, why: str) -> Kernel:
    """The kernel of int16 activations."""
    return Kernel(
        f"eq_add_s16_{isa}",
        isa,
        f"add/eq_add_s16_{isa}.c",
        units=elements_per_sample,
        family="add_s16",
        dtype="int16",
        why=why,
    )


class Add(Operator):
    name = "add"
    takes_int16 = takes_float = True
    in_place = (0, 1)
    kernels = (
        shift_kernel("mve", "4 elements a vector"),
        shift_kernel("rvv", "vectors of elements"),
        shift_kernel("dsp", "a word of 4 elements", granule=4),
        shift_kernel("xpulp", "four elements a word", granule=4),
        shift_kernel("rv32im", "four a turn"),
        shift_kernel("scalar", "portable C"),
        Kernel(
            "eq_add_s8_tables_scalar",
            "scalar",
            "add/eq_add_s8_tables_scalar.c",
            units=elements_per_sample,
            pack=pack_tables,
            why="TensorFlow Lite's three roundings, operands through tables",
        ),
        wide_kernel("mve", "4 elements a vector, three roundings"),
        wide_kernel("scalar", "portable C, three roundings"),
        *cmsis_nn.add(library_parameters, of_scales),
        *binary_float.kernels(("add",)),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0] + inputs[1]]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return binary_float.rounding("add", inputs)

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        for name in node.inputs[:2]:
            if tape.wants(name):
                tape.give(name, gradient, node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        if node.attributes.get("rounding") == fixed_point.WIDE:
            return [wide_sum(node.attributes, inputs[0], inputs[1])]
        if node.attributes.get("rounding") == fixed_point.TFLITE:
            left, right = (inputs[2 + side][inputs[side].astype(np.int16) + 128] for side in (0, 1))
            return [tflite_sum(node.attributes, graph.tensor(node.outputs[0]).zero_point, left, right)]
        return [integer_sum(node.attributes, inputs[0], inputs[1])]

    def _quantize_wide(self, converter: Converter, node: Node, left: Tensor, right: Tensor, output: Tensor) -> None:
        if any(tensor.dtype != "int16" or tensor.zero_point for tensor in (left, right, output)):
            raise EdgeqError(f"layer {node.name}: a sum in int16 needs int16 operands with zero point 0")
        by_shifts = bool(node.attributes.get("by_shifts", False))
        integers = {**wide_integers(left, right, output, by_shifts), **converter.activation_range(node, output)}
        converter.add(node, (left.name, right.name), output, **{**integers, "rounding": fixed_point.WIDE})

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        left, right = converter.quantized(node.inputs[0]), converter.quantized(node.inputs[1])
        output = converter.quantized_output(node)
        if output.dtype == "int16":
            self._quantize_wide(converter, node, left, right, output)
            return
        quantize_sum(converter, node, left, right, output)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        k = node.attributes
        if k.get("rounding") == fixed_point.WIDE:
            return {key: k[key] for key in WIDE_INTEGERS}
        bounds = {"act_min": k["act_min"], "act_max": k["act_max"]}
        cheap = cheap_coefficients(graph, node)
        if cheap is not None:
            return {**cheap, **bounds}
        zero_point = graph.tensor(node.outputs[0]).zero_point
        return {"sum_multiplier": k["multiplier"], "sum_shift": k["shift"], "zero_point": zero_point, **bounds}


OP = Add()
