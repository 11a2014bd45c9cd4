"""Weight scales of least squared error: Y. Choukroun, E. Kravchik, F. Yang, P. Kisilev, "Low-bit Quantization of Neural
Networks for Efficient Inference" (OMSE), ICCV Workshops 2019, arXiv 1902.06822.

The scale of a channel is argmin over s of || W - s * Q(W / s) ||^2, Q the nearest level of the type, looked for between
LEAST and 1 times largest magnitude / largest level in STEPS steps. Types of few levels have their optimum farther down
(NARROW_LEAST; that of binary weights is their mean magnitude, M. Rastegari et al., XNOR-Net, ECCV 2016, section 3.1),
and there the best of the grid is refined: for the levels Q found, s = <W, Q> / <Q, Q> is least squares.
"""

from __future__ import annotations

import numpy as np

from edgeq.ops import weighted
from edgeq.ops.weight_types import INT8, WeightType

LEAST, STEPS = 0.4, 121
#: for types of less than 8 bits
NARROW_LEAST, REFINEMENTS = 0.02, 4


def least_error_scales(weights: np.ndarray, axis: int, stored: WeightType = INT8) -> np.ndarray:
    """float64 scale of every channel; 0 for channels that are all zero."""
    others = weighted.other_axes(weights, axis)
    shape = [-1 if index == axis else 1 for index in range(weights.ndim)]
    whole = np.abs(weights).max(axis=others).astype(np.float64) / stored.largest
    best, least = whole.copy(), np.full(len(whole), np.inf)

    def keep_better(scales: np.ndarray) -> None:
        nonlocal best, least
        scale = np.where(whole > 0, scales, 1.0).reshape(shape)
        error = np.square(weights - scale * stored.nearest(weights / scale)).sum(axis=others)
        best = np.where(error < least, scales, best)
        least = np.minimum(error, least)

    for share in np.linspace(1.0, LEAST if stored is INT8 else NARROW_LEAST, STEPS):
        keep_better(whole * share)
    for _ in range(0 if stored is INT8 else REFINEMENTS):
        levels = stored.nearest(weights / np.where(whole > 0, best, 1.0).reshape(shape)).astype(np.float64)
        square = np.square(levels).sum(axis=others)
        keep_better(np.where(square > 0, (weights * levels).sum(axis=others) / np.maximum(square, 1.0), best))
    return best
