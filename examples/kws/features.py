"""The audio front end of the keyword model (numpy only).

It is the front end of MLPerf Tiny: a clip of one second at 16 kHz is divided by its maximum; 49
frames of 30 ms every 20 ms get a periodic Hann window and a 512-point FFT; the magnitudes go
through 40 mel bands from 20 to 4000 Hz, a logarithm and a DCT, of which the first ten coefficients
stay. Last, each coefficient is normalised with the constants MEAN and STD below.

Training, calibration and the demo all use this module, so there is one place to change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

RATE = 16000
SAMPLES = 16000
FRAME = 480
STEP = 320
FFT = 512
FRAMES = 49
BANDS = 40
COEFFICIENTS = 10
LOWEST_HZ = 20.0
HIGHEST_HZ = 4000.0

# Mean and standard deviation of each MFCC coefficient over the training speakers' clips
# (`python train_dscnn.py --data ... --statistics` prints them).
MEAN = np.array([-15.239, 1.675, 0.072, -0.447, -0.354, -0.204, -0.232, -0.194, -0.341, -0.341], np.float32)
STD = np.array([22.762, 3.909, 2.595, 2.029, 1.738, 1.334, 1.203, 1.051, 1.012, 0.920], np.float32)


def fit_length(clip: ArrayLike) -> Floats:
    """int16 samples of any length -> float32 [16000] in [-1, 1), cut or centred in zeros."""
    samples = np.asarray(clip, np.int16)[:SAMPLES].astype(np.float32) / 32768.0
    before = (SAMPLES - len(samples)) // 2
    return np.pad(samples, (before, SAMPLES - len(samples) - before))


def mel_weights(warp: float = 1.0) -> Floats:
    """[257, 40] triangular HTK mel filters, linear in mel, no weight on the DC bin.

    ``warp`` stretches the frequency axis (vocal tract length perturbation, for training).
    """

    def mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    bins = mel(np.linspace(0.0, RATE / 2, FFT // 2 + 1) * warp)[:, None]
    edges = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0
    return weights.astype(np.float32)


def dct_weights() -> Floats:
    """[40, 10] DCT-II matrix scaled by sqrt(2 / 40)."""
    band = np.arange(BANDS)[:, None] + 0.5
    angle = np.pi * band * np.arange(COEFFICIENTS) / BANDS
    return (np.cos(angle) * np.sqrt(2.0 / BANDS)).astype(np.float32)


WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
MEL = mel_weights()
DCT = dct_weights()


def magnitudes(clips: Floats) -> Floats:
    """float32 [N, 16000] -> FFT magnitudes [N, 49, 257]."""
    peak = np.maximum(clips.max(axis=1, keepdims=True), 1e-6)
    windows = np.lib.stride_tricks.sliding_window_view(clips / peak, FRAME, axis=1)
    frames = windows[:, ::STEP] * WINDOW
    return np.abs(np.fft.rfft(frames, FFT)).astype(np.float32)


def log_mel(clips: Floats, weights: Floats = MEL) -> Floats:
    """float32 [N, 16000] -> natural logarithm of the mel bands [N, 49, 40]."""
    return np.log(magnitudes(clips) @ weights + np.float32(1e-6))


def from_log_mel(bands: Floats) -> Floats:
    """Log-mel bands [N, 49, 40] -> the network's input [N, 1, 49, 10]."""
    return ((bands @ DCT - MEAN) / STD)[:, None]


def features(clips: Floats) -> Floats:
    """float32 clips [N, 16000] -> the network's input, float32 [N, 1, 49, 10]."""
    parts = [from_log_mel(log_mel(clips[i : i + 256])) for i in range(0, len(clips), 256)]
    return np.concatenate(parts).astype(np.float32)
