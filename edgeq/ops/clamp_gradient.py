"""clamp_gradient: the gradient before a fused activation: dy where low < y < high, else 0, for y the activation's
result (attribute activation: (low, high), None is no bound). Framework convention: 0 at the bounds themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import float_layers, training
from edgeq.ops.base import elements_per_sample
from edgeq.ops.float_types import FLOAT16


def _bounds(graph: Graph, node: Node) -> dict[str, Any]:
    return float_layers.bounds(*node.attributes["bounds"])


class ClampGradient(training.SameShape):
    name = "clamp_gradient"
    in_place = (0,)
    kernels = (
        *training.kernels(
            "clamp_gradient",
            _bounds,
            "xpulp",
            types=(FLOAT16,),
            units=elements_per_sample,
            granule=lambda graph, node: 2,
            why="bits of FP16 pairs",
        ),
        *training.kernels(
            "clamp_gradient",
            _bounds,
            "mve",
            types=(FLOAT16,),
            units=elements_per_sample,
            why="bits of FP16 vectors",
        ),
        *training.kernels("clamp_gradient", _bounds, units=elements_per_sample),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        dy, y = inputs
        low, high = node.attributes["bounds"]
        inside = np.ones(y.shape, bool)
        if low is not None:
            inside &= y > low
        if high is not None:
            inside &= y < high
        return [np.where(inside, dy, 0).astype(dy.dtype)]


OP = ClampGradient()
