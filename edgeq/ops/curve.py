"""curve, int16: functions of one operand through a table with straight lines between its entries. Integer graphs only;
the functions of ops/unary.py become it. Attribute form: sigmoid, tanh or table (eq_curve.h).

sigmoid and tanh are TensorFlow Lite's (integer_ops/logistic.h, tanh.h), which share one table of 256 entries and
prescribe the output's scale, 1/32768; `table` has 513 entries (LUTLookup).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import fixed_point
from edgeq.ops.base import Constant, Kernel, Operator, Shape, elements_per_sample, same_row
from edgeq.ops.spatial import RowReach

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: output scale of sigmoid and tanh
OUTPUT_SCALE = 2.0**-15
OUTPUT = Quantization(np.array([OUTPUT_SCALE]), 0, None, "int16")
#: segments of a table of 513 entries, each 128 inputs long
SEGMENTS = 512
#: positions between neighbours of the sigmoid's table, as bits
FRACTION_BITS = {"sigmoid": 9, "tanh": 8}
#: input steps of the sigmoid's table a unit: entries 1/24 apart, 2^9 positions each
STEPS = 4096.0 * 3.0


def sigmoid_table() -> np.ndarray:
    """uint16 [256]: 65536 / (1 + exp(-i / 24)), raised by half of what the straight line to the next entry lacks in
    its middle: with that the lines err to both sides. The last entry is the end of the range, where the function stays
    from there on. These are TensorFlow Lite's entries: tests/tflite compares all 65,536 outputs."""
    at = np.arange(255)
    here, middle, following = (65536.0 / (1.0 + np.exp(-(at + step) / 24.0)) for step in (0.0, 0.5, 1.0))
    return np.append(np.rint(here - ((here + following) / 2 - middle) / 2), 65535).astype(np.uint16)


def position_scale(scale: float, form: str) -> tuple[int, int]:
    """(multiplier, right shift) from inputs to positions in the sigmoid's table. Scales that are powers of two near
    1/4096 are exact; of others the multiplier is truncated to 15 bits, as TensorFlow Lite does it."""
    log2 = float(np.log2(scale))
    shift = 12 + round(log2)
    if abs(log2 - round(log2)) < 1e-3 and shift in ((0, 1) if form == "tanh" else (0,)):
        return 3 << shift, 0
    multiplier, right = scale * STEPS, 0
    while multiplier <= 32767.0 / 2.0 and right <= 30:
        multiplier, right = multiplier * 2.0, right + 1
    if multiplier >= 32768.0 or right > 30:
        raise ValueError(f"an input scale of {scale:g} is outside what an int16 {form} takes")
    return int(multiplier), right


def segments_table(
    function: Callable[[np.ndarray], np.ndarray], low: float, high: float, output_scale: float, dtype: Any
) -> np.ndarray:
    """int16 [513] of `function` (of float64 arrays) on [low, high], 512 steps, outputs clipped to int16; every entry is
    moved by half of what the line to the next one errs in its middle (LUTPopulate of TensorFlow Lite, in arithmetic of
    `dtype`, its outputs 2^16 / (2^16 - 1) of what their scale says)."""
    start, end, half = dtype(low), dtype(high), dtype(0.5)
    step = (end - start) / dtype(SEGMENTS)
    scale = dtype(output_scale)
    inverse = dtype(65536) / (scale * dtype(32767) - scale * dtype(-32768))
    at = start + np.arange(SEGMENTS).astype(dtype) * step

    def value(places: np.ndarray) -> np.ndarray:
        return function(places.astype(np.float64)).astype(dtype) * inverse

    with np.errstate(over="ignore", invalid="ignore"):
        here, middle = value(at), value(at + half * step)
        following = value(start + np.arange(1, SEGMENTS + 1).astype(dtype) * step)
        sample = fixed_point.half_away(here)
        line = fixed_point.half_away((following + sample) * half)
        bias = fixed_point.half_away((line - fixed_point.half_away(middle)) * half)
        table = np.append(sample - bias, fixed_point.half_away(value(np.array([end]))))
    # Infinity less infinity, where a function leaves float32, becomes 0 on x86 and Arm alike.
    table = np.where(np.isnan(table), 0, table)
    return np.clip(table, -32768, 32767).astype(np.int16)


def interpolated(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    """int64 values of a table of 513 entries at the int16 positions `x`."""
    wide = x.astype(np.int64)
    entry = 256 + (wide >> 7)
    low, high = table[entry].astype(np.int64), table[entry + 1].astype(np.int64)
    return low + (((high - low) * (wide & 127) + 64) >> 7)


def quantize(converter: Converter, node: Node, form: str, table: np.ndarray, **fields: int) -> None:
    """Adds the integer form of a float node of one operand."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    plain = replace(node, op="curve", attributes=MappingProxyType({}))
    converter.add(plain, (x.name, converter.constant(f"{node.name}.table", table)), output, form=form, **fields)


def quantize_sigmoid(converter: Converter, node: Node, form: str) -> None:
    """Adds sigmoid or tanh."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    if output.scale != OUTPUT_SCALE or output.zero_point or x.zero_point:
        raise EdgeqError(f"layer {node.name}: an int16 {form} has zero points 0 and an output scale of 1/32768")
    multiplier, shift = position_scale(x.scale, form)
    quantize(converter, node, form, sigmoid_table(), multiplier=multiplier, right_shift=shift)


def _form(wanted: str) -> Callable[[Graph, Node], str | None]:
    return lambda graph, node: None if node.attributes["form"] == wanted else f"the curve is no {wanted}"


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    table = graph.constant(node.inputs[1])
    return {"table": Constant(f"{table.dtype}_t", table)}


def _kernel(form: str, file: str) -> Kernel:
    return Kernel(
        f"eq_curve_s16_{form}_scalar",
        "scalar",
        f"curve/eq_curve_s16_{file}_scalar.c",
        units=elements_per_sample,
        applies=_form(form),
        pack=_pack,
        dtype="int16",
        why="portable C, straight lines through a table",
    )


class Curve(Operator):
    name = "curve"
    in_place = (0,)
    takes_int16 = True
    kernels = (_kernel("sigmoid", "sigmoid"), _kernel("tanh", "sigmoid"), _kernel("table", "table"))

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, table = inputs
        form = node.attributes["form"]
        if form == "table":
            return [interpolated(table, x).astype(np.int16)]
        k, bits = node.attributes, FRACTION_BITS[form]
        half = (1 << k["right_shift"]) >> 1
        position = (x.astype(np.int64) * k["multiplier"] + half) >> k["right_shift"]
        size = np.abs(position)
        entry = np.minimum(size >> bits, 254)
        low, high = table[entry].astype(np.int64), table[entry + 1].astype(np.int64)
        y = (low << bits) + (high - low) * (size & ((1 << bits) - 1))
        beyond = size >> bits >= 255
        if form == "sigmoid":
            y = np.where(beyond, 0x7FFF << 10, y)
            return [(np.where(position >= 0, y + 512, (1 << 25) - y + 511) >> 10).astype(np.int16)]
        y = np.where(beyond, 0xFFFF << 8, y) - (1 << 23)
        return [(np.where(position >= 0, y + 128, -y + 127) >> 8).astype(np.int16)]

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        if node.attributes["form"] == "table":
            return {"record": "eq_curve_table_s16_t"}
        return {
            "record": "eq_curve_sigmoid_s16_t",
            **{key: node.attributes[key] for key in ("multiplier", "right_shift")},
        }


OP = Curve()
