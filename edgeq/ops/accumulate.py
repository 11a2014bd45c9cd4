"""accumulate: gradients of several samples an update. Operands: what was gathered so far and this sample's gradient
(float32 [1, ..]), and the progress; result: their sum, or the gradient alone if it is the first since the last
update."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import training
from edgeq.ops.base import Kernel, elements_per_sample
from edgeq.ops.float_types import FLOAT32, Rounding
from edgeq.ops.step_control import SAMPLES


class Accumulate(training.SameShape):
    name = "accumulate"
    in_place = (0,)
    kernels = (
        Kernel(
            "eq_accumulate_scalar",
            "scalar",
            "accumulate/eq_accumulate_scalar.c",
            units=elements_per_sample,
            dtype=FLOAT32,
        ),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        gathered, gradient, progress = inputs
        return [gradient.copy() if progress.reshape(-1)[SAMPLES] == 0.0 else gathered + gradient]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return Rounding(1, np.abs(inputs[0]) + np.abs(inputs[1]))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {}


OP = Accumulate()
