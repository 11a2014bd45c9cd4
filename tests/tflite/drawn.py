"""What the drawn operators share: a case, scales, zero points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from tests.tflite.writer import Network


@dataclass(frozen=True)
class Case:
    """What it is, for messages, and how it is added to a network."""

    text: str
    add: Callable[[Network, np.random.Generator], None]


ACTIVATION_NUMBERS = (0, 0, 1, 2, 3)


@st.composite
def scales(draw: st.DrawFn) -> float:
    """Scales as trained networks have them: 2^-9 to 2^-2."""
    return float(np.float32(2.0 ** draw(st.floats(-9, -2))))


def zero_points() -> st.SearchStrategy[int]:
    return st.sampled_from((-128, 0, 3, 127)) | st.integers(-128, 127)
