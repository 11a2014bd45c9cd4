"""Activation ranges from calibration data: min-max, percentile, least squared error, and least divergence (kl.py).

Two runs of the float graph: the first finds every activation's extremes, the second a histogram between them; an
observer turns the histogram into the range (low, high) that an integer type is to cover.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from edgeq import ops, reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.quantize.kl import least_divergence

BINS = 2048
#: integers of a type
LEVELS = {"int8": 1 << 8, "int16": 1 << 16}

Range = tuple[float, float]


@dataclass
class Histogram:
    """Counts of an activation's values in BINS equal bins between its extremes."""

    low: float = np.inf
    high: float = -np.inf
    counts: np.ndarray = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def widen(self, values: np.ndarray) -> None:
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))

    def count(self, values: np.ndarray) -> None:
        width = (self.high - self.low) or 1.0
        index = ((values.reshape(-1) - self.low) * (BINS / width)).astype(np.int32)
        self.counts += np.bincount(np.clip(index, 0, BINS - 1), minlength=BINS)

    def centres(self) -> np.ndarray:
        return self.low + (np.arange(BINS) + 0.5) * (self.high - self.low) / BINS


def minmax(histogram: Histogram, percentile: float, levels: int) -> Range:
    """The extremes themselves."""
    return histogram.low, histogram.high


def percentile_range(histogram: Histogram, percentile: float, levels: int) -> Range:
    """Leaves out (100 - percentile) % of the values, half on either side; a low end of 0 (relu) is kept."""
    total = histogram.counts.sum()
    cut = total * (100.0 - percentile) / 200.0
    cumulative = np.cumsum(histogram.counts)
    edges = np.linspace(histogram.low, histogram.high, BINS + 1)
    low = edges[int(np.searchsorted(cumulative, cut, side="right"))]
    high = edges[min(int(np.searchsorted(cumulative, total - cut)) + 1, BINS)]
    return (histogram.low if histogram.low >= 0 else float(low)), float(high)


def least_squares(histogram: Histogram, percentile: float, levels: int) -> Range:
    """The range, shrunk from the extremes in 100 steps, whose grid of `levels` steps has the least mean squared error.

    Clipped values count with their distance to the range's end, the others with the quantization noise of the grid
    applied to the bin centres, plus step^2 / 12 within a bin's width.
    """
    centres = histogram.centres()
    best, best_error = (histogram.low, histogram.high), np.inf
    for share in np.linspace(1.0, 0.2, 100):
        low, high = min(histogram.low * share, 0.0), max(histogram.high * share, 0.0)
        step = (high - low) / (levels - 1) or 1.0
        clipped = np.clip(centres, low, high) - centres
        error = float((histogram.counts * np.where(clipped == 0.0, step**2 / 12.0, clipped**2)).sum())
        if error < best_error:
            best, best_error = (low, high), error
    return best


OBSERVERS: Mapping[str, Callable[[Histogram, float, int], Range]] = {
    "minmax": minmax,
    "percentile": percentile_range,
    "mse": least_squares,
    "kl": least_divergence,
}


def unprescribed(graph: Graph) -> list[str]:
    """Activations whose quantization neither a file nor their operator prescribes, so that calibration has to find
    their ranges."""
    free = list(graph.given)
    for node in graph.nodes:
        operator = ops.get(node.op)
        if operator.requantizes_to_any_scale() and operator.fixed_output(node, "int8") is None:
            free += node.outputs
    return [name for name in free if graph.tensor(name).quantization is None]


@dataclass(frozen=True)
class Choice:
    """How the range of an activation is chosen: the observer, its parameter, and the type that is to cover it."""

    observer: str = "minmax"
    percentile: float = 100.0
    dtype: str = "int8"


def histograms(graph: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, Histogram]:
    """Activation, or value inside a node, -> histogram, from calibration inputs in stored layout.

    Raises EdgeqError when an activation is not finite.
    """
    inner = {name for node in graph.nodes for name in reference.inner_values(graph, node)}
    activations = [name for name, tensor in graph.tensors.items() if not tensor.is_constant]
    found = {name: Histogram() for name in (*activations, *sorted(inner))}

    def widen(name: str, values: np.ndarray) -> None:
        if not np.all(np.isfinite(values)):
            raise EdgeqError(f"activation {name}: NaN or infinity on the calibration data; check the model's weights")
        found[name].widen(values)

    reference.run(graph, inputs, watch=widen)
    reference.run(graph, inputs, watch=lambda name, values: found[name].count(values))
    return found


def extremes(found: Mapping[str, Histogram]) -> dict[str, Range]:
    """The least and the greatest value of every histogram."""
    return {name: (histogram.low, histogram.high) for name, histogram in found.items()}


def chosen_range(histogram: Histogram, choice: Choice) -> Range:
    """The range that the chosen observer makes of a histogram."""
    return OBSERVERS[choice.observer](histogram, choice.percentile, LEVELS[choice.dtype])
