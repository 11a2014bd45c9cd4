"""square_sum: the squared sum of a gradient, float32 [1, ..] -> [1, CHUNKS]: of so many equal parts of it one after
another, so that cores can share the work and the result does not depend on their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import training
from edgeq.ops.base import Kernel, Shape, sum_rounding
from edgeq.ops.float_types import FLOAT32, Rounding

CHUNKS = 16


def chunk(elements: int) -> int:
    """Elements of a part; the last ones may be shorter, or empty."""
    return -(-elements // CHUNKS)


class SquareSum(training.TrainingOperator):
    name = "square_sum"
    kernels = (
        Kernel(
            "eq_square_sum_scalar",
            "scalar",
            "square_sum/eq_square_sum_scalar.c",
            units=lambda graph, node: CHUNKS,
            dtype=FLOAT32,
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, CHUNKS)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        flat = inputs[0].reshape(-1)
        full = np.zeros(CHUNKS * chunk(flat.size), flat.dtype)
        full[: flat.size] = flat
        with np.errstate(over="ignore"):
            return [(full.reshape(CHUNKS, -1) ** 2).sum(axis=1)[None]]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, chunk(inputs[0].size))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        elements = graph.tensor(node.inputs[0]).elements
        return {"elements": elements, "chunk": chunk(elements)}


OP = SquareSum()
