"""The integer arithmetic that every quantized operator shares; the numpy twin of runtime_c/include/eq_requant.h.

Two rounding rules:

* ``single``: y = floor((acc * m + 2^(s-1)) / 2^s). s = 32 whenever the real scale is below 0.5, so that one rounding
  high multiply does it; otherwise s < 32 and m has 31 bits.
* ``tflite``: TensorFlow Lite's double rounding, SaturatingRoundingDoublingHighMul followed by RoundingDivideByPOT
  (Jacob et al., arXiv 1712.05877, section 2.2; gemmlowp's fixed-point specification).
"""

from __future__ import annotations

from typing import Any

import numpy as np

SINGLE, TFLITE = "single", "tflite"
#: one rounding of 64-bit sums by 15-bit multipliers: int16 activations
WIDE = "wide"
#: cheaper ways to the values of TFLITE with constants of their own, for kernels only (edgeq/lower/requantize.py)
LINE, STEP = "line", "step"


def single_multiplier(scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m int32, s int8) with scale ~ m / 2^s, 0 <= m < 2^31, 1 <= s <= 32, for positive scales below 2^30.

    Raises ValueError when a scale is outside that range.
    """
    scale = np.atleast_1d(np.asarray(scale, np.float64))
    if not np.all(np.isfinite(scale)) or np.any(scale <= 0) or np.any(scale >= 2.0**30):
        raise ValueError(f"a requantization scale of {scale.min():g}..{scale.max():g} can't be expressed")
    shift = np.full(scale.shape, 32, np.int64)
    multiplier = np.rint(scale * 2.0**shift)
    while np.any(multiplier >= 2.0**31):
        shift = np.where(multiplier >= 2.0**31, shift - 1, shift)
        multiplier = np.rint(scale * 2.0**shift)
    return multiplier.astype(np.int32), shift.astype(np.int8)


def tflite_multiplier(scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m int32, exponent int8) as TFLite's QuantizeMultiplier: scale ~ m / 2^31 * 2^exponent, 2^30 <= m < 2^31."""
    scale = np.atleast_1d(np.asarray(scale, np.float64))
    fraction, exponent = np.frexp(scale)
    multiplier = np.rint(fraction * 2.0**31).astype(np.int64)
    carried = multiplier == 2**31
    multiplier = np.where(carried, 2**30, multiplier)
    exponent = exponent + carried
    vanished = exponent < -31
    return np.where(vanished, 0, multiplier).astype(np.int32), np.where(vanished, 0, exponent).astype(np.int8)


def wide_multiplier(scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m int32 below 2^15, s int8) with scale ~ m / 2^s, as TensorFlow Lite reduces its multipliers for int64 sums.

    Raises ValueError when a scale needs a shift outside 1 .. 62.
    """
    m, exponent = tflite_multiplier(scale)
    reduced = np.where(m < 0x7FFF0000, (m.astype(np.int64) + (1 << 15)) >> 16, 0x7FFF)
    shift = 15 - exponent.astype(np.int64)
    if np.any((shift < 1) | (shift > 62)):
        raise ValueError(f"a requantization scale of {np.min(scale):g}..{np.max(scale):g} can't be expressed")
    return reduced.astype(np.int32), shift.astype(np.int8)


def requantize_wide(
    acc: np.ndarray, multiplier: np.ndarray, shift: np.ndarray, zero_point: int, act_min: int, act_max: int
) -> np.ndarray:
    """int16 outputs of int64 accumulators below 2^47; the definition of eq_requantize_wide."""
    s = shift.astype(np.int64)
    y = (acc.astype(np.int64) * multiplier.astype(np.int64) + (np.int64(1) << (s - 1))) >> s
    return np.clip(y + zero_point, act_min, act_max).astype(np.int16)


def half_away(x: Any) -> Any:
    """A floating array or scalar of numpy rounded to integers, halves away from zero, in its own precision (C's
    round)."""
    return np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x)


def integer_bounds(
    bounds: tuple[float | None, float | None], scale: float, zero_point: int, dtype: str
) -> tuple[int, int]:
    """Bounds of an activation function in the integers of its output; None is the type's own end. A bound is rounded
    half away from zero after a float32 division, as TensorFlow Lite does it (CalculateActivationRangeQuantized)."""
    info = np.iinfo(dtype)

    def integer(bound: float | None, end: int) -> int:
        if bound is None:
            return end
        with np.errstate(over="ignore"):  # the largest floats divided by a small scale: infinite, and clipped below
            steps = np.clip(np.float64(np.float32(bound) / np.float32(scale)), -(2.0**31), 2.0**31)
        return max(int(info.min), min(int(info.max), int(half_away(steps)) + zero_point))

    high = integer(bounds[1], int(info.max))
    return min(high, integer(bounds[0], int(info.min))), high


def multiplier(scale: np.ndarray, rounding: str) -> tuple[np.ndarray, np.ndarray]:
    """(multiplier int32, shift int8) of positive scales under a rounding rule."""
    return tflite_multiplier(scale) if rounding == TFLITE else single_multiplier(scale)


def form_of(shift: np.ndarray, rounding: str) -> str:
    """Which of the C forms (EQ_REQUANT_*) fits: "high", "shift", "tflite", "line" or "step"."""
    if rounding != SINGLE:
        return rounding
    return "high" if np.all(shift == 32) else "shift"


def scale_accumulator(acc: np.ndarray, multiplier: np.ndarray, shift: np.ndarray, rounding: str) -> np.ndarray:
    """int64 result of requantizing `acc` (integers that fit int32); m and s broadcast over the last axis."""
    acc = acc.astype(np.int64)
    m = multiplier.astype(np.int64)
    s = shift.astype(np.int64)
    if rounding == SINGLE:
        return (acc * m + (np.int64(1) << (s - 1))) >> s
    left, right = np.maximum(s, 0), np.maximum(-s, 0)
    wrapped = (acc << left).astype(np.int32).astype(np.int64)
    high = (wrapped * m + (np.int64(1) << 30)) >> 31
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    return (high >> right) + ((high & mask) > threshold)


def requantize(
    acc: np.ndarray,
    multiplier: np.ndarray,
    shift: np.ndarray,
    rounding: str,
    zero_point: int,
    act_min: int,
    act_max: int,
    dtype: str = "int8",
) -> np.ndarray:
    """int8 (or int16) outputs of int32 accumulators; the definition that every C kernel equals bit for bit."""
    y = scale_accumulator(acc, multiplier, shift, rounding) + zero_point
    return np.clip(y, act_min, act_max).astype(dtype)
