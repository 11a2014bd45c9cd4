"""The front end in integers: the definition of right, which the firmware computes (runtime_c/include/eq_front_end.h).

Products are high words of 64 bits throughout, so that a core needs one instruction for them. Frames are int16 samples
less their neighbours' share, times a window. The FFT is one of half the length on pairs of samples (H. Sorensen et al.,
Real-valued fast Fourier transform algorithms, IEEE TASSP 35, 1987), decimated in time, of radix 4; its points are as
large as 32 bits allow. What it makes is shifted by the frame's energy (a block exponent, by Parseval's theorem):
squares need their high words alone and quiet recordings no gain, and all squares of a frame have 30 bits together.
Logarithms are to base 2 in Q22, the block exponent taken off.
"""

from __future__ import annotations

import numpy as np

from edgeq.audio.front_end import FrontEnd
from edgeq.audio.tables import LOG_BITS, LOG_SEGMENTS, PREEMPHASIS_BITS, ROOT_SEGMENTS, Tables, log_table


def features(front_end: FrontEnd, made: Tables, pcm: np.ndarray, lead: int = 0) -> np.ndarray:
    """int16 [recordings, samples] -> int64 [recordings, frames, features], within the limits of `made`. `lead`: samples
    before the first frame, of a stream, which are there for what follows them only."""
    points, energy = frames(front_end, made, pcm, lead)
    shift = shifts(made, energy)
    found = bands(front_end, made, spectrum(front_end, made, points, shift), shift)
    times = 2 if front_end.spectrum == "power" else 1
    values = logarithms(found) - (shift[..., None] * times << LOG_BITS)
    if made.dct is not None:
        values = _high(values[..., None, :], made.dct.astype(np.int64) << 16).sum(axis=-1)
    return np.clip((_high(values, made.multipliers) + made.biases) >> made.bits, *made.limits)


