"""The integer arithmetic against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.ops import fixed_point

ACC = st.integers(-(2**31), 2**31 - 1)
MULTIPLIER = st.integers(0, 2**31 - 1)


def scaled(acc: int, m: int, s: int, rounding: str) -> int:
    result = fixed_point.scale_accumulator(np.array([acc]), np.array([m]), np.array([s]), rounding)
    return int(result[0])


@given(ACC, MULTIPLIER, st.integers(1, 32))
def test_single_is_round_half_up(acc: int, m: int, s: int) -> None:
    assert scaled(acc, m, s, fixed_point.SINGLE) == floor(Fraction(acc * m, 2**s) + Fraction(1, 2))


@given(st.integers(-(2**24), 2**24), st.integers(2**30, 2**31 - 1), st.integers(-20, 4))
def test_tflite_rounds_twice(acc: int, m: int, exponent: int) -> None:
    shifted = acc * 2 ** max(exponent, 0)
    high = floor(Fraction(shifted * m, 2**31) + Fraction(1, 2))
    divisor = 2 ** max(-exponent, 0)
    magnitude = floor(Fraction(abs(high), divisor) + Fraction(1, 2))
    assert scaled(acc, m, exponent, fixed_point.TFLITE) == (magnitude if high >= 0 else -magnitude)


@given(st.floats(1e-7, 1e6))
def test_single_multiplier_is_close(scale: float) -> None:
    m, s = fixed_point.single_multiplier(np.array([scale]))
    assert 1 <= s[0] <= 32
    assert abs(int(m[0]) / 2.0 ** int(s[0]) - scale) <= 2.0**-33 + scale * 2.0**-30


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, 2.0**31])
def test_impossible_scales_are_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="can't be expressed"):
        fixed_point.single_multiplier(np.array([scale]))


@given(st.floats(1e-9, 1e5))
def test_tflite_multiplier_is_normalised(scale: float) -> None:
    m, exponent = fixed_point.tflite_multiplier(np.array([scale]))
    assert 2**30 <= m[0] < 2**31
    assert abs(int(m[0]) / 2.0**31 * 2.0 ** int(exponent[0]) / scale - 1.0) < 2.0**-30
