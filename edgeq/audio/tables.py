"""Constants of a front end's integer form (integer.py says what is done with them)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.audio.front_end import FrontEnd

#: bits behind the point: of samples before the window, of pre-emphasis, of a triangle, of the logarithm (to base 2), of
#: the DCT, of what it makes, of sines
SAMPLE_BITS, PREEMPHASIS_BITS, TRIANGLE_BITS, LOG_BITS, DCT_BITS, SINE_BITS = 29, 14, 15, 22, 15, 31
#: segments of the table of the logarithm, and of the table of the root, which has three times as many
LOG_SEGMENTS, ROOT_SEGMENTS = 128, 32
#: the highest bit of a floor, and of a feature's bias
FLOOR_BITS, BIAS_BITS = 28, 30


@dataclass(frozen=True)
class Scales:
    """Where the points are, of an FFT of `size` complex points, fft / 2: `point_bits` of a windowed sample, `stages` of
    radix 4 that halve, behind a first one of radix `first` that does not. The energy E of a frame, in the units of
    C's eq_front_end_t, leaves `energy_bits` of headroom to squares, by which points are shifted to the left."""

    size: int
    first: int
    stages: int
    point_bits: int
    energy_bits: int

    @staticmethod
    def of(front_end: FrontEnd) -> Scales:
        """What is as large as 32 bits allow: points of a full-scale recording, windowed, are below 2^30 in every stage
        (the windows' mean is 0.54 at most), and the sum of the products that make E is below 2^32."""
        bits = front_end.fft.bit_length() - 2
        stages = (bits - 1) // 2
        point_bits = min(30 + stages, 33) - bits
        return Scales(1 << bits, 1 << (bits - 2 * stages), stages, point_bits, 58 - bits + 2 * stages - point_bits)

    @property
    def spans(self) -> list[int]:
        """Of the stages behind the first."""
        return [self.first * 4**stage for stage in range(self.stages)]


@dataclass(frozen=True, eq=False)
class Tables:
    """`window` int32 [frame], a scale of points included; `turns` int32 [.., 3, 2], cosine and sine of the angles
    2 pi (k, 2 k, 3 k) / (4 s) for k from 1 to s - 1, of one stage with span s after another; `halves` int32 [n / 2, 2],
    those of 2 pi k / fft from k = 1 on; bins from `first_bin` on have `rises` uint16 in Q15 [bins], by how much of its
    height a triangle rises there while the one before falls, and `segments` uint16 [bands + 1] has the number of bins
    between one corner and the next. `floor` is added to every band of a frame whose points are shifted by `most_shift`.
    `roots` uint32 or None; `dct` int16 [features, bands], or None; features are
    (high word of v * multipliers + biases) >> bits, limited to `limits`, multipliers and biases int32 [features].
    """

    scales: Scales
    preemphasis: int
    window: np.ndarray
    turns: np.ndarray
    halves: np.ndarray
    first_bin: int
    rises: np.ndarray
    segments: np.ndarray
    most_shift: int
    floor: int
    roots: np.ndarray | None
    dct: np.ndarray | None
    multipliers: np.ndarray
    biases: np.ndarray
    bits: int
    limits: tuple[int, int]

    @property
    def root_shift(self) -> int:
        """Bits dropped from half a magnitude, so that all n of them together have 30: by Cauchy and Schwarz their sum
        is at most the root of n times the sum of their squares, 2^62."""
        return self.scales.size.bit_length() // 2


def log_table() -> np.ndarray:
    """uint32 [129]: log2(1 + i / 128)."""
    return np.rint(np.log2(1.0 + np.arange(LOG_SEGMENTS + 1) / LOG_SEGMENTS) * 2.0**LOG_BITS).astype(np.uint32)


def root_table() -> np.ndarray:
    """uint32 [98]: the root of 1 + i / 32 in Q30, from 1 to 4, and one more that is never more than read."""
    return np.rint(np.sqrt(1.0 + np.arange(3 * ROOT_SEGMENTS + 2) / ROOT_SEGMENTS) * 2.0**30).astype(np.uint32)


