"""Ranges of least divergence: S. Migacz, "8-bit Inference with TensorRT", GPU Technology Conference 2017.

For a threshold T, P is the histogram of magnitudes up to T with all that lies beyond counted in its last bin; Q is the
histogram up to T merged into as many groups as there are integers for it, each group spread evenly over its bins that
are not empty. Chosen is the T with the least divergence KL(P || Q) = sum P log(P / Q), both normalized.

Magnitude 0 is an integer whatever T is: as in NVIDIA's own code the bin it falls into counts as much as its neighbour,
for otherwise the many zeros behind a relu would decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edgeq.quantize.observe import Histogram, Range

#: bins between two thresholds that are tried
STRIDE = 8
#: what an empty bin of Q counts where P is not
NOTHING = 1e-9


def least_divergence(histogram: Histogram, percentile: float, levels: int) -> Range:
    """The extremes cut at the threshold of least divergence. Types with more integers than the histogram has bins are
    not cut."""
    low, high = histogram.low, histogram.high
    bins = len(histogram.counts)
    width = (high - low) / bins
    if width <= 0.0 or levels > bins:
        return low, high
    index = np.abs(histogram.centres() / width).astype(np.int64)
    counts = np.bincount(index, histogram.counts)
    counts[0] = counts[1] if len(counts) > 1 else 0
    best, least = len(counts), np.inf
    for end in range(len(counts), 0, -STRIDE):
        groups = _groups(low, high, end * width, levels)
        if end < groups:
            break
        divergence = _divergence(counts, end, groups)
        if divergence < least:
            best, least = end, divergence
    threshold = best * width
    return max(low, -threshold), min(high, threshold)


def _groups(low: float, high: float, threshold: float, levels: int) -> int:
    """Integers that magnitudes up to the threshold get: all for values of one sign, half of them for both."""
    span = min(max(high, 0.0), threshold) + min(max(-low, 0.0), threshold)
    return max(1, min(levels, round(levels * threshold / span)))


def _divergence(counts: np.ndarray, end: int, groups: int) -> float:
    """KL(P || Q) of the first `end` bins merged into groups."""
    kept = counts[:end]
    p = kept.copy()
    p[-1] += counts[end:].sum()
    group = np.arange(end) * groups // end
    filled = kept > 0
    total = np.bincount(group, kept, groups)
    share = np.bincount(group, filled, groups)
    q = np.where(filled, total[group] / np.maximum(share[group], 1), 0.0)
    if not q.any():
        return np.inf
    p, q = p / p.sum(), q / q.sum()
    there = p > 0
    return float((p[there] * np.log(p[there] / np.maximum(q[there], NOTHING))).sum())
