"""squared_error: the mean of (y - target)^2 over an output y of any shape, target float32 [1, n], and its gradient
2 (y - target) / n * loss_scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Node
from edgeq.ops import losses, training
from edgeq.ops.float_types import Rounding


class SquaredError(losses.Loss):
    name = "squared_error"
    kernels = training.kernels("squared_error", losses.depth, units=losses.one, stores="float32", family="loss")

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        y, target, progress = inputs
        difference = y - target.reshape(y.shape)
        gradient = difference * (2.0 / y.size * losses.loss_scale(progress))
        return [np.mean(difference**2).reshape(1, 1), gradient.astype(y.dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> list[Rounding]:
        y, target, progress = inputs
        magnitude = np.abs(y) + np.abs(target.reshape(y.shape))
        factor = 2.0 / y.size * losses.loss_scale(progress)
        return [Rounding(y.size + 6, np.mean(magnitude**2).reshape(1, 1)), Rounding(5, magnitude * factor)]


OP = SquaredError()
