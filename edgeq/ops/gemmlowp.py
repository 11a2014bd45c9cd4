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


def shift_left(x: Values, exponent: Values) -> np.ndarray:
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


def inverse_sqrt(value: int) -> tuple[int, int]:
    """(multiplier, exponent) of 1 / sqrt(value) for 0 < value < 2^31: five Newton-Raphson steps in Q3. Values up to 1
    give nearly 1 (GetInvSqrtQuantizedMultiplierExp)."""
    if value <= 1:
        return INT32_MAX, 0
    shift = 11
    while value >= 1 << 29:
        value, shift = value // 4, shift + 1
    pairs = (31 - value.bit_length()) // 2 - 1
    x = np.int64(value << (2 * pairs)) >> 1
    half = rdbpot(x, 1)
    estimate = np.asarray(1 << 28, np.int64)
    for _ in range(5):
        cube = shift_left(srdhm(srdhm(estimate, estimate), estimate), 6)
        step = srdhm(np.int64(3 << 27), estimate) - srdhm(half, cube)
        estimate = shift_left(step, 3)
    return int(srdhm(estimate, 1518500250)), pairs - shift


def leading_zeros(x: Values) -> np.ndarray:
    """Leading zero bits of positive 32-bit values."""
    return 31 - np.floor(np.log2(np.asarray(x, np.float64))).astype(np.int64)


def log_of_q12(x: Values) -> np.ndarray:
    """Natural logarithm in Q5 of x >= 1 in Q12 (log_x_for_x_greater_than_or_equal_to_1): the power of two by counting
    zeros, the rest z in [2^-1/2, 1) by a rational function of z around 2^-1/4."""
    x = np.asarray(x, np.int64)
    log_2, root_half, root_root_half = 1488522236, 1518500250, 1805811301
    numerator, square, linear, offset = 117049297, 127690142, 638450708, 1057819769
    quarter = 1 << 23  # 1/4 in Q6
    zeros = leading_zeros(x)
    first = shift_left(srdhm(shift_left(x, zeros - 1), root_half), 1)
    first_power = np.minimum(shift_left(12 - zeros, 25) + quarter, INT32_MAX)
    headroom = leading_zeros(srdhm(x, root_half)) - 1
    second = shift_left(x, headroom)
    second_power = shift_left(12 - headroom, 25) - quarter
    r, power = np.minimum(first, second), np.maximum(first_power, second_power)
    p, q = _half_sum(r, root_root_half), 2 * (r - root_root_half)
    q2 = srdhm(q, q)
    above = srdhm(q, r) + srdhm(srdhm(q, q2), numerator)
    below = srdhm(p, offset + q + srdhm(square, q2)) + srdhm(linear, q)
    rest = srdhm(rdbpot(above, 6), one_over_one_plus(below))
    return shift_left(srdhm(power, log_2) + rest, 1)
