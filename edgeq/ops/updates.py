"""What the updates of parameters share. Operands: the parameter, its gradient, the control of the step
(edgeq/ops/step_control.py), then what the optimizer remembers of the parameter, all float32 [1, ..]; results: the
parameter and what is remembered afterwards, over the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import training
from edgeq.ops.base import Kernel, Shape, elements_per_sample
from edgeq.ops.float_types import FLOAT32
from edgeq.ops.step_control import APPLIES, DECAY, FACTOR

#: position of the first operand that is remembered
REMEMBERED = 3


def kernel(op: str) -> Kernel:
    """The portable kernel of an update."""
    name = f"eq_{op}_scalar"
    return Kernel(name, "scalar", f"{op}/{name}.c", units=elements_per_sample, dtype=FLOAT32, family="update")


class Update(training.TrainingOperator):
    """Attribute decays: weight decay acts on this parameter."""

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape] * (1 + len(inputs) - REMEMBERED)

    def overwritten(self, node: Node, output: int) -> tuple[int, ...]:
        return (0 if output == 0 else REMEMBERED + output - 1,)

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        parameter, gradient, control = inputs[:3]
        values = control.reshape(-1)
        if values[APPLIES] == 0.0:
            return [parameter, *inputs[REMEMBERED:]]
        decay = values[DECAY] if node.attributes["decays"] else 0.0
        return self.updated(node, parameter, gradient * values[FACTOR], decay, values, inputs[REMEMBERED:])

    def updated(
        self,
        node: Node,
        parameter: np.ndarray,
        gradient: np.ndarray,
        decay: Any,
        control: np.ndarray,
        remembered: Sequence[np.ndarray],
    ) -> list[np.ndarray]:
        """Results of an update that takes place; the gradient is that of the mean loss."""
        raise NotImplementedError

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {"decays": int(node.attributes["decays"])}
