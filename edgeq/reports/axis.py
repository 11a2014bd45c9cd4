"""Axes of the pictures in report.html."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """`at` maps a value to its coordinate; `ticks` are round values with their coordinates and texts."""

    at: Callable[[float], float]
    ticks: list[dict[str, float | str]]

    @staticmethod
    def of(values: Sequence[float], start: float, end: float, count: int) -> Axis:
        """From a little before the least value, at the coordinate `start`, to a little beyond the largest; at most
        about `count` ticks."""
        low, high = min(values), max(values)
        constant = high - low <= 1e-9 * max(abs(low), abs(high))  # but for the last bits of what was computed
        margin = 1.0 if constant else 0.05 * (high - low)
        low, high = low - margin, high + margin
        sizes = (size * 10.0**power for power in range(-6, 10) for size in (1, 2, 5))
        step = min(size for size in sizes if size * count >= high - low)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))

        def at(value: float) -> float:
            return round(start + (end - start) * (value - low) / (high - low), 1)

        round_values = [step * tick for tick in range(math.ceil(low / step), math.floor(high / step) + 1)]
        return Axis(at, [{"at": at(value), "text": f"{value:,.{digits}f}"} for value in round_values])
