"""AdaRound: M. Nagel, R. A. Amjad, M. van Baalen, C. Louizos, T. Blankevoort, "Up or Down? Adaptive Rounding for
Post-Training Quantization", ICML 2020, arXiv 2004.10568, section 3.

Every weight may go to the level below or above it. With V a real number a weight and h(V) = clamp(sigmoid(V) *
(zeta - gamma) + gamma, 0, 1), zeta = 1.1 and gamma = -0.1 (equation 23), a layer's W_q = lower + h(V) * (upper -
lower) is found by gradient descent (Adam) on ||W X - W_q X||^2 + lambda * sum(1 - |2 h(V) - 1|^beta); beta falls from
20 to 2 and drives every h to 0 or 1 (equation 24). X are the layer's inputs on calibration data. The squared error only
needs the matrix X X^T, so that a step costs the same for any amount of data; what comes behind the layer (its relu) is
left out.
"""

from __future__ import annotations

import numpy as np

from edgeq.ops.weight_types import INT8, ONE, WeightType
from edgeq.quantize.adam import Adam

ZETA, GAMMA = 1.1, -0.1
STEPS, WARM_UP, RATE, LAMBDA = 1000, 0.2, 0.1, 1.0
BETA = (20.0, 2.0)


def adaptively_rounded(
    weights: np.ndarray,
    scales: np.ndarray,
    hessian: np.ndarray,
    stored: WeightType = INT8,
    multipliers: np.ndarray = ONE,
) -> np.ndarray:
    """int8 [rows, inputs] of float weights, with a scale per row and, for types with groups, `multipliers`
    [rows, inputs]; `hessian` [inputs, inputs] = X X^T."""
    mean = multipliers.mean(axis=-1, keepdims=True)  # so that a step is about 1
    v, share_of_mean = weights / (scales[:, None] * mean), multipliers / mean
    levels = np.array(stored.levels, np.float64)
    below = np.clip(np.searchsorted(levels, v / share_of_mean, side="right") - 1, 0, len(levels) - 2)
    lower, gap = levels[below] * share_of_mean, (levels[below + 1] - levels[below]) * share_of_mean
    share = np.clip((v - lower) / gap, 0.01, 0.99)
    real = _logit((share - GAMMA) / (ZETA - GAMMA))
    # a row's error in units of what it is with a step lost everywhere: lambda then means the same for every layer
    curvature = hessian / max(float(np.trace(hessian)), 1e-30)
    adam = Adam(real.shape, RATE)
    for step in range(STEPS):
        sigmoid = 1.0 / (1.0 + np.exp(-real))
        h = np.clip(sigmoid * (ZETA - GAMMA) + GAMMA, 0.0, 1.0)
        slope = 2.0 * ((lower + h * gap - v) @ curvature) * gap * v.shape[1]
        if step >= WARM_UP * STEPS:
            done = (step / STEPS - WARM_UP) / (1.0 - WARM_UP)
            beta = BETA[1] + 0.5 * (BETA[0] - BETA[1]) * (1.0 + np.cos(done * np.pi))
            centred = 2.0 * h - 1.0
            slope = slope - LAMBDA * 2.0 * beta * np.sign(centred) * np.abs(centred) ** (beta - 1.0)
        inside = (h > 0.0) & (h < 1.0)
        real = real - adam.step(slope * inside * (ZETA - GAMMA) * sigmoid * (1.0 - sigmoid))
    h = np.clip((ZETA - GAMMA) / (1.0 + np.exp(-real)) + GAMMA, 0.0, 1.0)
    return (levels[below + (h >= 0.5)] * multipliers).astype(np.int8)


def _logit(share: np.ndarray) -> np.ndarray:
    return np.log(share / (1.0 - share))
