"""AdaQuant: I. Hubara, Y. Nahshan, Y. Hanani, R. Banner, D. Soudry, "Improving Post Training Neural Quantization:
Layer-wise Calibration and Integer Programming", 2020, arXiv 2006.10518, section 3.

A layer's weights may leave the two levels round their values: (V, s, b') = argmin ||W X + b - (Q_s(W + V) X + b')||^2
over calibration data X, by gradient descent (Adam), rounding passing gradients unchanged. Scales and bias are tuned
with the weights: for given integers q of a channel both have their least squares in closed form, s = (w C q) / (q C q)
and b' = b + (w - s q) m with mean m and covariance C of the inputs, and take it at every step. Scales of activations
stay. The bias does what the paper's tuning of batch norms is for, since those are folded by now.
"""

from __future__ import annotations

import numpy as np

from edgeq.ops.weight_types import INT8, ONE, WeightType
from edgeq.quantize.adam import Adam

STEPS, RATE = 400, 0.001


def jointly_tuned(
    weights: np.ndarray,
    scales: np.ndarray,
    covariance: np.ndarray,
    stored: WeightType = INT8,
    least: np.ndarray | float = 0.0,
    multipliers: np.ndarray = ONE,
) -> tuple[np.ndarray, np.ndarray]:
    """(int8 [rows, inputs], scales [rows]) of float weights and the scales to begin with; `covariance` [inputs, inputs]
    of the inputs, `least`: what scales may not fall below, `multipliers` [rows, inputs]: those of types with groups,
    which stay. The best of all steps by squared error is kept."""
    w = weights.astype(np.float64)
    scales = scales.astype(np.float64)
    curvature = covariance / max(float(np.trace(covariance)), 1e-30)
    tuned, adam = w / (scales[:, None] * multipliers), Adam(w.shape, RATE)
    best = stored.nearest(tuned) * multipliers
    best_scales, best_error = scales, _errors(w, best, scales, curvature)
    for _ in range(STEPS):
        q = (stored.nearest(tuned) * multipliers).astype(np.float64)
        qc = q @ curvature
        square = (qc * q).sum(axis=1)
        fitting = np.divide((qc * w).sum(axis=1), square, out=scales.copy(), where=square > 1e-30)
        scales = np.maximum(np.where(fitting > 0, fitting, scales), least)
        error = _errors(w, q, scales, curvature)
        better = error < best_error
        best = np.where(better[:, None], q, best).astype(np.int8)
        best_scales, best_error = np.where(better, scales, best_scales), np.minimum(error, best_error)
        slope = (q * scales[:, None] - w) @ curvature * scales[:, None] * multipliers
        tuned = tuned - adam.step(slope)
        tuned = np.clip(tuned, stored.levels[0] - 0.5, stored.largest + 0.5)
    return best, best_scales


def shifted_bias(
    bias: np.ndarray, weights: np.ndarray, steps: np.ndarray, scales: np.ndarray, mean: np.ndarray
) -> np.ndarray:
    """The bias [rows] of least squared error with the weights `steps` * `scales`; `mean` [inputs] of the inputs."""
    return (bias + (weights - steps * scales[:, None]) @ mean).astype(np.float32)


def _errors(w: np.ndarray, q: np.ndarray, scales: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    apart = w - q * scales[:, None]
    return ((apart @ curvature) * apart).sum(axis=1)
