"""running_average: the running statistics of a batch norm after a sample, in the form of torch's: running + momentum *
(statistics - running), with the unbiased variance. Operands: the running statistics and those of the sample (float32
[1, 2, C]), and the control of the step; a step that is skipped leaves them as they were. Attributes: momentum, pixels
(those that the variance is of)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import bias_gradient, float_layers, training
from edgeq.ops.base import Kernel
from edgeq.ops.float_types import FLOAT32, Rounding
from edgeq.ops.step_control import FLAGS, SKIPPED


def unbiased(node: Node) -> float:
    """The factor of a biased variance."""
    pixels = node.attributes["pixels"]
    return float(pixels / (pixels - 1))


class RunningAverage(training.SameShape):
    name = "running_average"
    in_place = (0,)
    kernels = (
        Kernel(
            "eq_running_average_scalar",
            "scalar",
            "running_average/eq_running_average_scalar.c",
            units=bias_gradient.channels,
            dtype=FLOAT32,
            family="batch_norm",
        ),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        running, statistics, control = inputs
        if int(control.reshape(-1)[FLAGS]) & SKIPPED:
            return [running.copy()]
        return [running + np.float32(node.attributes["momentum"]) * (self._sample(node, statistics) - running)]

    @staticmethod
    def _sample(node: Node, statistics: np.ndarray) -> np.ndarray:
        """The sample's statistics [1, 2, C] with unbiased variances."""
        return statistics * np.array([1.0, unbiased(node)], np.float32)[:, None]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        running, statistics = (np.abs(array) for array in inputs[:2])
        return Rounding(5, running + node.attributes["momentum"] * (self._sample(node, statistics) + running))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {
            "channels": bias_gradient.channels(graph, node),
            "momentum": float_layers.c_number(node.attributes["momentum"]),
            "unbiased": float_layers.c_number(unbiased(node)),
        }


OP = RunningAverage()
