"""What a front end computes, in one record that goes with the model: training, calibration and the firmware read it.

A recording x, in units of full scale, with `before` samples of silence before it, becomes frames of `frame` samples
every `step`. With frame - step of them a frame ends with every step from the first on, as it does in a stream. Of each
frame

    y[n] = x[n] - preemphasis x[n - 1]          (the sample before the recording is 0)
    X[k] = sum_n w[n] y[n] exp(-2 pi i k n / fft)
    m[b] = sum_k M[b, k] |X[k]|^2  (spectrum "power") or |X[k]| ("magnitude")
    l[b] = ln(m[b] + floor)
    c[j] = sqrt(2 / bands) sum_b l[b] cos(pi j (b + 1/2) / bands)    (coefficients 0: l itself)
    f[j] = (c[j] - mean[j]) / std[j]

with a periodic Hann or Hamming window w and triangles M of height 1 that are linear on the mel scale of HTK,
2595 log10(1 + f / 700), between `low_hz` and `high_hz` (S. Young et al., The HTK Book, section 5.4; the DCT is its 5.6
without liftering).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from edgeq.errors import EdgeqError

WINDOWS = ("hann", "hamming")
SPECTRA = ("power", "magnitude")
#: samples a second, frame and FFT lengths, bands that the integer form takes
RATES, FFTS, BANDS = (8000, 48000), (32, 2048), (2, 128)


@dataclass(frozen=True)
class FrontEnd:
    """Parameters of a front end; `mean` and `std` hold one number a feature, or nothing for 0 and 1. Raises EdgeqError
    for what can't be computed."""

    rate: int = 16000
    frame: int = 480
    step: int = 320
    fft: int = 512
    preemphasis: float = 0.0
    window: str = "hann"
    spectrum: str = "power"
    bands: int = 40
    low_hz: float = 20.0
    high_hz: float = 4000.0
    floor: float = 1e-6
    coefficients: int = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    before: int = 0

    def __post_init__(self) -> None:
        size = self.features
        checks = {
            f"rate {self.rate}": RATES[0] <= self.rate <= RATES[1],
            f"fft {self.fft}": FFTS[0] <= self.fft <= FFTS[1] and self.fft & (self.fft - 1) == 0,
            f"frame {self.frame}": 2 <= self.frame <= self.fft,
            f"step {self.step}": self.step >= 1,
            f"before {self.before}": 0 <= self.before < self.frame,
            f"preemphasis {self.preemphasis}": 0.0 <= self.preemphasis < 1.0,
            f"window {self.window}": self.window in WINDOWS,
            f"spectrum {self.spectrum}": self.spectrum in SPECTRA,
            f"bands {self.bands}": BANDS[0] <= self.bands <= BANDS[1],
            f"low_hz {self.low_hz}, high_hz {self.high_hz}": 0.0 <= self.low_hz < self.high_hz <= self.rate / 2,
            f"floor {self.floor}": 0.0 < self.floor <= 1.0,
            f"coefficients {self.coefficients}": 0 <= self.coefficients <= self.bands,
            f"mean of {len(self.mean)} numbers": len(self.mean) in (0, size),
            f"std of {len(self.std)} numbers": len(self.std) in (0, size) and all(value > 0.0 for value in self.std),
        }
        for what, holds in checks.items():
            if not holds:
                raise EdgeqError(f"front end: {what} is not possible with {size} features at {self.rate} Hz")
        if (self.triangles().sum(axis=1) == 0.0).any():
            raise EdgeqError(
                f"front end: {self.bands} bands from {self.low_hz:g} to {self.high_hz:g} Hz leave one without a bin "
                f"of an FFT of {self.fft}; take fewer bands or a longer FFT"
            )

    @property
    def features(self) -> int:
        """Numbers a frame."""
        return self.coefficients or self.bands

    def frames(self, samples: int) -> int:
        """How many whole frames a recording has."""
        return max(0, (samples + self.before - self.frame) // self.step + 1)

    @property
    def streams(self) -> bool:
        """Whether frames of a whole recording are those of a stream."""
        return self.step <= self.frame and self.before == self.frame - self.step

    def window_values(self) -> np.ndarray:
        """float64 [frame]."""
        share = 0.5 if self.window == "hann" else 0.54
        return share - (1.0 - share) * np.cos(2.0 * np.pi * np.arange(self.frame) / self.frame)

    def positions(self, warp: float = 1.0) -> np.ndarray:
        """Where the bins of the FFT lie between the corners of the triangles, float64 [fft / 2 + 1]: band b rises
        from b to b + 1 and falls to b + 2. `warp` stretches frequencies (vocal tract length, for training)."""

        def mel(hertz: Any) -> Any:
            return 2595.0 * np.log10(1.0 + np.asarray(hertz) / 700.0)

        bins = mel(np.arange(self.fft // 2 + 1) * self.rate / self.fft * warp)
        low, high = mel(self.low_hz), mel(self.high_hz)
        return (bins - low) / (high - low) * (self.bands + 1)

    def triangles(self, warp: float = 1.0) -> np.ndarray:
        """M, float64 [bands, fft / 2 + 1]."""
        distance = np.abs(self.positions(warp) - (np.arange(self.bands)[:, None] + 1.0))
        return np.maximum(0.0, 1.0 - distance)

    def transform(self) -> np.ndarray:
        """float64 [features, bands]: the DCT, or the identity."""
        if self.coefficients == 0:
            return np.eye(self.bands)
        angle = np.pi * np.arange(self.coefficients)[:, None] * (np.arange(self.bands) + 0.5) / self.bands
        return np.sqrt(2.0 / self.bands) * np.cos(angle)

    def mean_values(self) -> np.ndarray:
        """float64 [features]."""
        return np.array(self.mean or [0.0] * self.features)

    def std_values(self) -> np.ndarray:
        """float64 [features]."""
        return np.array(self.std or [1.0] * self.features)

    def as_json(self) -> str:
        """The text that goes into a model file."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> FrontEnd:
        """Raises EdgeqError for text that is no front end."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise EdgeqError(f"front end: its record is not valid JSON ({error})") from error
        return FrontEnd.from_mapping(data)

    @staticmethod
    def from_mapping(data: Any) -> FrontEnd:
        """Raises EdgeqError for unknown keys and values of another type."""
        known = {field.name: getattr(FrontEnd, field.name) for field in fields(FrontEnd)}
        if not isinstance(data, Mapping):
            raise EdgeqError(f"front end: must be an object with keys like {', '.join(list(known)[:4])}")
        values = {}
        for key, value in data.items():
            if key not in known:
                raise EdgeqError(f"front end: unknown key {key!r}; it has {', '.join(known)}")
            values[key] = _of_type(key, value, known[key])
        return FrontEnd(**values)


def _of_type(key: str, value: Any, example: Any) -> Any:
    """`value` in the type of `example`."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
    if isinstance(example, tuple):
        if isinstance(value, list | tuple) and all(isinstance(item, int | float) for item in value):
            return tuple(float(item) for item in value)
    elif isinstance(example, int):
        if number and int(value) == value:
            return int(value)
    elif isinstance(example, float):
        if number:
            return float(value)
    elif isinstance(value, str):
        return value
    raise EdgeqError(f"front end: {key} {value!r} must be like {example!r}")
