"""Variations of clips for training (numpy only)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from features import BANDS, SAMPLES, Floats, log_mel, mel_weights
from numpy.typing import NDArray
from synthesize import SILENCE, UNKNOWN, noise

CHUNK = 100  # clips varied at a time, to keep memory small
WARPS = np.stack([mel_weights(warp) for warp in np.linspace(0.9, 1.1, 11)])
SPEED = 0.14  # largest change of the logarithm of the speed
SHIFT = 1300  # largest shift in samples, 81 ms
TILT = 0.3  # largest weight of each of three smooth curves added to the log-mel bands
MASKED_BANDS = 2.4
MASKED_FRAMES = 3.2


def move(clips: Floats, rng: np.random.Generator) -> Floats:
    """Change speed and position of each clip [N, 16000] by linear interpolation."""
    speed = np.exp(rng.uniform(-SPEED, SPEED, (len(clips), 1)))
    shift = rng.uniform(-SHIFT, SHIFT, (len(clips), 1))
    middle = SAMPLES / 2
    position = (np.arange(SAMPLES) - middle) * speed + middle + shift
    before = np.floor(position).astype(np.int64)
    part = (position - before).astype(np.float32)
    inside = (before >= 0) & (before < SAMPLES - 1)
    before = before.clip(0, SAMPLES - 2)
    left = np.take_along_axis(clips, before, 1)
    right = np.take_along_axis(clips, before + 1, 1)
    return (left + (right - left) * part) * inside


def background(count: int, recorded: Floats, rng: np.random.Generator) -> Floats:
    """Noise clips of standard deviation 1: made up, or half of them rolled recordings."""
    clips = np.stack([noise(rng) for _ in range(count)])
    for i in np.flatnonzero(rng.random(count) < (0.5 if len(recorded) else 0.0)):
        clip = np.roll(recorded[rng.integers(len(recorded))], rng.integers(SAMPLES))
        clips[i] = clip / max(float(clip.std()), 1e-5)
    return clips


def warped_log_mel(clips: Floats, rng: np.random.Generator) -> Floats:
    """Log-mel bands [N, 49, 40] with a frequency axis of random length."""
    return log_mel(clips, WARPS[rng.integers(len(WARPS), size=len(clips))])


def vary(
    clips: Floats,
    labels: NDArray[np.int64],
    recorded: Floats,
    noisy: float,
    rng: np.random.Generator,
    silence: int = SILENCE,
    bands: Callable[[Floats, np.random.Generator], Floats] = warped_log_mel,
) -> Floats:
    """One variant of each clip, as log-mel bands [N, frames, 40], which ``bands`` makes.

    Speech is moved, gets background at 6 to 40 dB with probability ``noisy``, and a warped
    frequency axis. Clips of silence are replaced by background.
    """
    parts = []
    for start in range(0, len(clips), CHUNK):
        chunk = move(clips[start : start + CHUNK], rng)
        silent = labels[start : start + CHUNK] == silence
        chosen = np.flatnonzero((rng.random(len(chunk)) < noisy) & ~silent)
        if len(chosen):
            level = 10.0 ** (-rng.uniform(6.0, 40.0, (len(chosen), 1)) / 20.0)
            loudness = chunk[chosen].std(axis=1, keepdims=True) * level
            chunk[chosen] += background(len(chosen), recorded, rng) * loudness
        if silent.any():
            chunk[silent] = background(int(silent.sum()), recorded, rng)
        parts.append(bands(chunk.astype(np.float32), rng))
    return np.concatenate(parts)


def mask(bands: Floats, rng: np.random.Generator) -> Floats:
    """Change the tone of each clip [N, frames, 40] and hide narrow stripes of bands and of frames."""
    count, frames, _ = bands.shape
    band, frame = np.arange(BANDS), np.arange(frames)
    curves = np.stack([band / 20 - 1, np.cos(band * np.pi / 20), np.cos(band * np.pi * 3 / 40)]).astype(np.float32)
    tone = rng.uniform(-TILT, TILT, (count, 3)).astype(np.float32) @ curves
    bands = bands + tone[:, None]
    mean = bands.mean(axis=(1, 2), keepdims=True)
    for _ in range(2):
        width = rng.uniform(0, MASKED_BANDS, (count, 1))
        start = rng.uniform(0, 1, (count, 1)) * (BANDS - width)
        hidden = (band >= start) & (band < start + width)
        bands = np.where(hidden[:, None], mean, bands)
        width = rng.uniform(0, MASKED_FRAMES, (count, 1))
        start = rng.uniform(0, 1, (count, 1)) * (frames - width)
        hidden = (frame >= start) & (frame < start + width)
        bands = np.where(hidden[:, :, None], mean, bands)
    return bands


def splice(first: Floats, second: Floats, rng: np.random.Generator) -> Floats:
    """Words that do not exist: the start of one clip and the end of another, or, four times in ten, that turned round
    in time."""
    cut = int(rng.integers(18, 31))
    words = np.concatenate([first[:, :cut], second[:, cut:]], axis=1)
    turned = rng.random(len(words)) < 0.4
    words[turned] = words[turned, ::-1]
    return words


def make_up_words(
    bands: Floats, labels: NDArray[np.int64], share: float, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Replace a share of the clips by words that do not exist, labelled unknown.

    They are those of ``splice``, where the two clips are speech of different classes.
    """
    bands, labels = bands.copy(), labels.copy()
    count = int(share * len(labels))
    first = rng.choice(len(labels), count, replace=False)
    second = rng.permutation(len(labels))[:count]
    words = splice(bands[first], bands[second], rng)
    usable = (labels[first] != labels[second]) & (labels[first] != SILENCE) & (labels[second] != SILENCE)
    bands[first[usable]] = words[usable]
    labels[first[usable]] = UNKNOWN
    return bands, labels
