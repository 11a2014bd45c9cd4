"""Features of recordings, as they are and varied for training (numpy only)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from model import REDUCTION, TAIL
from numpy.typing import NDArray

from edgeq.audio import FrontEnd
from edgeq.audio.floats import features

Floats = NDArray[np.float32]

#: of the recogniser; mean and std come from the training data
FRONT_END = FrontEnd(
    frame=400, step=160, before=240, preemphasis=0.97, bands=64, low_hz=60.0, high_hz=7600.0, floor=1e-6
)
SPEEDS = (0.87, 0.93, 1.0, 1.0, 1.07, 1.13)
WARPS = np.linspace(0.88, 1.12, 13)
MASKED_BANDS, MASKED_FRAMES = 13, 13


def plain(samples: NDArray[np.int16]) -> Floats:
    """Features [T, 64] of a recording with its tail, T a multiple of 4; not normalised."""
    return _bands(samples.astype(np.float64) / 32768.0, 1.0)


def _bands(x: NDArray[np.float64], warp: float) -> Floats:
    unit = FRONT_END.step * REDUCTION
    length = -(-(len(x) + TAIL) // unit) * unit
    padded = np.pad(x, (0, length - len(x)))
    return features(FRONT_END, padded[None], warp)[0].astype(np.float32)


def varied(samples: NDArray[np.int16], rng: np.random.Generator) -> Floats:
    """The same of a random variant: speed, noise, room, loudness, length of the vocal tract, tone."""
    x = samples.astype(np.float64) / 32768.0
    if rng.random() < 0.85:
        position = np.arange(0.0, len(x) - 1.001, rng.choice(SPEEDS))
        left = position.astype(np.int64)
        x = x[left] + (x[left + 1] - x[left]) * (position - left)
    if rng.random() < 0.4:
        x = x + _noise(len(x), rng) * x.std() * 10.0 ** (-rng.uniform(8.0, 35.0) / 20.0)
    if rng.random() < 0.2:
        x = _in_a_room(x, rng)
    x = np.clip(x * rng.uniform(0.3, 1.5), -1.0, 1.0)
    found = _bands(x, float(rng.choice(WARPS)))
    place = np.arange(FRONT_END.bands) / FRONT_END.bands
    curves = np.stack([2 * place - 1, np.cos(2 * np.pi * place), np.cos(3 * np.pi * place)])
    return found + (rng.uniform(-0.5, 0.5, 3) @ curves).astype(np.float32)


def _noise(samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Of a random colour between white and brown, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum *= np.arange(1, len(spectrum) + 1) ** -rng.uniform(0.0, 1.0)
    made = np.fft.irfft(spectrum, samples)
    return np.asarray(made / made.std())


def _in_a_room(x: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """With an echo that dies away."""
    length = int(rng.uniform(0.05, 0.25) * FRONT_END.rate)
    echo = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length) * rng.uniform(0.02, 0.12)
    echo[0] = 1.0
    size = 1 << (len(x) + length - 1).bit_length()
    return np.asarray(np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(echo, size), size)[: len(x)])


def masked(x: Floats, rng: np.random.Generator) -> Floats:
    """Normalised features with stripes of bands and of time hidden (SpecAugment, D. Park et al., Interspeech 2019)."""
    x = x.copy()
    frames, bands = x.shape
    for _ in range(2):
        width = int(rng.integers(0, MASKED_BANDS))
        start = int(rng.integers(0, bands - width))
        x[:, start : start + width] = 0.0
    for _ in range(max(1, frames // 50)):
        width = int(rng.integers(0, MASKED_FRAMES))
        start = int(rng.integers(0, max(1, frames - width)))
        x[start : start + width] = 0.0
    return x


def normalised(mean: Floats, std: Floats) -> FrontEnd:
    """The front end with these numbers."""
    numbers = (tuple(round(float(value), 3) for value in values) for values in (mean, std))
    return replace(FRONT_END, **dict(zip(("mean", "std"), numbers, strict=True)))