def frames(front_end: FrontEnd, made: Tables, pcm: np.ndarray, lead: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """int16 [recordings, samples] -> int64 [recordings, frames, fft], zeros behind the frame, and the energy of each,
    the sum of products of samples and windowed samples and at least that of `frame` ones: [recordings, frames]."""
    x = np.pad(pcm.astype(np.int64), ((0, 0), (1 + front_end.before, 0)))
    x = (x[:, 1:] << PREEMPHASIS_BITS) - x[:, :-1] * made.preemphasis
    x = x[:, lead:]
    count = front_end.frames(pcm.shape[1] - lead)
    chosen = x[:, np.arange(count)[:, None] * front_end.step + np.arange(front_end.frame)]
    windowed = _high(chosen, made.window.astype(np.int64))
    energy = _high(chosen, windowed).sum(axis=-1) + front_end.frame
    return np.pad(windowed, ((0, 0), (0, 0), (0, front_end.fft - front_end.frame))), energy


def shifts(made: Tables, energy: np.ndarray) -> np.ndarray:
    """By which the points of frames with these energies are shifted to the left."""
    return np.clip((made.scales.energy_bits - _bits(energy)) // 2, 0, made.most_shift)


def spectrum(front_end: FrontEnd, made: Tables, x: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """int64 [.., fft] -> real and imaginary part of the bins that bands have: int64 [2, .., bins]."""
    half = made.scales.size
    real, imaginary = (part << shift[..., None] for part in _fft(made, x[..., 0::2], x[..., 1::2]))
    k = np.arange(1, half // 2 + 1)
    ar, ai, br, bi = real[..., k], imaginary[..., k], real[..., half - k], imaginary[..., half - k]
    cosine, sine = made.halves.astype(np.int64).T
    odd_r, odd_i = ar - br, ai + bi
    turned_r = 2 * (_high(odd_i, cosine) - _high(odd_r, sine))
    turned_i = 2 * (_high(odd_r, cosine) + _high(odd_i, sine))
    bins = np.zeros((2, *x.shape[:-1], half), np.int64)
    bins[..., half - k] = ar + br - turned_r, ai - bi + turned_i
    bins[..., k] = ar + br + turned_r, ai - bi - turned_i
    return bins[..., made.first_bin : made.first_bin + len(made.rises)]


def _high(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The high word of a 64-bit product."""
    return (a * b) >> 32


def _fft(made: Tables, real: np.ndarray, imaginary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of [.., n], divided by two to the number of stages behind the first."""
    scales, lead = made.scales, real.shape[:-1]
    groups = scales.size // scales.first
    order = np.zeros(1, np.int64)  # numbers of groups, their digits to base 4 the other way round
    for _ in range(scales.stages):
        order = (order[:, None] + np.arange(4) * len(order)).reshape(-1)
    order = order[:, None] + groups * np.arange(scales.first)
    parts = [part[..., order] for part in (real, imaginary)]
    if scales.first == 4:
        real, imaginary = _crossed(*(np.stack([part[..., at] for part in parts]) for at in range(4)))
    else:
        real, imaginary = (np.stack([p[..., 0] + p[..., 1], p[..., 0] - p[..., 1]], axis=-1) for p in parts)
    real, imaginary = (part.reshape(*lead, scales.size) for part in (real, imaginary))
    turns, behind = made.turns.astype(np.int64), 0
    for span in scales.spans:
        angles, behind = turns[behind : behind + span - 1], behind + span - 1
        real, imaginary = (part.reshape(*lead, -1, 4, span) for part in (real, imaginary))
        points = [np.stack([real[..., 0, :] >> 1, imaginary[..., 0, :] >> 1])]
        for turn in range(1, 4):
            x = np.stack([real[..., turn, :], imaginary[..., turn, :]])
            (r, i), (cosine, sine) = x[..., 1:], angles[:, turn - 1].T
            turned = [_high(r, cosine) + _high(i, sine), _high(i, cosine) - _high(r, sine)]
            points.append(np.concatenate([x[..., :1] >> 1, np.stack(turned)], axis=-1))
        real, imaginary = (np.moveaxis(part, -1, -2).reshape(*lead, scales.size) for part in _crossed(*points))
    return real, imaginary


def _crossed(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The transform of four points, each [2, ..], real and imaginary: two of [.., 4]."""
    even, odd, half, turned = a + c, a - c, b + d, (b - d)[::-1] * np.array([1, -1]).reshape(2, *[1] * (a.ndim - 1))
    real, imaginary = np.stack([even + half, odd + turned, even - half, odd - turned], axis=-1)
    return real, imaginary


def bands(front_end: FrontEnd, made: Tables, bins: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """int64 [2, .., bins] -> int64 [.., bands], with the floor and, in powers, one a bin that high words lose."""
    power = front_end.spectrum == "power"
    values = _high(bins, bins).sum(axis=0) if power else magnitudes(made, bins)
    ends = np.cumsum(made.segments.astype(np.int64))[:-1]
    shares = (_high(values, made.rises.astype(np.int64) << 16), values)
    rising, whole = (np.stack([part.sum(axis=-1) for part in np.split(share, ends, -1)]) for share in shares)
    floor = np.maximum(1, made.floor >> ((made.most_shift - shift) * (2 if power else 1)))
    lost = made.segments[:-1].astype(np.int64) if power else 0
    return np.moveaxis(2 * rising[:-1] + (whole - 2 * rising)[1:], 0, -1) + floor[..., None] + lost


def magnitudes(made: Tables, bins: np.ndarray) -> np.ndarray:
    """int64 [2, .., bins] -> the root of the sum of squares, with a relative error of 2^-14, less the bits that are
    dropped."""
    assert made.roots is not None
    squares = (bins[0] ** 2 + bins[1] ** 2).astype(np.uint64)
    up = (64 - _bits(squares)) // 2  # an even number of bits brings the highest one into the two highest
    top = ((squares << (2 * up).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)
    at = np.maximum(0, (top >> (30 - 5)) - ROOT_SEGMENTS)
    rest = (top << (32 - 25)) & 0xFFFFFFFF
    table = made.roots.astype(np.int64)
    root = table[at] + _high(table[at + 1] - table[at], rest)
    return np.where(squares > 0, root >> (up + made.root_shift), 0)


def _bits(values: np.ndarray) -> np.ndarray:
    """The position of the highest one of what is not negative, counted from 1; 0 of 0."""
    values = values.astype(np.uint64)
    high, low = (values >> np.uint64(32)).astype(np.float64), (values & np.uint64(0xFFFFFFFF)).astype(np.float64)
    return np.where(high > 0, np.frexp(high)[1] + 32, np.frexp(low)[1])


def logarithms(values: np.ndarray) -> np.ndarray:
    """log2 of int64 from 1 to 2^32 - 1, int64 in Q22: a table of 128 segments with straight lines between its
    entries."""
    bits = _bits(values)
    top = values << (32 - bits)
    table = log_table().astype(np.int64)
    at = (top >> 24) & (LOG_SEGMENTS - 1)
    return ((bits - 1) << LOG_BITS) + table[at] + _high(table[at + 1] - table[at], (top << 8) & 0xFFFFFFFF)
