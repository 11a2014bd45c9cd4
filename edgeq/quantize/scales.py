"""Ranges -> scales and zero points of activations."""

from __future__ import annotations

import numpy as np

from edgeq.ir.graph import Quantization
from edgeq.ops.float_types import FLOATS, quantization
from edgeq.quantize.observe import Range


def spanning(value_range: Range, dtype: str) -> Quantization:
    """The quantization of an activation of that type over its range."""
    if dtype in FLOATS:
        return quantization(dtype)
    return affine(value_range) if dtype == "int8" else symmetric(value_range)


def symmetric(value_range: Range) -> Quantization:
    """int16 quantization with zero point 0 that covers the range; an empty range gets scale 1."""
    scale = max(abs(value_range[0]), abs(value_range[1])) / 32767.0
    return Quantization(np.array([scale if scale >= 1e-12 else 1.0]), 0, None, "int16")


def affine(value_range: Range) -> Quantization:
    """int8 quantization that covers the range and represents 0 exactly; an empty range gets scale 1."""
    low, high = min(value_range[0], 0.0), max(value_range[1], 0.0)
    scale = (high - low) / 255.0
    if scale < 1e-12:
        return Quantization.per_tensor(1.0, 0)
    zero_point = round(-128 - low / scale)
    return Quantization.per_tensor(scale, max(-128, min(127, zero_point)))
