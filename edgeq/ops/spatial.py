"""Geometry of windowed operators and the window extraction their references share (channels-last)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class RowReach:
    """Output row y reads the input rows y*stride - pad_top .. y*stride - pad_top + span - 1 that exist."""

    span: int
    stride: int
    pad_top: int


#: every output row reads the input's row of the same number
SAME_ROW = RowReach(1, 1, 0)


@dataclass(frozen=True)
class Window:
    """Kernel, stride, dilation as (h, w); padding as (top, bottom, left, right)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    dilation: tuple[int, int] = (1, 1)

    @staticmethod
    def of(attributes: Mapping[str, Any]) -> Window:
        return Window(
            attributes["kernel"], attributes["stride"], attributes["padding"], attributes.get("dilation", (1, 1))
        )

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """(out_h, out_w); zero or negative when the window doesn't fit."""
        top, bottom, left, right = self.padding
        span_h = (self.kernel[0] - 1) * self.dilation[0] + 1
        span_w = (self.kernel[1] - 1) * self.dilation[1] + 1
        return (
            (height + top + bottom - span_h) // self.stride[0] + 1,
            (width + left + right - span_w) // self.stride[1] + 1,
        )

    def row_reach(self) -> RowReach:
        return RowReach((self.kernel[0] - 1) * self.dilation[0] + 1, self.stride[0], self.padding[0])

    def fields(self) -> dict[str, int]:
        """Its integers in C records."""
        return {
            "kernel_h": self.kernel[0],
            "kernel_w": self.kernel[1],
            "stride_h": self.stride[0],
            "stride_w": self.stride[1],
            "pad_top": self.padding[0],
            "pad_left": self.padding[2],
            "dilation_h": self.dilation[0],
            "dilation_w": self.dilation[1],
        }

    def is_pointwise(self) -> bool:
        return self.kernel == (1, 1) and self.stride == (1, 1) and self.padding == (0, 0, 0, 0)


def same_padding(size: tuple[int, int], window: Window) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of TensorFlow's SAME padding: outputs = ceil(size / stride), the odd pixel behind."""
    sides: list[int] = []
    for length, kernel, stride, dilation in zip(size, window.kernel, window.stride, window.dilation, strict=True):
        total = max(0, (-(-length // stride) - 1) * stride + (kernel - 1) * dilation + 1 - length)
        sides += [total // 2, total - total // 2]
    return (sides[0], sides[1], sides[2], sides[3])


def ceil_padding(size: tuple[int, int], window: Window) -> tuple[int, int, int, int]:
    """The window's padding, enlarged behind so that the output size is rounded up; a window that would begin in the
    padding behind is left out (pools with ceil_mode)."""
    sides: list[int] = []
    padding = (window.padding[:2], window.padding[2:])
    for length, kernel, stride, dilation, (before, behind) in zip(
        size, window.kernel, window.stride, window.dilation, padding, strict=True
    ):
        span = (kernel - 1) * dilation + 1
        outputs = -(-(length + before + behind - span) // stride) + 1
        if (outputs - 1) * stride >= length + before:
            outputs -= 1
        sides += [before, max(behind, (outputs - 1) * stride + span - length - before)]
    return (sides[0], sides[1], sides[2], sides[3])


def windows(x: np.ndarray, window: Window, fill: float | int) -> np.ndarray:
    """View of shape [N, out_h, out_w, kernel_h, kernel_w, C] over x [N, H, W, C] padded with `fill`."""
    top, bottom, left, right = window.padding
    if any(window.padding):
        x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    out_h, out_w = window.output_size(x.shape[1] - top - bottom, x.shape[2] - left - right)
    n_stride, h_stride, w_stride, c_stride = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (x.shape[0], out_h, out_w, *window.kernel, x.shape[3]),
        (
            n_stride,
            h_stride * window.stride[0],
            w_stride * window.stride[1],
            h_stride * window.dilation[0],
            w_stride * window.dilation[1],
            c_stride,
        ),
        writeable=False,
    )


def exact_matmul(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Integer product x [rows, K] @ weights [K, O] as int64, through the fastest floating type that is exact.

    |x| <= 255 after the zero point (32768 for int16), so partial sums stay below 2^24 (float32) or 2^53 (float64).
    """
    bound = (255.0 if x.dtype == np.int16 else 32768.0) * np.abs(weights.astype(np.float64)).sum(axis=0).max(
        initial=0.0
    )
    dtype = np.float32 if bound < 2**24 else np.float64
    return np.matmul(x.astype(dtype), weights.astype(dtype)).astype(np.int64)


#: of a resized axis, per output index: (lower index, upper index, share of the upper)
Places = tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]


def between(source: np.ndarray, length: int) -> Places:
    """The neighbours of the places `source` (>= 0, in input pixels) and how far towards the second they lie."""
    lower = np.minimum(np.floor(source).astype(int), length - 1)
    upper = np.minimum(lower + 1, length - 1)
    share = np.where(upper > lower, source - lower, 0.0)
    return (whole_numbers(lower), whole_numbers(upper), tuple(float(value) for value in share))


def whole_numbers(values: np.ndarray) -> tuple[int, ...]:
    """Array -> ints."""
    return tuple(int(value) for value in values)
