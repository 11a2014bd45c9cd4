"""step_control: what a training step does with its gradients, decided once for all parameters.

Operands: the configuration (float32 [1, 6]: learning rate, momentum, weight decay, largest norm of the gradient or 0,
fixed loss scale or 0, 1 while the step only evaluates), the progress so far ([1, 6]: loss scale, steps since the last
overflow, samples since the last update, updates, and 1 - b^updates for the two rates b of Adam, by c + (1 - b) (1 - c),
which loses no digits), and the squared sums of all gradients ([1, CHUNKS] each, edgeq/ops/square_sum.py). Results: the
progress afterwards, and the control of the updates behind it ([1, 9]): 1 if parameters change, the factor of gradients,
learning rate, momentum, weight decay, the two 1 - b^updates, the gradient's norm, flags.

A gradient that is no number or infinite changes nothing: the samples gathered are dropped, and the loss scale, where it
is dynamic, halves; it doubles after GROWTH steps without one (Micikevicius et al., 2018, section 3.2). The factor is
1 / (loss scale * samples), and where the norm exceeds its limit the share that brings it there (R. Pascanu et al., "On
the difficulty of training recurrent neural networks", ICML 2013)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import training
from edgeq.ops.base import Kernel, Shape
from edgeq.ops.float_types import FLOAT32, Rounding

#: positions in the configuration
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, CLIP, FIXED_SCALE, EVALUATES = range(6)
CONFIGURATION = 6
#: positions in the progress
SCALE, STEADY, SAMPLES, UPDATES, FIRST, SECOND = range(6)
PROGRESS = 6
#: 1 - b of Adam's two averages
ADAM = (0.1, 0.001)
#: positions in the control
APPLIES, FACTOR, RATE, OF_MOMENTUM, DECAY, SINCE_FIRST, SINCE_SECOND, NORM, FLAGS = range(9)
CONTROL = 9
#: bits of the flags
UPDATED, SKIPPED, CLIPPED = 1, 2, 4
GROWTH, LEAST_SCALE, LARGEST_SCALE = 200, 1.0, 65536.0


class StepControl(training.TrainingOperator):
    """Attributes: samples (an update), dynamic (the loss scale)."""

    name = "step_control"
    kernels = (
        Kernel(
            "eq_step_control_scalar",
            "scalar",
            "step_control/eq_step_control_scalar.c",
            units=lambda graph, node: 1,
            dtype=FLOAT32,
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, PROGRESS), (1, CONTROL)]

    def overwritten(self, node: Node, output: int) -> tuple[int, ...]:
        return (1,) if output == 0 else ()

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        config, progress = (array.reshape(-1) for array in inputs[:2])
        samples, dynamic = node.attributes["samples"], node.attributes["dynamic"]
        with np.errstate(over="ignore", invalid="ignore"):
            total = sum(array.sum() for array in inputs[2:])
            factor = 1.0 / (progress[SCALE] * samples)
            norm = np.sqrt(total) * factor
        after = progress.copy()
        control = np.zeros(CONTROL, progress.dtype)
        control[[RATE, OF_MOMENTUM, DECAY]] = config[[LEARNING_RATE, MOMENTUM, WEIGHT_DECAY]]
        control[NORM] = norm
        grows = dynamic and config[FIXED_SCALE] == 0.0
        flags = 0
        if not np.isfinite(norm):
            flags = SKIPPED
            after[[STEADY, SAMPLES]] = 0.0
            after[SCALE] = max(progress[SCALE] * 0.5, LEAST_SCALE) if grows else progress[SCALE]
        else:
            after[SAMPLES] += 1.0
            after[STEADY] += 1.0
            if after[SAMPLES] >= samples:
                flags = UPDATED
                after[SAMPLES] = 0.0
                after[UPDATES] += 1.0
                for at, share in zip((FIRST, SECOND), ADAM, strict=True):
                    after[at] += progress.dtype.type(share) * (1.0 - after[at])
                control[APPLIES] = 1.0
                if 0.0 < config[CLIP] < norm:
                    flags |= CLIPPED
                    factor = factor * (config[CLIP] / norm)
            if after[STEADY] >= GROWTH:
                after[STEADY] = 0.0
                after[SCALE] = min(progress[SCALE] * 2.0, LARGEST_SCALE) if grows else progress[SCALE]
        control[[FACTOR, SINCE_FIRST, SINCE_SECOND, FLAGS]] = factor, after[FIRST], after[SECOND], flags
        return [after[None], control[None]]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> list[Rounding]:
        terms = sum(array.size for array in inputs[2:])
        after, control = self.run_float(node, inputs)
        return [Rounding(4, np.abs(after)), Rounding(terms + 8, np.abs(control))]

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {
            "samples": node.attributes["samples"],
            "dynamic": int(node.attributes["dynamic"]),
            "gradients": len(node.inputs) - 2,
        }


OP = StepControl()
