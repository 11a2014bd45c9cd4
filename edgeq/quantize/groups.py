"""Scales of weights in groups: a channel's scale s, and of each group of its weights an integer m from 1 to
LARGEST_MULTIPLIER, so that a weight is s * m times a level (edgeq/ops/weight_types.py).

`least_error`: every group alone would take a scale t of least squared error (omse.py). A channel's s is tried at its
largest t over each of RATIOS; for each s every group takes the m of least squared error, and the s with the least error
of the channel is kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeq.ops.weight_types import LARGEST_MULTIPLIER, WeightType
from edgeq.packing.blocks import padded
from edgeq.quantize.omse import least_error_scales

#: multipliers that the group with a channel's largest scale may have
RATIOS = range(9, LARGEST_MULTIPLIER + 1)

Bounded = Callable[[np.ndarray], np.ndarray]


def reaching(rows: np.ndarray, stored: WeightType, bounded: Bounded) -> tuple[np.ndarray, np.ndarray]:
    """Scales [channels] and multipliers, int8, one a weight, of float weights [channels, inputs] such that the largest
    level reaches every group's largest magnitude. `bounded` makes scales of those that are wanted."""
    largest = np.maximum.reduceat(np.abs(rows).astype(np.float64), _starts(rows, stored), axis=1)
    scales = bounded(largest.max(axis=1) / (LARGEST_MULTIPLIER * stored.largest))
    needed = np.ceil(largest / (scales[:, None] * stored.largest) - 1e-9)
    return scales, _of_weights(np.clip(needed, 1, LARGEST_MULTIPLIER), rows, stored)


def least_error(rows: np.ndarray, stored: WeightType, bounded: Bounded) -> tuple[np.ndarray, np.ndarray]:
    """The same of least squared error."""
    groups = padded(rows, (1, stored.group)).reshape(-1, stored.group)
    largest = least_error_scales(groups, 0, stored).reshape(len(rows), -1).max(axis=1)
    tried = np.array([bounded(largest / ratio) for ratio in RATIOS])
    errors = np.array([_errors(rows, scales, stored).min(axis=0).sum(axis=1) for scales in tried])
    scales = np.take_along_axis(tried, errors.argmin(axis=0)[None], axis=0)[0]
    return scales, _of_weights(_errors(rows, scales, stored).argmin(axis=0) + 1, rows, stored)


def _errors(rows: np.ndarray, scales: np.ndarray, stored: WeightType) -> np.ndarray:
    """[multipliers from 1 on, channels, groups]: squared errors."""
    scale, starts = scales[:, None], _starts(rows, stored)
    found = []
    for multiplier in range(1, LARGEST_MULTIPLIER + 1):
        error = np.square(rows - scale * stored.nearest(rows / scale, np.array([multiplier], np.int8)))
        found.append(np.add.reduceat(error, starts, axis=1))
    return np.array(found)


def _starts(rows: np.ndarray, stored: WeightType) -> np.ndarray:
    return np.arange(0, rows.shape[1], stored.group)


def _of_weights(multipliers: np.ndarray, rows: np.ndarray, stored: WeightType) -> np.ndarray:
    """Those of groups [channels, groups] for every weight."""
    return np.repeat(multipliers.astype(np.int8), stored.group, axis=1)[:, : rows.shape[1]]
