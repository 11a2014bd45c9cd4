"""normalize_gradient: the gradient of a normalization's input. Operands dy and x [1, .., C] and the gain, one entry a
channel; attributes groups, centred and eps as in edgeq/ops/normalize.py. Over each set of n elements, with d = x - mean
(x where it is not centred), r = 1 / sqrt(mean square of d + eps) and g = dy * gain:

  dx = r * (g - mean of g - d * r * mean of g * d * r), without the second term where it is not centred
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import normalize_float, training
from edgeq.ops.base import Arrangement
from edgeq.ops.float_types import Rounding
from edgeq.ops.normalize_sets import back, of_sets, sets, sets_of


def _parameters(graph: Graph, node: Node) -> dict[str, Any]:
    return normalize_float.parameters(graph, node, node.inputs[1])


class NormalizeGradient(training.SameShape):
    name = "normalize_gradient"
    in_place = (0,)
    kernels = training.kernels(
        "normalize_gradient",
        _parameters,
        units=sets_of,
        pack=lambda graph, node: normalize_float.constants(graph, {"gain": node.inputs[2]}),
        operands={"gain": (2, Arrangement())},
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        groups = node.attributes["groups"]
        of = normalize_float.Statistics.of(node, inputs[1])
        g = sets(inputs[0], groups) * of_sets(inputs[2], groups)
        dx = of.factor * (g - of.mean_of(g) * of.centred - of.normalized * of.mean_of(g * of.normalized))
        return [back(dx, inputs[0].shape, groups)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        """To first order, in units of 2^-24: a sum of n terms loses n of their magnitudes, and what one operand of a
        product has lost is multiplied by the other one."""
        groups = node.attributes["groups"]
        of = normalize_float.Statistics.of(node, inputs[1])
        g = np.abs(sets(inputs[0], groups) * of_sets(inputs[2], groups))
        normalized, lost = np.abs(of.normalized), of.lost()
        slope = of.mean_of(g * normalized)
        lost_slope = (of.count + 4) * slope + of.mean_of(g * lost)
        terms = g + of.mean_of(g) + normalized * slope
        magnitude = g * 2 + (of.count + 3) * of.mean_of(g) + lost * slope + normalized * lost_slope
        magnitude = of.factor * (magnitude + (of.lost_factor + 6) * terms)
        return Rounding(1, back(of.where_small(magnitude), inputs[0].shape, groups))


OP = NormalizeGradient()
