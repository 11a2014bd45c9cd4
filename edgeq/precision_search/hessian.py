"""Sensitivity by curvature: Z. Dong, Z. Yao, Y. Cai, D. Arfeen, A. Gholami, M. Mahoney, K. Keutzer, "HAWQ-V2: Hessian
Aware trace-Weighted Quantization of Neural Networks", NeurIPS 2020, arXiv 1911.03852, equation 2.3:

    error(l, p) = Tr(H_l) / n_l * || Q_p(W_l) - W_l ||^2,   n_l weights in layer l.

H is here half the second derivative, by the layer's weights, of the outputs' difference from the float network's
(difference.py), which is zero at the float weights and so is its gradient: the Gauss-Newton matrix, of scores of
classes with Fisher's information as the metric. Its trace is Hutchinson's estimate E[v^T H v] over random signs v, and
v^T H v is taken from forward runs alone: the difference at W + s v, divided by s^2, with a step s so small that the
network is nearly linear in it. No labels and no gradients are needed, for any kind of layer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeq import reference
from edgeq.ir.graph import Graph, Node, constant
from edgeq.precision_search.difference import Arrays
from edgeq.precision_search.output_error import with_weights

#: random directions, and the step along them in root mean squares of the weights
PROBES, STEP = 8, 1e-3


def mean_trace(
    graph: Graph, layer: Node, inputs: Arrays, difference: Callable[[Arrays], float], probes: int = PROBES
) -> float:
    """Tr(H) / n of the layer's weights."""
    weights = graph.real_constant(layer.inputs[1])
    step = STEP * float(np.sqrt(np.mean(np.square(weights, dtype=np.float64)))) or STEP
    rng = np.random.default_rng(0)
    total = 0.0
    for _ in range(probes):
        signs = rng.choice(np.array([-1.0, 1.0]), weights.shape)
        moved = constant(f"{layer.name}.moved", (weights + step * signs).astype(np.float32))
        total += difference(reference.run(with_weights(graph, layer, moved), inputs)) / step**2
    return total / probes / weights.size


def curvature_error(trace: float, weights: np.ndarray, rounded: np.ndarray) -> float:
    """HAWQ-V2's estimate for real weights and what they are rounded to; `trace`: mean_trace."""
    return trace * float(np.square(rounded - weights, dtype=np.float64).sum())
