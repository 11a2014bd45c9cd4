"""What losses share: a result [1, 1] and the gradient of the network's output, multiplied by the loss scale so that it
stays within FP16 (P. Micikevicius et al., "Mixed Precision Training", ICLR 2018, arXiv 1710.03740)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import training
from edgeq.ops.base import Shape
from edgeq.ops.step_control import SCALE


class Loss(training.TrainingOperator):
    """Operands: the network's output, the target, the progress of training (edgeq/ops/step_control.py); results: loss
    and gradient."""

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, 1), inputs[0].shape]


def loss_scale(progress: np.ndarray) -> Any:
    """The factor of gradients."""
    return progress.reshape(-1)[SCALE]


def depth(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_loss_t."""
    return {"depth": graph.tensor(node.inputs[0]).elements}


def one(graph: Graph, node: Node) -> int:
    """Losses are computed by one core."""
    return 1
