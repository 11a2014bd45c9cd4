"""The front end in integers: the definition of right, which the firmware computes (runtime_c/include/eq_front_end.h).

Frames are int16 samples less their neighbours' share, in Q15, times a window in Q15. The FFT is one of half the length
on pairs of samples (H. Sorensen et al., Real-valued fast Fourier transform algorithms, IEEE TASSP 35, 1987), decimated
in time; every stage halves, so that nothing overflows, and products with sines are the high words of 64 bits. All of it
keeps 30 bits, so that quiet recordings need no gain. Squared magnitudes and bands are 64-bit; logarithms are to base 2
in Q16.
"""

from __future__ import annotations

import numpy as np

from edgeq.audio.front_end import FrontEnd
from edgeq.audio.tables import (
    DCT_BITS,
    LOG_BITS,
    LOG_SEGMENTS,
    POWER_SHIFT,
    PREEMPHASIS_BITS,
    TRIANGLE_BITS,
    Tables,
    log_table,
)


def features(front_end: FrontEnd, made: Tables, pcm: np.ndarray, lead: int = 0) -> np.ndarray:
    """int16 [recordings, samples] -> int64 [recordings, frames, features], within the limits of `made`. `lead`: samples
    before the first frame, of a stream, which are there for what follows them only."""
    values = logarithms(bands(front_end, made, spectrum(front_end, made, frames(front_end, made, pcm, lead))))
    if made.dct is not None:
        sums = values @ made.dct.T.astype(np.int64)
        values = (sums + (1 << (DCT_BITS - 1))) >> DCT_BITS
    return np.clip((values * made.multipliers + made.biases) >> made.bits, *made.limits)


def frames(front_end: FrontEnd, made: Tables, pcm: np.ndarray, lead: int = 0) -> np.ndarray:
    """int16 [recordings, samples] -> int64 [recordings, frames, fft], 30 bits and a sign, zeros behind the frame."""
    x = np.pad(pcm.astype(np.int64), ((0, 0), (1 + front_end.before, 0)))
    x = (x[:, 1:] << PREEMPHASIS_BITS) - x[:, :-1] * made.preemphasis
    x = x[:, lead:]
    count = front_end.frames(pcm.shape[1] - lead)
    chosen = np.arange(count)[:, None] * front_end.step + np.arange(front_end.frame)
    windowed = (x[:, chosen] * made.window) >> 16
    return np.pad(windowed, ((0, 0), (0, 0), (0, front_end.fft - front_end.frame)))


def spectrum(front_end: FrontEnd, made: Tables, x: np.ndarray) -> np.ndarray:
    """int64 [.., fft] -> real and imaginary part of the bins that bands have, divided by fft: int64 [2, .., bins]."""
    half = front_end.fft // 2
    real, imaginary = _fft(x[..., 0::2], x[..., 1::2], made.sines)
    k = made.first_bin + np.arange(len(made.rises))
    first, second = k % half, (half - k) % half
    ar, ai = real[..., first] >> 1, imaginary[..., first] >> 1
    br, bi = real[..., second] >> 1, -(imaginary[..., second] >> 1)
    sine, cosine = made.sines[k].astype(np.int64), made.sines[k + front_end.fft // 4].astype(np.int64)
    odd_r, odd_i = ar - br, ai - bi
    return np.stack(
        [
            ((ar + br) >> 1) - _high(odd_r, sine) + _high(odd_i, cosine),
            ((ai + bi) >> 1) - _high(odd_r, cosine) - _high(odd_i, sine),
        ]
    )


def _high(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The high word of a 64-bit product."""
    return (a * b) >> 32


def _fft(real: np.ndarray, imaginary: np.ndarray, sines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of [.., n], divided by n; `sines` has a period of 2 n."""
    size = real.shape[-1]
    bits = size.bit_length() - 1
    order = np.array([int(f"{index:0{bits}b}"[::-1], 2) for index in range(size)])
    lead = real.shape[:-1]
    real, imaginary = real[..., order], imaginary[..., order]
    span = 1
    while span < size:
        real, imaginary = (part.reshape(*lead, -1, 2, span) for part in (real, imaginary))
        ar, br, ai, bi = real[..., 0, :], real[..., 1, :], imaginary[..., 0, :], imaginary[..., 1, :]
        at = np.arange(span) * (size // span)
        sine, cosine = sines[at].astype(np.int64), sines[at + size // 2].astype(np.int64)
        tr, ti = _high(br, cosine) + _high(bi, sine), _high(bi, cosine) - _high(br, sine)
        tr[..., 0], ti[..., 0] = br[..., 0] >> 1, bi[..., 0] >> 1
        if span > 1:
            middle = span // 2
            tr[..., middle], ti[..., middle] = bi[..., middle] >> 1, -(br[..., middle] >> 1)
        ar, ai = ar >> 1, ai >> 1
        real = np.stack([ar + tr, ar - tr], axis=-2).reshape(*lead, size)
        imaginary = np.stack([ai + ti, ai - ti], axis=-2).reshape(*lead, size)
        span *= 2
    return real, imaginary


def bands(front_end: FrontEnd, made: Tables, bins: np.ndarray) -> np.ndarray:
    """int64 [2, .., bins] -> uint64 [.., bands], the floor included."""
    squares = (bins[0] ** 2 + bins[1] ** 2).astype(np.uint64)
    values = squares >> np.uint64(POWER_SHIFT) if front_end.spectrum == "power" else square_root(squares)
    found = np.zeros((*values.shape[:-1], front_end.bands + 2), np.uint64)
    for at, (band, rise) in enumerate(zip(made.bands, made.rises, strict=True)):
        found[..., band + 1] += values[..., at] * np.uint64(rise)
        found[..., band] += values[..., at] * np.uint64((1 << TRIANGLE_BITS) - int(rise))
    return found[..., 1:-1] + np.uint64(made.floor)


def square_root(values: np.ndarray) -> np.ndarray:
    """Of uint64: the root of the 32 bits from the highest on (31 where their number would be odd), a relative error
    below 2^-15."""
    shift = np.maximum(0, (_bits(values) - 31) // 2).astype(np.uint64)
    small = values >> (shift + shift)
    root = np.sqrt(small.astype(np.float64)).astype(
        np.uint64
    )  # exact below 2^52: the root of a square is a whole number
    return root << shift


def _bits(values: np.ndarray) -> np.ndarray:
    """The position of the highest one of uint64, counted from 1; 0 of 0."""
    high, low = (values >> np.uint64(32)).astype(np.float64), (values & np.uint64(0xFFFFFFFF)).astype(np.float64)
    return np.where(high > 0, np.frexp(high)[1] + 32, np.frexp(low)[1])


def logarithms(values: np.ndarray) -> np.ndarray:
    """log2 of uint64 from 1 up, int64 in Q16: a table of 128 segments with straight lines between its entries."""
    bits = _bits(values)
    top = (values << (64 - bits).astype(np.uint64)) >> np.uint64(32)
    table = log_table().astype(np.int64)
    at = ((top >> np.uint64(24)).astype(np.int64)) & (LOG_SEGMENTS - 1)
    rest = ((top >> np.uint64(8)) & np.uint64(0xFFFF)).astype(np.int64)
    return ((bits - 1) << LOG_BITS) + table[at] + (((table[at + 1] - table[at]) * rest) >> 16)
