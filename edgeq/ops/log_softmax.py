"""log_softmax over the last axis, integers only: y = x - max - log(sum(exp(x - max))).

Integer form (eq_log_softmax.h): exponentials from softmax's table, the logarithm of their sum to the base 2 with 16
fraction bits, found by squaring; slope and factor bring both terms to the output's scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import softmax, softmax_wide
from edgeq.ops.base import Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.log_softmax.int."""
    return softmax.over_axis(importer, "log_softmax", args["self"], args["dim"])


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


class LogSoftmax(Operator):
    name = "log_softmax"
    in_place = (0,)
    torch_targets = {"aten.log_softmax.int": import_torch, "aten._log_softmax.default": import_torch}
    kernels = (
        Kernel(
            "eq_log_softmax_s8_scalar",
            "scalar",
            "log_softmax/eq_log_softmax_s8_scalar.c",
            units=softmax_wide.rows,
            pack=softmax.pack_table("uint32_t"),
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        below = inputs[0] - inputs[0].max(axis=-1, keepdims=True)
        return [below - np.log(np.exp(below).sum(axis=-1, keepdims=True))]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, table = inputs
        k = node.attributes
        below = x.astype(np.int64) - x.max(axis=-1, keepdims=True)
        total = table[-below].astype(np.int64).sum(axis=-1, keepdims=True)
        log2 = logarithm(total) - (k["table_bits"] << 16)
        y = (k["slope"] * below - ((log2 * k["factor"]) >> 12) + k["bias"]) >> 20
        return [np.clip(y, -128, 127).astype(np.int8)]

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        table = converter.constant(f"{node.name}.exp_table", softmax.exp_table(x.scale, x.shape[-1]))
        converter.add(node, (x.name, table), output, **integers(x, output))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        fields = {key: node.attributes[key] for key in ("table_bits", "slope", "factor", "bias")}
        return {"depth": graph.tensor(node.outputs[0]).shape[-1], **fields}


OP = LogSoftmax()
