"""Constants of a front end's integer form (integer.py says what is done with them)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.audio.front_end import FrontEnd

#: bits behind the point: of the pre-emphasis, of the window, of a triangle, of the logarithm (to base 2), of the DCT,
#: of sines
PREEMPHASIS_BITS, WINDOW_BITS, TRIANGLE_BITS, LOG_BITS, DCT_BITS, SINE_BITS = 15, 15, 14, 16, 15, 31
#: bits dropped from a squared magnitude, so that sums of them times a triangle fit 64 bits
POWER_SHIFT = 12
#: segments of the table of the logarithm
LOG_SEGMENTS = 128
#: the most bits that a feature's multiplier may have behind the point, so that its bias fits 64 bits
MOST_BITS = 46


@dataclass(frozen=True, eq=False)
class Tables:
    """`window` uint16 [frame]; `sines` int32 [3/4 fft], sin(2 pi k / fft); bins from `first_bin` on have `bands` uint8,
    the triangle b that they rise in (b - 1 falls there), and `rises` uint16, by how much of 2^14; `floor` is added to
    every band; `dct` int16 [features, bands], or None; features are (v * multipliers + biases) >> bits, limited to
    `limits`, multipliers int32, biases int64 [features]."""

    preemphasis: int
    window: np.ndarray
    sines: np.ndarray
    first_bin: int
    bands: np.ndarray
    rises: np.ndarray
    floor: int
    dct: np.ndarray | None
    multipliers: np.ndarray
    biases: np.ndarray
    bits: int
    limits: tuple[int, int]


def log_table() -> np.ndarray:
    """uint32 [129]: log2(1 + i / 128)."""
    return np.rint(np.log2(1.0 + np.arange(LOG_SEGMENTS + 1) / LOG_SEGMENTS) * 2.0**LOG_BITS).astype(np.uint32)


def unit_bits(front_end: FrontEnd) -> int:
    """log2 of the integer that stands for 1 in a band. Frames have 29 bits, and the FFT divides by its length."""
    spectrum = 29 - int(np.log2(front_end.fft))
    return TRIANGLE_BITS + (2 * spectrum - POWER_SHIFT if front_end.spectrum == "power" else spectrum)


def tables(front_end: FrontEnd, scale: float, zero_point: int, dtype: str) -> Tables:
    """Those of features that are stored with this scale and zero point in int8 or int16."""
    positions = front_end.positions()
    inside = np.flatnonzero((positions > 0.0) & (positions < front_end.bands + 1.0))
    used = positions[inside[0] : inside[-1] + 1]
    whole = np.floor(used)
    angles = 2.0 * np.pi * np.arange(3 * front_end.fft // 4) / front_end.fft
    dct = None
    if front_end.coefficients:
        dct = np.clip(np.rint(front_end.transform() * 2.0**DCT_BITS), -32768, 32767).astype(np.int16)
    # f / scale + zero_point with f = (v ln2 / 2^16 - offset - mean) / std
    steps = 1.0 / (front_end.std_values() * scale)
    offsets = front_end.transform().sum(axis=1) * unit_bits(front_end) * np.log(2.0)
    slopes = np.log(2.0) / 2.0**LOG_BITS * steps
    bits = min(MOST_BITS, int(np.floor(31 - np.log2(slopes.max()))) - 1)
    shifts = zero_point - (offsets + front_end.mean_values()) * steps
    info = np.iinfo(dtype)
    return Tables(
        preemphasis=int(np.rint(front_end.preemphasis * 2.0**PREEMPHASIS_BITS)),
        window=np.rint(front_end.window_values() * 2.0**WINDOW_BITS).astype(np.uint16),
        sines=np.clip(np.rint(np.sin(angles) * 2.0**SINE_BITS), -(2**31), 2**31 - 1).astype(np.int32),
        first_bin=int(inside[0]),
        bands=whole.astype(np.uint8),
        rises=np.rint((used - whole) * 2.0**TRIANGLE_BITS).astype(np.uint16),
        floor=max(1, round(front_end.floor * 2.0 ** unit_bits(front_end))),
        dct=dct,
        multipliers=np.rint(slopes * 2.0**bits).astype(np.int32),
        biases=np.rint((shifts + 0.5) * 2.0**bits).astype(np.int64),
        bits=bits,
        limits=(int(info.min), int(info.max)),
    )
