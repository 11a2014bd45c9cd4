"""Ranges -> scales and zero points of int8 activations."""

from __future__ import annotations

from edgeq.ir.graph import Quantization
from edgeq.quantize.observe import Range


def affine(value_range: Range) -> Quantization:
    """int8 quantization that covers the range and represents 0 exactly; an empty range gets scale 1."""
    low, high = min(value_range[0], 0.0), max(value_range[1], 0.0)
    scale = (high - low) / 255.0
    if scale < 1e-12:
        return Quantization.per_tensor(1.0, 0)
    zero_point = round(-128 - low / scale)
    return Quantization.per_tensor(scale, max(-128, min(127, zero_point)))
