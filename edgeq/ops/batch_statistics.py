"""batch_statistics: what a batch norm normalizes with in a training step: mean and variance (biased) of every channel
over the pixels of the sample, x [1, .., C] -> float32 [1, 2, C]; while the step only evaluates the running ones.
Operands: x, the running statistics, the configuration (edgeq/ops/step_control.py). With one sample a batch these are
the statistics of torch's batch norms in training mode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Node, Tensor
from edgeq.ops import bias_gradient, training
from edgeq.ops.base import Shape
from edgeq.ops.float_types import ROUNDOFF, Rounding
from edgeq.ops.step_control import EVALUATES


def _pixels(x: np.ndarray) -> np.ndarray:
    """[N, pixels, C] of [N, .., C]."""
    return x.reshape(len(x), -1, x.shape[-1])


class BatchStatistics(training.TrainingOperator):
    name = "batch_statistics"
    kernels = training.kernels(
        "batch_statistics",
        bias_gradient.sizes,
        units=bias_gradient.channels,
        stores="float32",
        family="batch_norm",
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, 2, inputs[0].shape[-1])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, running, config = inputs
        pixels = _pixels(x)
        statistics = np.stack([pixels.mean(axis=1), pixels.var(axis=1)], axis=1)
        return [np.where(config[:, EVALUATES, None, None] > 0.0, running, statistics)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        """The mean of n terms takes n + 1 roundings of their magnitudes; the variance twice the mean's loss times the
        mean deviation, its square, and n + 4 roundings of its own."""
        pixels = _pixels(inputs[0])
        count = pixels.shape[1]
        of_mean = (count + 1) * np.abs(pixels).mean(axis=1)
        deviation = np.abs(pixels - pixels.mean(axis=1, keepdims=True)).mean(axis=1)
        of_variance = 2 * of_mean * (deviation + of_mean * ROUNDOFF) + (count + 5) * pixels.var(axis=1)
        return Rounding(1, np.stack([of_mean, of_variance], axis=1))


OP = BatchStatistics()
