"""log_softmax over the last axis, integers only: y = x - max - log(sum(exp(x - max))).

Integer form (eq_log_softmax.h): exponentials from softmax's table, the logarithm of their sum to the base 2 with 16
fraction bits, found by squaring; slope and factor bring both terms to the output's scale.

Rounding "tflite" is TensorFlow Lite's reference kernel (integer_ops/log_softmax.h): exponentials in Q12, differences
and the logarithm of their sum in Q5; output scale 1/16, zero point 127.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import fixed_point, gemmlowp, softmax, softmax_wide
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter


#: TensorFlow Lite's output, and the length of a row from which on its sum may leave int32
OUTPUT_SCALE, OUTPUT_ZERO_POINT, DEEPEST = 16.0 / 256.0, 127, 1 << 12


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.log_softmax.int."""
    return softmax.over_axis(importer, "log_softmax", args["self"], args["dim"], _over_last)


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """LogSoftmax."""
    return softmax.over_axis(importer, "log_softmax", call.activation(), call.axis(-1), _over_last)


def _over_last(importer: Importer, x: str) -> str:
    return importer.add("log_softmax", [x], {})


def integers(x: Tensor, output: Tensor) -> dict[str, int]:
    """The integers of eq_log_softmax_s8_t. Raises ValueError where the output's scale is too small for them."""
    ratio, inverse = x.scale / output.scale, np.log(2.0) / output.scale
    if max(ratio * 2.0**20, inverse * 2.0**16) >= 2.0**31:
        raise ValueError(f"an output scale of {output.scale:g} is too small for a log_softmax")
    return {
        "table_bits": softmax.table_bits(x.shape[-1]),
        "slope": round(ratio * 2.0**20),
        "factor": round(inverse * 2.0**16),
        "bias": (output.zero_point << 20) + (1 << 19),
    }


def logarithm(x: np.ndarray) -> np.ndarray:
    """Logarithm of positive 32-bit integers to the base 2, 16 fraction bits, truncated."""
    whole = np.floor(np.log2(x.astype(np.float64))).astype(np.int64)
    mantissa = (x.astype(np.int64) << (31 - whole)).astype(np.uint64)
    result = whole
    for _ in range(16):
        mantissa = (mantissa * mantissa) >> np.uint64(31)
        carry = mantissa >> np.uint64(32)
        mantissa = mantissa >> carry
        result = result * 2 + carry.astype(np.int64)
    return result


def tflite_tables(scale: float) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """(exponentials in Q12 and differences in Q5, int32 [256] each by max - x; the reference kernel's integers)."""
    integer_bits = 5
    real = min(scale * 2.0 ** (31 - integer_bits), 2.0**31 - 1.0)
    multiplier, exponent = (int(value[0]) for value in fixed_point.tflite_multiplier(np.array([real])))
    if not 0 < exponent <= 31:
        raise ValueError(f"an input scale of {scale:g} is outside what a log_softmax takes")
    radius = int(np.floor((2**integer_bits - 1) * 2.0 ** (31 - integer_bits) / 2.0**exponent))
    reverse, reverse_shift = fixed_point.tflite_multiplier(np.array([2.0 ** (31 - exponent) / multiplier]))
    inside = np.arange(256) <= radius
    scaled = gemmlowp.multiply(np.where(inside, -np.arange(256), 0), multiplier, exponent)
    e = np.where(inside, gemmlowp.rdbpot(gemmlowp.exp_on_negative(scaled, integer_bits), 12), 0)
    integers = {"diff_min": -radius, "reverse_multiplier": int(reverse[0]), "reverse_shift": int(reverse_shift[0])}
    return e.astype(np.int32), scaled.astype(np.int32), integers


