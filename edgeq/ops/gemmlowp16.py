"""gemmlowp's logistic and tanh of int16 numbers in numpy, as TensorFlow Lite's integer LSTM uses them; the twin of
runtime_c/src/common/eq_gemmlowp16.h.

"Qk" has k integer bits and 15 - k fractional ones. Formulas from gemmlowp's fixedpoint.h: products round to nearest,
divisions by powers of two round half away from zero, results are Q0.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from edgeq.ops.gemmlowp import rdbpot

ONE = 32767  # 1 in Q0, as near as it gets
ONE_Q2 = 1 << 13
#: exp(-1/8) and 1/3 in Q0; 48/17 and -32/17 in Q2
EXP_OF_AN_EIGHTH, THIRD, RECIPROCAL_START, RECIPROCAL_SLOPE = 28918, 10923, 23130, -15420
#: exp(-1/4), exp(-1/2), exp(-1), .. in Q0
FACTORS = (25520, 19875, 12055, 4435, 600, 11, 0)


def product(a: np.ndarray | int, b: np.ndarray | int) -> np.ndarray:
    """Saturating rounding doubling high multiply of int16 values."""
    return np.minimum((np.asarray(a, np.int64) * np.asarray(b, np.int64) + (1 << 14)) >> 15, ONE)


def _saturated(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -32768, 32767)


def _exp_of_a_quarter(a: np.ndarray) -> np.ndarray:
    """exp(a) for a in [-1/4, 0), Q0: Taylor series round -1/8."""
    x = a + (1 << 12)
    x2 = product(x, x)
    x3 = product(x2, x)
    x4_quarter = rdbpot(product(x2, x2), 2)
    tail = rdbpot(product(x4_quarter + x3, THIRD) + x2, 1)
    return _saturated(EXP_OF_AN_EIGHTH + product(EXP_OF_AN_EIGHTH, x + tail))


def exp_on_negative(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """exp(a) in Q0 for a <= 0 in Q`integer_bits`."""
    fraction = 15 - integer_bits
    quarter = 1 << (fraction - 2)
    offset = (a & (quarter - 1)) - quarter
    result = _exp_of_a_quarter(_saturated(offset << integer_bits))
    remainder = offset - a
    for exponent, factor in zip(range(-2, 5), FACTORS, strict=True):
        if integer_bits > exponent:
            bit = (remainder >> (fraction + exponent)) & 1
            result = np.where(bit == 1, product(result, factor), result)
    if integer_bits > 5:
        result = np.where(a < -(1 << (20 - integer_bits)), 0, result)
    return np.where(a == 0, ONE, result)


def _reciprocal(a: np.ndarray) -> np.ndarray:
    """2 / (1 + a) in Q2 for a in [0, 1], Q0: three Newton-Raphson steps."""
    half_denominator = (a + ONE + 1) >> 1
    x = RECIPROCAL_START + product(half_denominator, RECIPROCAL_SLOPE)
    for _ in range(3):
        error = ONE_Q2 - product(half_denominator, x)
        x = x + _saturated(product(x, error) << 2)
    return x


@lru_cache(maxsize=1)
def logistic_table() -> np.ndarray:
    """int16 [65536]: logistic(x) in Q0 at index x + 32768 for every x in Q3."""
    x = np.arange(-32768, 32768, dtype=np.int64)
    above = _saturated(_reciprocal(exp_on_negative(-np.abs(x), 3)) << 1)
    result = np.where(x == 0, 1 << 14, np.where(x > 0, above, ONE - above))
    return result.astype(np.int16)


@lru_cache(maxsize=8)
def tanh_table(integer_bits: int) -> np.ndarray:
    """int16 [65536]: tanh(x) in Q0 at index x + 32768 for every x in Q`integer_bits`."""
    x = np.arange(-32768, 32768, dtype=np.int64)
    above = _saturated((_reciprocal(exp_on_negative(-np.abs(x), integer_bits + 1)) - ONE_Q2) << 2)
    return np.where(x == 0, 0, np.where(x < 0, -above, above)).astype(np.int16)


def logistic(x: np.ndarray) -> np.ndarray:
    """logistic of int16 values in Q3, as int64."""
    return logistic_table()[np.asarray(x, np.int64) + 32768].astype(np.int64)


def tanh(x: np.ndarray, integer_bits: int) -> np.ndarray:
    """tanh of int16 values in Q`integer_bits` (0 to 6), as int64."""
    return tanh_table(integer_bits)[np.asarray(x, np.int64) + 32768].astype(np.int64)
