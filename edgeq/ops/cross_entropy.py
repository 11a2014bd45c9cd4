"""cross_entropy: loss of logits [1, .., C] and the number of the right class (int32 [1, 1]), and its gradient:

  loss = log(sum of exp(x)) - x[label],  dx = (softmax(x) - (1 where label, else 0)) * loss_scale

A label outside 0 .. C-1 makes both no number, which the step then refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Node
from edgeq.ops import losses, training
from edgeq.ops.float_types import Rounding


class CrossEntropy(losses.Loss):
    name = "cross_entropy"
    index_inputs = (1,)
    kernels = training.kernels("cross_entropy", losses.depth, units=losses.one, stores="float32", family="loss")

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, label, progress = inputs
        flat, index = x.reshape(-1), int(label.reshape(-1)[0])
        if not 0 <= index < len(flat):
            return [np.full((1, 1), np.nan, x.dtype), np.full(x.shape, np.nan, x.dtype)]
        shifted = flat - flat.max()
        e = np.exp(shifted)
        total = e.sum()
        share = e / total
        share[index] -= 1.0
        return [(np.log(total) - shifted[index]).reshape(1, 1), (share * losses.loss_scale(progress)).reshape(x.shape)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> list[Rounding]:
        """As for softmax (edgeq/ops/softmax.py): the relative error of a share is 2^-24 times its own and the mean
        distance, and a few; that of the sum is the mean one, and becomes an absolute error of its logarithm."""
        x, _, progress = inputs
        flat = x.reshape(-1)
        distance, magnitude = flat.max() - flat, 2 * np.abs(flat).max()
        share = np.exp(-distance) / np.exp(-distance).sum()
        relative = distance + magnitude + 4
        mean = float((share * relative).sum()) + len(flat) + 2
        of_loss = mean + 4 * (1 + np.log(len(flat))) + 2 * float(distance.max()) + magnitude
        of_shares = (share * (relative + mean) + 2) * losses.loss_scale(progress)
        return [Rounding(1, np.full((1, 1), of_loss)), Rounding(1, of_shares.reshape(x.shape))]


OP = CrossEntropy()
