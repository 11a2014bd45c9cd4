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
LONGEST_SILENCE_S = 4.0


def plain(samples: NDArray[np.int16]) -> Floats:
    """Features [T, 64] of a recording with its tail, T a multiple of 4; not normalised."""
    return _bands(samples.astype(np.float64) / 32768.0, 1.0)


def _bands(x: NDArray[np.float64], warp: float) -> Floats:
    unit = FRONT_END.step * REDUCTION
    length = -(-(len(x) + TAIL) // unit) * unit
    padded = np.pad(x, (0, length - len(x)))
    return features(FRONT_END, padded[None], warp)[0].astype(np.float32)


def varied(samples: NDArray[np.int16], rng: np.random.Generator) -> Floats:
    """The same of a random variant: silence behind, speed, noise, room, loudness, length of the vocal tract, tone."""
    x = samples.astype(np.float64) / 32768.0
    if rng.random() < 0.4:
        x = np.pad(x, (0, int(rng.uniform(0.0, LONGEST_SILENCE_S) * FRONT_END.rate)))
    if rng.random() < 0.85:
        position = np.arange(0.0, len(x) - 1.001, rng.choice(SPEEDS))
        left = position.astype(np.int64)
        x = x[left] + (x[left + 1] - x[left]) * (position - left)
    if rng.random() < 0.4:
        x = x + _noise(len(x), rng) * x.std() * 10.0 ** (-rng.uniform(8.0, 35.0) / 20.0)
    if rng.random() < 0.2:
        x = _in_a_room(x, rng)
    x = x * rng.uniform(0.3, 1.5)
    if rng.random() < 0.5:
        x = x + _noise(len(x), rng) * 10.0 ** rng.uniform(-0.3, 1.5) / 32768.0
    x = np.clip(x, -1.0, 1.0)
    found = _bands(x, float(rng.choice(WARPS)))
    place = np.arange(FRONT_END.bands) / FRONT_END.bands
    curves = np.stack([2 * place - 1, np.cos(2 * np.pi * place), np.cos(3 * np.pi * place)])
    return found + (rng.uniform(-0.5, 0.5, 3) @ curves).astype(np.float32)


def background(rng: np.random.Generator) -> NDArray[np.int16]:
    """Two to eight seconds of what a microphone hears when nobody speaks: noise of any colour and loudness that swells,
    with or without clicks and the hum of the mains."""
    length = int(rng.uniform(2.0, 8.0) * FRONT_END.rate)
    time = np.arange(length)
    x = _noise(length, rng) * np.interp(time, np.linspace(0, length, 9), rng.uniform(0.2, 1.0, 9))
    if rng.random() < 0.3:
        mains = 2 * np.pi * rng.choice([50.0, 60.0]) / FRONT_END.rate
        for harmonic in range(1, 8):
            x += rng.uniform(0.0, 1.0) / harmonic * np.sin(mains * harmonic * time + rng.uniform(0.0, 2 * np.pi))
    if rng.random() < 0.3:
        for start in rng.integers(0, length, int(rng.integers(1, 12))):
            click = (
                rng.standard_normal(800) * np.exp(-np.arange(800) / rng.uniform(20.0, 200.0)) * rng.uniform(1.0, 10.0)
            )
            x[start : start + 800] += click[: length - start]
    loudness = 10.0 ** rng.uniform(-0.3, 3.3)
    return np.rint(np.clip(x * loudness, -32768, 32767)).astype(np.int16)


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
