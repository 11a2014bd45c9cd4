"""GPTQ: E. Frantar, S. Ashkboos, T. Hoefler, D. Alistarh, "GPTQ: Accurate Post-Training Quantization for Generative
Pre-trained Transformers", ICLR 2023, arXiv 2210.17323, algorithm 1, for linear layers and convolutions.

A layer's error on its inputs X (a column per calibration sample and position) is ||W X - Q X||^2, its Hessian for every
row of W is H = 2 X X^T. Weights are rounded one input after another; what one loses, the inputs behind it make up for:
with U the upper Cholesky factor of H^-1 (H^-1 = U^T U), for each i: q_i = round(w_i), e = (w_i - q_i) / U_ii,
w_j := w_j - e U_ij for j > i. H is damped by DAMPING of its mean diagonal.
"""

from __future__ import annotations

import numpy as np

from edgeq.ops.weight_types import INT8, ONE, WeightType

DAMPING = 0.01


def rounded_with_feedback(
    weights: np.ndarray,
    scales: np.ndarray,
    hessian: np.ndarray,
    stored: WeightType = INT8,
    multipliers: np.ndarray = ONE,
) -> np.ndarray:
    """int8 [rows, inputs] of float weights, with a scale per row and, for types with groups, `multipliers`
    [rows, inputs]; `hessian` [inputs, inputs] without the factor 2, which cancels."""
    w = weights.astype(np.float64)
    multipliers = np.broadcast_to(multipliers, w.shape)
    inputs = w.shape[1]
    damped = hessian.astype(np.float64) + np.eye(inputs) * max(DAMPING * float(np.diag(hessian).mean()), 1e-12)
    upper = np.linalg.cholesky(np.linalg.inv(damped)).T
    found = np.zeros(w.shape, np.int8)
    for i in range(inputs):
        found[:, i] = stored.nearest(w[:, i] / scales, multipliers[:, i])
        error = (w[:, i] - found[:, i] * scales) / upper[i, i]
        w[:, i + 1 :] -= np.outer(error, upper[i, i + 1 :])
    return found
