"""How close the integer features that a firmware computes are to the formula in floating point that a network was
trained with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgeq.audio import floats, integer
from edgeq.audio.front_end import FrontEnd
from edgeq.audio.tables import Tables

#: a larger share of features at an end of their range says that recordings are not like those of the calibration
MOST_LIMITED = 0.05
EXACT_DB = 200.0


@dataclass(frozen=True)
class Closeness:
    """The largest difference within the range of the integers, as a real number and in steps of their scale; the
    signal-to-noise ratio; the share of features that lie at or beyond an end of that range."""

    largest: float
    steps: float
    sqnr_db: float
    limited: float

    @property
    def out_of_range(self) -> bool:
        return self.limited > MOST_LIMITED

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "out_of_range": self.out_of_range}


def closeness(own: FrontEnd, made: Tables, scale: float, zero_point: int, pcm: np.ndarray) -> Closeness:
    """Of int16 recordings [recordings, samples]; features are stored with that scale and zero point."""
    low, high = ((limit - zero_point) * scale for limit in made.limits)
    formula = floats.features(own, pcm / 32768.0)
    wanted = np.clip(formula, low, high)
    found = (integer.features(own, made, pcm) - zero_point) * scale
    error = np.abs(found - wanted)
    noise, power = float(np.square(error).sum()), float(np.square(wanted).sum())
    sqnr = EXACT_DB if noise == 0.0 else 10.0 * float(np.log10(max(power, 1e-300) / noise))
    limited = float(((formula <= low) | (formula >= high)).mean())
    largest = float(error.max())
    return Closeness(largest, round(largest / scale, 3), round(sqnr, 2), round(limited, 6))
