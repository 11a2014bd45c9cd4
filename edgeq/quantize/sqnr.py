"""Signal-to-quantization-noise ratio per layer: 10 log10(sum of squares of the float activation / of its error)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeq import reference
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, dequantize, quantize_inputs

#: samples that the ratio is taken over
SAMPLES = 32
EXACT_DB = 200.0


def sqnr_db(float_graph: Graph, integer_graph: Graph, samples: Samples) -> dict[str, float]:
    """Activation name -> dB over the first samples; infinite (an exact layer) is given as 200."""
    subset = samples.portion(SAMPLES, float_graph)
    signal: dict[str, list[np.ndarray]] = {}  # by batch
    power: dict[str, float] = {}
    noise: dict[str, float] = {}

    def remember(name: str, values: np.ndarray) -> None:
        signal.setdefault(name, []).append(values)

    def compare(name: str, values: np.ndarray) -> None:
        if name in signal:
            tensor, real = integer_graph.tensor(name), signal[name].pop(0)
            error = real - dequantize(values, tensor.scale, tensor.zero_point)
            noise[name] = noise.get(name, 0.0) + float(np.square(error, dtype=np.float64).sum())
            power[name] = power.get(name, 0.0) + float(np.square(real, dtype=np.float64).sum())

    reference.run(float_graph, subset.inputs, watch=remember)
    inputs: Mapping[str, np.ndarray] = quantize_inputs(integer_graph, subset)
    reference.run(integer_graph, inputs, watch=compare)
    return {name: _decibels(power[name], noise[name]) for name in power}


def _decibels(power: float, noise: float) -> float:
    return EXACT_DB if noise == 0.0 else min(EXACT_DB, 10.0 * float(np.log10(max(power, 1e-300) / noise)))
