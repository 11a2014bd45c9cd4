"""Weight scales of least squared error: Y. Choukroun, E. Kravchik, F. Yang, P. Kisilev, "Low-bit Quantization of Neural
Networks for Efficient Inference" (OMSE), ICCV Workshops 2019, arXiv 1902.06822.

The scale of a channel is argmin over s of || W - s * clip(round(W / s), -127, 127) ||^2, looked for between LEAST and 1
times largest magnitude / 127 in STEPS steps.
"""

from __future__ import annotations

import numpy as np

from edgeq.ops import weighted

LEAST, STEPS = 0.4, 121


def least_error_scales(weights: np.ndarray, axis: int) -> np.ndarray:
    """float64 scale of every channel; 0 for channels that are all zero."""
    others = weighted.other_axes(weights, axis)
    shape = [-1 if index == axis else 1 for index in range(weights.ndim)]
    whole = np.abs(weights).max(axis=others).astype(np.float64) / 127.0
    best, least = whole.copy(), np.full(len(whole), np.inf)
    for share in np.linspace(1.0, LEAST, STEPS):
        scale = np.where(whole > 0, whole * share, 1.0).reshape(shape)
        error = np.square(weights - scale * np.clip(np.rint(weights / scale), -127, 127)).sum(axis=others)
        best = np.where(error < least, whole * share, best)
        least = np.minimum(error, least)
    return best
