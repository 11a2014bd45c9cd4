"""Weights in groups: scales and multipliers, and the methods of rounding with them."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.ops.weight_types import INT4, INT4_GROUPS, LARGEST_MULTIPLIER
from edgeq.packing.groups import split
from edgeq.quantize import groups
from edgeq.quantize.adaquant import jointly_tuned
from edgeq.quantize.adaround import adaptively_rounded
from edgeq.quantize.gptq import rounded_with_feedback
from edgeq.quantize.omse import least_error_scales

STORED = INT4_GROUPS[0]
#: the last group is short
INPUTS = 2 * STORED.group + 8


def weights() -> np.ndarray:
    """[3, INPUTS], the groups of the first two channels of different sizes; the last one all zero."""
    drawn = np.random.default_rng(0).standard_normal((3, INPUTS))
    drawn[0, STORED.group :] *= 0.3
    drawn[1, : STORED.group] *= 0.1
    drawn[2] = 0.0
    return drawn


def floored(scales: np.ndarray) -> np.ndarray:
    return np.maximum(scales, 1e-3)


def test_error_is_nearly_that_of_a_free_scale_for_every_group() -> None:
    rows = weights()
    scales, multipliers = groups.least_error(rows, STORED, floored)
    nearest = STORED.nearest(rows / scales[:, None], multipliers)
    np.testing.assert_array_equal(nearest[2], 0)
    alone = 0.0
    for start in range(0, INPUTS, STORED.group):
        part = rows[:2, start : start + STORED.group]
        own = least_error_scales(part, 0, INT4)[:, None]
        alone += np.square(part - own * INT4.nearest(part / own)).sum()
    whole = least_error_scales(rows[:2], 0, INT4)[:, None]
    a_channel = np.square(rows[:2] - whole * INT4.nearest(rows[:2] / whole)).sum()
    error = np.square(rows - scales[:, None] * nearest).sum()
    assert error < 1.05 * alone
    assert error < 0.5 * a_channel


def test_the_largest_level_reaches_the_largest_magnitudes() -> None:
    rows = weights()
    scales, multipliers = groups.reaching(rows, STORED, floored)
    limit = scales[:, None] * multipliers * INT4.largest
    assert np.all(np.abs(rows) <= limit * (1 + 1e-6))
    assert multipliers[:2].max(axis=1).tolist() == [LARGEST_MULTIPLIER] * 2
    assert np.all(np.abs(rows[:2]).max(axis=1) > 0.99 * limit[:2].max(axis=1))


@pytest.mark.parametrize("method", ["gptq", "adaround", "adaquant"])
def test_methods_round_to_levels_of_each_group(method: str) -> None:
    """Nearer to the layer's outputs than the nearest levels, and storable."""
    rows, rng = weights()[:2], np.random.default_rng(1)
    x = rng.standard_normal((400, INPUTS)) @ (np.eye(INPUTS) + 0.2 * rng.standard_normal((INPUTS, INPUTS)))
    scales, multipliers = groups.least_error(rows, STORED, floored)
    nearest = STORED.nearest(rows / scales[:, None], multipliers)
    least = np.square(x @ (rows - nearest * scales[:, None]).T).sum()
    if method == "gptq":
        steps = rounded_with_feedback(rows, scales, x.T @ x, STORED, multipliers)
    elif method == "adaround":
        steps = adaptively_rounded(rows, scales, x.T @ x, STORED, multipliers)
    else:
        steps, scales = jointly_tuned(rows, scales, x.T @ x / len(x), STORED, 1e-6, multipliers)
    assert np.square(x @ (rows - steps * scales[:, None]).T).sum() < 0.8 * least
    levels, found = split(steps, STORED.group)
    np.testing.assert_array_equal(levels * np.repeat(found, STORED.group, axis=1)[:, :INPUTS], steps)
