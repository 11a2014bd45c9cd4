"""sgd: stochastic gradient descent, with momentum where the velocity is remembered, in the form of torch.optim.SGD
(dampening 0; weight decay added to the gradient):

  g = gradient + decay * p,  v = momentum * v + g,  p = p - rate * v     (without velocity: p = p - rate * g)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Node
from edgeq.ops import updates
from edgeq.ops.float_types import Rounding
from edgeq.ops.step_control import DECAY, FACTOR, OF_MOMENTUM, RATE


class Sgd(updates.Update):
    name = "sgd"
    kernels = (updates.kernel("sgd"),)

    def updated(
        self,
        node: Node,
        parameter: np.ndarray,
        gradient: np.ndarray,
        decay: Any,
        control: np.ndarray,
        remembered: Sequence[np.ndarray],
    ) -> list[np.ndarray]:
        velocity = gradient + decay * parameter
        if remembered:
            velocity = control[OF_MOMENTUM] * remembered[0] + velocity
        return [parameter - control[RATE] * velocity, *([velocity] if remembered else [])]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> list[Rounding]:
        parameter, gradient, control, *remembered = (np.abs(array) for array in inputs)
        values = control.reshape(-1)
        velocity = gradient * values[FACTOR] + values[DECAY] * parameter
        for old in remembered:
            velocity = velocity + values[OF_MOMENTUM] * old
        return [Rounding(6, parameter + values[RATE] * velocity), *(Rounding(4, velocity) for _ in remembered)]


OP = Sgd()
