"""gemmlowp's fixed-point arithmetic in numpy, as TensorFlow Lite's integer reference kernels use it.

Numbers are int64 arrays that hold int32 raw values; "Qk" has k integer bits and 31 - k fractional ones. Formulas from
gemmlowp's fixedpoint.h and TensorFlow Lite's common.h: products round to nearest (SRDHM), divisions by powers of two
round half away from zero (RDBPOT).
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: int64 arrays or scalars
Values = Any

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
ONE = INT32_MAX  # 1 in Q0, as near as it gets


def srdhm(a: Values, b: Values) -> np.ndarray:
    """Saturating rounding doubling high multiply of int32 values."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return np.minimum((product + (1 << 30)) >> 31, INT32_MAX)


def rdbpot(x: Values, exponent: Values) -> np.ndarray:
    """x / 2^exponent, rounded half away from zero."""
    mask = (np.int64(1) << np.asarray(exponent, np.int64)) - 1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


def shift_left(x: Values, exponent: int) -> np.ndarray:
    """x * 2^exponent, saturated."""
    return np.clip(np.asarray(x, np.int64) << exponent, INT32_MIN, INT32_MAX)


def multiply(x: Values, multiplier: int, exponent: int) -> np.ndarray:
    """x * multiplier / 2^31 * 2^exponent (MultiplyByQuantizedMultiplier)."""
    shifted = np.asarray(x, np.int64) << max(exponent, 0)
    return rdbpot(srdhm(shifted, multiplier), max(-exponent, 0))


def _exp_of_a_quarter(a: np.ndarray) -> np.ndarray:
    """exp(a) for a in [-1/4, 0), Q0: Taylor series round -1/8."""
    constant, third = 1895147668, 715827883  # exp(-1/8), 1/3
    x = a + (1 << 28)
    x2 = srdhm(x, x)
    x3 = srdhm(x2, x)
    x4_quarter = rdbpot(srdhm(x2, x2), 2)
    tail = rdbpot(srdhm(x4_quarter + x3, third) + x2, 1)
    return constant + srdhm(x + tail, constant)


def exp_on_negative(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """exp(a) in Q0 for a <= 0 in Q`integer_bits`."""
    fraction = 31 - integer_bits
    quarter = 1 << (fraction - 2)
    a = np.asarray(a, np.int64)
    offset = (a & (quarter - 1)) - quarter
    result = _exp_of_a_quarter(shift_left(offset, integer_bits))
    remainder = offset - a
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # exp(-1/4), exp(-1/2), ..
    for exponent, factor in zip(range(-2, 5), factors, strict=True):
        if integer_bits > exponent:
            bit = (remainder >> (fraction + exponent)) & 1
            result = np.where(bit == 1, srdhm(result, factor), result)
    if integer_bits > 5:
        result = np.where(a < -(1 << (36 - integer_bits)), 0, result)
    return np.where(a == 0, ONE, result)


def _half_sum(a: np.ndarray, b: int) -> np.ndarray:
    """(a + b) / 2, rounded half away from zero."""
    total = a + b
    return np.sign(total) * ((np.abs(total) + 1) >> 1)


def one_over_one_plus(a: np.ndarray) -> np.ndarray:
    """1 / (1 + a) in Q0 for a in [0, 1], Q0: three Newton-Raphson steps for d = (1 + a) / 2, from 48/17 - 32/17 d, in
    Q2."""
    half_denominator = _half_sum(a, ONE)
    x = 1515870810 + srdhm(half_denominator, -1010580540)
    for _ in range(3):
        error = (1 << 29) - srdhm(half_denominator, x)
        x = x + shift_left(srdhm(x, error), 2)
    return shift_left(x, 1)