def tflite_integer(node: Node, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """int8 outputs of the reference kernel."""
    x, exponentials, differences = inputs
    k = node.attributes
    below = x.astype(np.int64) - x.max(axis=-1, keepdims=True)
    log_sum = gemmlowp.log_of_q12(exponentials[-below].astype(np.int64).sum(axis=-1, keepdims=True))
    reverse = (np.array([k["reverse_multiplier"]]), np.array([k["reverse_shift"]]))
    least = fixed_point.scale_accumulator(log_sum - 2**31, *reverse, fixed_point.TFLITE)
    scaled = np.clip(differences[-below] - log_sum, gemmlowp.INT32_MIN, None)
    y = np.clip(gemmlowp.rdbpot(scaled, 22) + OUTPUT_ZERO_POINT, -128, 127)
    return np.where(below > np.maximum(k["diff_min"] - 1, least), y, -128).astype(np.int8)


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """LOG_SOFTMAX over the last axis."""
    if call.is_unsigned():
        raise importer.unsupported("a LOG_SOFTMAX of uint8, which TensorFlow Lite computes in float", "int8 there")
    return importer.add("log_softmax", [call.input(0)], call.attributes())


def _pack_tflite(graph: Graph, node: Node) -> dict[str, Constant]:
    keys = ("exp_table", "scaled_table")
    return {key: Constant("int32_t", graph.constant(node.inputs[1 + index])) for index, key in enumerate(keys)}


class LogSoftmax(Operator):
    name = "log_softmax"
    in_place = (0,)
    onnx_targets = {"LogSoftmax": import_onnx}
    torch_targets = {"aten.log_softmax.int": import_torch, "aten._log_softmax.default": import_torch}
    tflite_targets = {"LOG_SOFTMAX": import_tflite}
    kernels = (
        Kernel(
            "eq_log_softmax_s8_scalar",
            "scalar",
            "log_softmax/eq_log_softmax_s8_scalar.c",
            units=softmax_wide.rows,
            pack=softmax.pack_table("uint32_t"),
            applies=softmax.only_with(fixed_point.SINGLE),
        ),
        Kernel(
            "eq_log_softmax_s8_tflite_scalar",
            "scalar",
            "log_softmax/eq_log_softmax_s8_tflite_scalar.c",
            units=softmax_wide.rows,
            pack=_pack_tflite,
            applies=softmax.only_with(fixed_point.TFLITE),
            why="TensorFlow Lite's logarithm",
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        below = inputs[0] - inputs[0].max(axis=-1, keepdims=True)
        return [below - np.log(np.exp(below).sum(axis=-1, keepdims=True))]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        if softmax.rounding(node) == fixed_point.TFLITE:
            return [tflite_integer(node, inputs)]
        x, table = inputs
        k = node.attributes
        below = x.astype(np.int64) - x.max(axis=-1, keepdims=True)
        total = table[-below].astype(np.int64).sum(axis=-1, keepdims=True)
        log2 = logarithm(total) - (k["table_bits"] << 16)
        y = (k["slope"] * below - ((log2 * k["factor"]) >> 12) + k["bias"]) >> 20
        return [np.clip(y, -128, 127).astype(np.int8)]

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        if softmax.rounding(node) == fixed_point.TFLITE:
            self._quantize_tflite(converter, node, x, output)
            return
        table = converter.constant(f"{node.name}.exp_table", softmax.exp_table(x.scale, x.shape[-1]))
        converter.add(node, (x.name, table), output, **integers(x, output))

    def _quantize_tflite(self, converter: Converter, node: Node, x: Tensor, output: Tensor) -> None:
        if (output.scale, output.zero_point) != (OUTPUT_SCALE, OUTPUT_ZERO_POINT) or x.shape[-1] >= DEEPEST:
            raise EdgeqError(
                f"layer {node.name}: a log_softmax's output has scale 1/16 and zero point 127, and less than {DEEPEST} "
                "elements a row"
            )
        exponentials, differences, integers_ = tflite_tables(x.scale)
        tables = (
            converter.constant(f"{node.name}.exp_table", exponentials),
            converter.constant(f"{node.name}.scaled_table", differences),
        )
        converter.add(node, (x.name, *tables), output, **integers_)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        depth = graph.tensor(node.outputs[0]).shape[-1]
        if softmax.rounding(node) == fixed_point.TFLITE:
            fields = {key: node.attributes[key] for key in ("diff_min", "reverse_multiplier", "reverse_shift")}
            return {"record": "eq_log_softmax_tflite_s8_t", "depth": depth, **fields}
        fields = {key: node.attributes[key] for key in ("table_bits", "slope", "factor", "bias")}
        return {"record": "eq_log_softmax_s8_t", "depth": depth, **fields}


OP = LogSoftmax()
