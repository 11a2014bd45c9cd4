"""Sensitivity and bits in closed form: C. Zhang, L. Wang, S. Lasaulce, M. Debbah, "BAQ: Efficient Bit Allocation
Quantization for Large Language Models", 2025, arXiv 2506.05664, applied to whole layers.

With b bits a weight of range r has the squared error r^2 / 12 * 2^-2b, so that a layer's loss is c 2^-2b with
c = sum over its weights of h r^2 / 12, h the curvature (hessian.py) and r twice the largest magnitude of the weight's
channel. Least sum of losses for a given average of bits over all weights means equal losses a weight:

    b_l = average + 1/2 log2(c_l / n_l) - 1/2 sum_k n_k log2(c_k / n_k) / sum_k n_k,   n_l weights in layer l.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ops import weighted
from edgeq.ops.weight_types import TYPES, WeightType
from edgeq.quantize.precision import PRECISIONS


def coefficient(trace: float, weights: np.ndarray, axis: int) -> float:
    """c of a layer; `axis` is that of its output channels, `trace` its mean curvature (hessian.mean_trace)."""
    largest = np.abs(weights).max(axis=weighted.other_axes(weights, axis)).astype(np.float64)
    each = weights.size // weights.shape[axis]
    return trace * each * float(np.square(2 * largest).sum()) / 12


def loss(coefficient: float, stored: WeightType) -> float:
    """c 2^-2b, 2^b being the number of levels of a type of weights."""
    return coefficient / len(stored.levels) ** 2


def bits_of(precision: str) -> float:
    """Bits of a weight in that precision: log2 of its levels."""
    return float(np.log2(len(TYPES[PRECISIONS[precision].weights].levels)))


def allocation(coefficients: Sequence[float], counts: Sequence[int], average: float) -> list[float]:
    """Bits (real numbers) of every layer with `counts` weights, whose average over all weights is `average`."""
    n = np.array(counts, np.float64)
    half = 0.5 * np.log2(np.maximum(np.array(coefficients, np.float64), 1e-300) / n)
    return [float(bits) for bits in average + half - (n * half).sum() / n.sum()]
