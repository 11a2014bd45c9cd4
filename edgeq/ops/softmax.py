"""softmax over the last axis, integers only.

Output scale 1/256, zero point -128. With e[d] = round(2^k * exp(-scale * d)) for d = max - x in a table of 256 words,
y = min(127, floor((256 * e + sum/2) / sum) - 128); k = min(23, 31 - ceil(log2 depth)) keeps every term in 32 bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter

OUTPUT_SCALE, OUTPUT_ZERO_POINT = 1.0 / 256.0, -128


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.softmax.int over the last axis."""
    x = args["self"]
    rank = len(importer.shape(x))
    if args["dim"] % rank != rank - 1:
        raise importer.unsupported(f"a softmax over axis {args['dim']} of {rank}", "a softmax over the last axis")
    return importer.add("softmax", [x], {})


def exp_table(scale: float, depth: int) -> np.ndarray:
    """uint32 [256]: 2^k * exp(-scale * d), rounded."""
    bits = min(23, 31 - int(np.ceil(np.log2(max(depth, 2)))))
    return np.rint(np.exp(-scale * np.arange(256)) * 2.0**bits).astype(np.uint32)


def rows(graph: Graph, node: Node) -> int:
    return int(np.prod(graph.tensor(node.outputs[0]).shape[1:-1], dtype=np.int64))


def pack_scalar(graph: Graph, node: Node) -> dict[str, Constant]:
    return {"exp_table": Constant("uint32_t", graph.constant(node.inputs[1]))}


class Softmax(Operator):
    name = "softmax"
    torch_targets = {"aten.softmax.int": import_torch, "aten._softmax.default": import_torch}
    kernels = (
        Kernel("eq_softmax_s8_scalar", "scalar", "softmax/eq_softmax_s8_scalar.c", units=rows, pack=pack_scalar),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        e = np.exp(inputs[0] - inputs[0].max(axis=-1, keepdims=True))
        return [e / e.sum(axis=-1, keepdims=True)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, table = inputs
        wide = x.astype(np.int64)
        e = table[wide.max(axis=-1, keepdims=True) - wide].astype(np.int64)
        total = e.sum(axis=-1, keepdims=True)
        y = ((e << 8) + total // 2) // total + OUTPUT_ZERO_POINT
        return [np.minimum(y, 127).astype(np.int8)]

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        output = converter.quantized_output(node)
        table = converter.constant(f"{node.name}.exp_table", exp_table(x.scale, x.shape[-1]))
        converter.add(node, (x.name, table), output)

    def fixed_output(self) -> Quantization:
        return Quantization.per_tensor(OUTPUT_SCALE, OUTPUT_ZERO_POINT)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {"rows": rows(graph, node), "depth": graph.tensor(node.outputs[0]).shape[-1]}


OP = Softmax()
