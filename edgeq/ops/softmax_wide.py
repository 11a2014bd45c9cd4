"""softmax_wide: softmax of int16 activations over the last axis. Integer graphs only; ops/softmax.py makes it.

Integer form: TensorFlow Lite's SoftmaxInt16 (eq_softmax_wide.h): exponentials and the reciprocal of their sum through
tables of 513 entries; output scale 1/32768.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import curve, fixed_point
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

OUTPUT_SCALE = 2.0**-15
#: exp(-10) is the least that counts; its table's 65536 steps cover -10 .. 0
LOWEST, STEPS = -10.0, 65535
#: the sum of 2^15 exponentials below 1 fits 31 bits
DEEPEST = 1 << 15


def exp_table() -> np.ndarray:
    """int16 [513]: exp on [-10, 0] in 1/32768."""
    return curve.segments_table(np.exp, LOWEST, 0.0, 2.0 / STEPS, np.float64)


def reciprocal_table() -> np.ndarray:
    """int16 [513]: 1 / (1 + x) on [0, 1] in 1/32768."""
    return curve.segments_table(lambda x: 1.0 / (1.0 + x), 0.0, 1.0, 2.0 / STEPS, np.float64)


def input_scaling(scale: float, beta: float) -> dict[str, int]:
    """Multiplier and exponent from input steps to those of the table."""
    m, s = fixed_point.tflite_multiplier(np.array([scale * beta / (-LOWEST / STEPS)]))
    return {"input_multiplier": int(m[0]), "input_shift": int(s[0])}


def quantize(converter: Converter, node: Node) -> None:
    """Adds the integer form of a float softmax with int16 operand and result."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    if {x.dtype, output.dtype} != {"int16"} or output.scale != OUTPUT_SCALE or output.zero_point:
        raise EdgeqError(
            f"layer {node.name}: a softmax of int16 has an int16 output with scale 1/32768 and zero point 0"
        )
    if x.shape[-1] >= DEEPEST:
        raise EdgeqError(f"layer {node.name}: a softmax over {x.shape[-1]} int16 elements; at most {DEEPEST - 1}")
    scaling = input_scaling(x.scale, float(np.float32(node.attributes.get("beta", 1.0))))
    if scaling["input_shift"] > 14:
        raise EdgeqError(f"layer {node.name}: a softmax's input scale of {x.scale:g} is too large for int16")
    plain = replace(node, op="softmax_wide", attributes=MappingProxyType({}))
    tables = (
        converter.constant(f"{node.name}.exp_table", exp_table()),
        converter.constant(f"{node.name}.reciprocal_table", reciprocal_table()),
    )
    converter.add(plain, (x.name, *tables), output, **scaling)


def rows(graph: Graph, node: Node) -> int:
    return int(np.prod(graph.tensor(node.outputs[0]).shape[1:-1], dtype=np.int64))


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    keys = ("exp_table", "reciprocal_table")
    return {key: Constant("int16_t", graph.constant(node.inputs[1 + index])) for index, key in enumerate(keys)}


class SoftmaxWide(Operator):
    name = "softmax_wide"
    in_place = (0,)
    takes_int16 = True
    kernels = (
        Kernel(
            "eq_softmax_wide_scalar",
            "scalar",
            "softmax_wide/eq_softmax_wide_scalar.c",
            units=rows,
            pack=_pack,
            dtype="int16",
            why="portable C, TensorFlow Lite's tables",
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, exponentials, reciprocals = inputs
        below = x.astype(np.int64) - x.max(axis=-1, keepdims=True)
        multiplier, exponent = (np.array([node.attributes[key]]) for key in ("input_multiplier", "input_shift"))
        at = fixed_point.scale_accumulator(below, multiplier, exponent, fixed_point.TFLITE) + 32767
        e = curve.interpolated(exponentials, np.clip(at, -32768, 32767))
        total = e.sum(axis=-1, keepdims=True)
        zeros = 31 - np.floor(np.log2(total)).astype(np.int64)
        normalized = ((total << (zeros - 1)) + (1 << 13)) >> 14
        fraction = np.clip(normalized - (1 << 15) - (1 << 16), -32768, 32767)
        shift = 31 - zeros
        y = (e * curve.interpolated(reciprocals, fraction) + (np.int64(1) << (shift - 1))) >> shift
        return [np.clip(y, 0, 32767).astype(np.int16)]

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        keys = ("input_multiplier", "input_shift")
        return {"depth": graph.tensor(node.outputs[0]).shape[-1], **{key: node.attributes[key] for key in keys}}


OP = SoftmaxWide()
