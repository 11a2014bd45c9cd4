"""adam: D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, with the weight decay of I.
Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, in the form of torch.optim.AdamW:

  p = p * (1 - rate * decay),  m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
  p = p - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)

with b1 = 0.9, b2 = 0.999, epsilon = 1e-8 and t the number of the update; step_control has 1 - b^t.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Node
from edgeq.ops import updates
from edgeq.ops.float_types import Rounding
from edgeq.ops.step_control import ADAM, APPLIES, FACTOR, RATE, SINCE_FIRST, SINCE_SECOND

EPSILON = 1e-8


class Adam(updates.Update):
    name = "adam"
    kernels = (updates.kernel("adam"),)

    def updated(
        self,
        node: Node,
        parameter: np.ndarray,
        gradient: np.ndarray,
        decay: Any,
        control: np.ndarray,
        remembered: Sequence[np.ndarray],
    ) -> list[np.ndarray]:
        kind = parameter.dtype.type
        of_m, of_v = (kind(share) for share in ADAM)
        m = remembered[0] + of_m * (gradient - remembered[0])
        v = remembered[1] + of_v * (gradient**2 - remembered[1])
        root = np.sqrt(v / control[SINCE_SECOND]) + kind(EPSILON)
        kept = parameter - parameter * (control[RATE] * decay)
        return [kept - control[RATE] / control[SINCE_FIRST] * m / root, m, v]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> list[Rounding]:
        """Of m, whose terms may cancel, the error is one of their magnitudes; the root halves relative errors."""
        parameter, gradient, control, first, second = inputs
        values = control.reshape(-1)
        if values[APPLIES] == 0.0:
            return [Rounding(0, 0.0)] * 3
        scaled = np.abs(gradient) * values[FACTOR]
        m = np.abs(first) + ADAM[0] * (scaled + np.abs(first))
        v = second + ADAM[1] * (scaled**2 + second)
        (_, _, exact) = self.run_float(node, inputs)
        root = np.sqrt(exact / values[SINCE_SECOND]) + EPSILON
        moved = values[RATE] / values[SINCE_FIRST] * m / root
        return [Rounding(16, np.abs(parameter) + moved), Rounding(5, m), Rounding(7, v)]


OP = Adam()
