"""TensorFlow Lite's integer reference kernels of one int8 operand, as the 256 bytes they map the inputs to.

Each function takes the quantization of input and output and the operator's parameters and returns int8 [256], entry
x + 128. Formulas from TensorFlow Lite's kernels (activations.cc, elementwise.cc, hard_swish.h, leaky_relu.h,
requantize.h); `through_float` makes those that TensorFlow Lite itself evaluates in float32 for every byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgeq.ir.graph import Quantization
from edgeq.ops import fixed_point, gemmlowp

X = np.arange(-128, 128, dtype=np.int64)
Parameters = Mapping[str, Any]
Table = Callable[[Quantization, Quantization, Parameters], np.ndarray]
Real = Callable[[np.ndarray, Parameters], np.ndarray]
#: exponents beyond it leave float32 for all but the inputs next to 1
LARGEST_EXPONENT = 64


def multiplier(scale: float) -> tuple[int, int]:
    """(multiplier, exponent) of TensorFlow Lite's QuantizeMultiplier."""
    m, s = fixed_point.tflite_multiplier(np.array([scale]))
    return int(m[0]), int(s[0])


def int8s(values: np.ndarray, low: int = -128, high: int = 127) -> np.ndarray:
    return np.clip(values, low, high).astype(np.int8)


def through_float(function: Real) -> Table:
    """PopulateLookupTable: float32 throughout, rounded half away from zero."""

    def table(source: Quantization, target: Quantization, parameters: Parameters) -> np.ndarray:
        scale, inverse = np.float32(source.scale[0]), np.float32(1) / np.float32(target.scale[0])
        real = scale * (X - source.zero_point).astype(np.float32)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            steps = np.float32(function(real, parameters)) * inverse
        steps = np.nan_to_num(steps, nan=0.0, posinf=1e9, neginf=-1e9)
        rounded = fixed_point.half_away(steps)
        return int8s(rounded + target.zero_point)

    return table


def requantized(source: Quantization, target: Quantization, parameters: Parameters) -> np.ndarray:
    """QUANTIZE from int8 to int8."""
    m, s = multiplier(source.scale[0] / target.scale[0])
    return int8s(gemmlowp.multiply(X - source.zero_point, m, s) + target.zero_point)


def clamped(source: Quantization, target: Quantization, parameters: Parameters) -> np.ndarray:
    """RELU and its kin with their own output scale: rescaled, then limited to `min` and `max`."""
    m, s = multiplier(fixed_point.float32_quotient(source.scale[0], divisor=target.scale[0]))
    bounds = (parameters["min"], parameters["max"])
    low, high = fixed_point.integer_bounds(bounds, float(target.scale[0]), target.zero_point, "int8")
    return int8s(gemmlowp.multiply(X - source.zero_point, m, s) + target.zero_point, low, high)


def leaky_relu(source: Quantization, target: Quantization, parameters: Parameters) -> np.ndarray:
    scale, divisor = source.scale[0], target.scale[0]
    centred = X - source.zero_point
    positive = gemmlowp.multiply(centred, *multiplier(fixed_point.float32_quotient(scale, divisor=divisor)))
    slope = fixed_point.float32_quotient(scale, abs(parameters["alpha"]), divisor=divisor)
    m, s = multiplier(slope) if slope else (0, 0)
    negative = gemmlowp.multiply(centred, m, s) * (-1 if parameters["alpha"] < 0 else 1)
    return int8s(np.where(centred >= 0, positive, negative) + target.zero_point)


def hard_swish(source: Quantization, target: Quantization, parameters: Parameters) -> np.ndarray:
    """int16 arithmetic with 7 more bits; reluish = clamp(x / 3 / 2 + 1/2) in Q15."""
    hires_input, hires_output = source.scale[0] / 128.0, target.scale[0]
    out_m, out_s = multiplier(hires_input / hires_output)
    relu_m, relu_s = multiplier(hires_input / (3.0 / 32768.0))
    out_m16, relu_m16 = (min(32767, (m + (1 << 15)) >> 16) for m in (out_m, relu_m))
    hires = (X - source.zero_point) << 7
    on_output = _srdhm16(hires, out_m16)
    reluish = hires
    if relu_s > 0:
        reluish = np.clip(reluish << (relu_s - 1), -32768, 32767)
    reluish = _srdhm16(reluish, relu_m16)
    if relu_s > 0:
        reluish = np.clip(reluish << 1, -32768, 32767)
    if relu_s < 0:
        reluish = gemmlowp.rdbpot(reluish, -relu_s)
    reluish = (reluish + (1 << 15)) >> 1
    product = np.clip(np.trunc(reluish * on_output / (1 << 15)), -32768, 32767).astype(np.int64)
    return int8s(gemmlowp.rdbpot(product, -out_s) + target.zero_point)


def _srdhm16(a: np.ndarray, b: int) -> np.ndarray:
    product = a * b
    nudge = np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return np.clip(np.trunc((product + nudge) / (1 << 15)), -32768, 32767).astype(np.int64)


def absolute(source: Quantization, target: Quantization, parameters: Parameters) -> np.ndarray:
    centred = np.abs(X - source.zero_point)
    if source.scale[0] == target.scale[0]:
        return int8s(centred + target.zero_point)
    ratio = fixed_point.float32_quotient(source.scale[0], divisor=target.scale[0])
    return int8s(gemmlowp.multiply(centred, *multiplier(ratio)) + target.zero_point)


def rsqrt(source: Quantization, target: Quantization, parameters: Parameters) -> np.ndarray:
    """1 / sqrt(x) of non-negative inputs; the largest output for 0, which has no inverse."""
    spare = 20
    m, s = multiplier(1.0 / (np.sqrt(source.scale[0]) * target.scale[0]))
    values = []
    for centred in X - source.zero_point:
        if centred <= 0:
            values.append(127)
            continue
        inverse, exponent = gemmlowp.inverse_sqrt(int(centred))
        data = gemmlowp.multiply(np.int64(1), inverse, exponent + spare)
        values.append(int(gemmlowp.multiply(data, m, s - spare)) + target.zero_point)
    return int8s(np.array(values))


def sigmoid(x: np.ndarray, parameters: Parameters) -> np.ndarray:
    return np.float32(1) / (np.float32(1) + np.exp(-x))