def unit_bits(front_end: FrontEnd, scales: Scales) -> int:
    """log2 of the integer that stands for 1 in a band of a frame that is not shifted."""
    magnitude = scales.point_bits - scales.stages
    if front_end.spectrum == "power":
        return 2 * magnitude - 32
    return magnitude - 1 - scales.size.bit_length() // 2


def tables(front_end: FrontEnd, scale: float, zero_point: int, dtype: str) -> Tables:
    """Those of features that are stored with this scale and zero point in int8 or int16."""
    scales = Scales.of(front_end)
    positions = front_end.positions()
    inside = np.flatnonzero((positions > 0.0) & (positions < front_end.bands + 1.0))
    used = positions[inside[0] : inside[-1] + 1]
    whole = np.floor(used).astype(np.int64)
    rises = np.minimum(np.rint((used - whole) * 2.0**TRIANGLE_BITS), 2.0**TRIANGLE_BITS - 1)
    times = 2 if front_end.spectrum == "power" else 1
    unit = unit_bits(front_end, scales)
    # the shift of a frame whose energy is 0, and of one in which the floor is as large as it may be
    loudest = int(np.floor((FLOOR_BITS - unit - np.log2(front_end.floor)) / times))
    most_shift = max(0, min(_shift(front_end.frame, scales), loudest))
    dct = None
    if front_end.coefficients:
        dct = np.clip(np.rint(front_end.transform() * 2.0**DCT_BITS), -32768, 32767).astype(np.int16)
    # f / scale + zero_point with f = (v ln2 / 2^q - offset - mean) / std; a DCT's v has half the logarithm's unit
    steps = 1.0 / (front_end.std_values() * scale)
    offsets = front_end.transform().sum(axis=1) * unit * np.log(2.0)
    slopes = np.log(2.0) / 2.0 ** (LOG_BITS - (dct is not None)) * steps
    shifts = zero_point - (offsets + front_end.mean_values()) * steps
    bits = max(0, int(min(-1 - np.log2(slopes.max()), BIAS_BITS - np.log2(np.abs(shifts).max() + 1.0))))
    info = np.iinfo(dtype)
    return Tables(
        scales=scales,
        preemphasis=int(np.rint(front_end.preemphasis * 2.0**PREEMPHASIS_BITS)),
        window=np.rint(front_end.window_values() * 2.0 ** (scales.point_bits + 32 - SAMPLE_BITS - 1)).astype(np.int32),
        turns=np.concatenate([_turns(np.arange(1, s)[:, None] * np.arange(1, 4), 4 * s) for s in scales.spans]),
        halves=_turns(np.arange(1, scales.size // 2 + 1), front_end.fft),
        first_bin=int(inside[0]),
        rises=rises.astype(np.uint16),
        segments=np.bincount(whole, minlength=front_end.bands + 1).astype(np.uint16),
        most_shift=most_shift,
        floor=max(1, round(front_end.floor * 2.0 ** (unit + times * most_shift))),
        roots=root_table() if front_end.spectrum == "magnitude" else None,
        dct=dct,
        multipliers=np.rint(np.minimum(slopes * 2.0 ** (bits + 32), 2.0**31 - 1)).astype(np.int32),
        biases=np.rint(np.clip((shifts + 0.5) * 2.0**bits, -(2.0**BIAS_BITS), 2.0**BIAS_BITS)).astype(np.int32),
        bits=bits,
        limits=(int(info.min), int(info.max)),
    )


def _shift(energy: int, scales: Scales) -> int:
    """By which the points of a frame with that energy may be shifted to the left."""
    return max(0, (scales.energy_bits - energy.bit_length()) // 2)


def _turns(numbers: np.ndarray, period: int) -> np.ndarray:
    angles = 2.0 * np.pi * numbers / period
    pairs = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return np.clip(np.rint(pairs * 2.0**SINE_BITS), -(2**31), 2**31 - 1).astype(np.int32)
