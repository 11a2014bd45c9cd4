"""The front end in floating point, in numpy; edgeq/torch_operators.py has the same for torch."""

from __future__ import annotations

import numpy as np

from edgeq.audio.front_end import FrontEnd


def features(front_end: FrontEnd, x: np.ndarray, warp: float = 1.0) -> np.ndarray:
    """float [recordings, samples], full scale 1 -> float64 [recordings, frames, features]. `warp` stretches frequencies
    (vocal tract length, for training)."""
    x = np.pad(np.asarray(x, np.float64), ((0, 0), (front_end.before, 0)))
    emphasized = x - front_end.preemphasis * np.pad(x, ((0, 0), (1, 0)))[:, :-1]
    chosen = np.arange(front_end.frames(x.shape[1] - front_end.before))[:, None] * front_end.step + np.arange(
        front_end.frame
    )
    bins = np.abs(np.fft.rfft(emphasized[:, chosen] * front_end.window_values(), front_end.fft))
    values = bins**2 if front_end.spectrum == "power" else bins
    logs = np.log(values @ front_end.triangles(warp).T + front_end.floor)
    return (logs @ front_end.transform().T - front_end.mean_values()) / front_end.std_values()
