"""l2_normalize: rows divided by their Euclidean length, over the last axis.

Integer form: TensorFlow Lite's (eq_l2_normalize.h): output scale 1/128, zero point 0, one multiplier a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import fixed_point, gemmlowp, softmax_wide
from edgeq.ops.base import Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter

OUTPUT_SCALE, OUTPUT_BITS = 1.0 / 128.0, 7
#: elements of a row whose squares' sum fits 31 bits
DEEPEST = 1 << 15


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """L2_NORMALIZATION over the last axis."""
    if call.activation() != (None, None):
        raise importer.unsupported("an L2 normalization with a fused activation", "the activation behind it")
    if call.is_unsigned():
        raise importer.unsupported("an L2_NORMALIZATION of uint8, which TensorFlow Lite rounds otherwise", "int8 there")
    return importer.add("l2_normalize", [call.input(0)], call.attributes())


class L2Normalize(Operator):
    name = "l2_normalize"
    in_place = (0,)
    tflite_targets = {"L2_NORMALIZATION": import_tflite}
    kernels = (
        Kernel(
            "eq_l2_normalize_s8_scalar",
            "scalar",
            "l2_normalize/eq_l2_normalize_s8_scalar.c",
            units=softmax_wide.rows,
            why="portable C, TensorFlow Lite's inverse root",
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        length = np.sqrt(np.square(inputs[0]).sum(axis=-1, keepdims=True))
        return [inputs[0] / np.maximum(length, np.float32(1e-6))]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        centred = inputs[0].astype(np.int64) - graph.tensor(node.inputs[0]).zero_point
        sums, of_row = np.unique(np.square(centred).sum(axis=-1, keepdims=True), return_inverse=True)
        found = np.array([gemmlowp.inverse_sqrt(int(value)) for value in sums])
        shape = (*centred.shape[:-1], 1)
        multiplier, exponent = (found[of_row.reshape(-1), part].reshape(shape) for part in (0, 1))
        y = fixed_point.scale_accumulator(centred, multiplier, exponent + OUTPUT_BITS, fixed_point.TFLITE)
        return [np.clip(y, -128, 127).astype(np.int8)]

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        if x.shape[-1] >= DEEPEST:
            raise EdgeqError(
                f"layer {node.name}: an L2 normalization over {x.shape[-1]} elements; at most {DEEPEST - 1}"
            )
        converter.add_made_in(self.fixed_output(node, "int8"), node, (x.name,))

    def fixed_output(self, node: Node, dtype: str) -> Quantization:
        return Quantization.per_tensor(OUTPUT_SCALE, 0)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        depth = graph.tensor(node.outputs[0]).shape[-1]
        return {"depth": depth, "input_zero_point": graph.tensor(node.inputs[0]).zero_point}


OP = L2Normalize()
