"""Functions of one int16 operand, as TensorFlow Lite's reference kernels have them: a curve (ops/curve.py) or two
straight lines (ops/rescale.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Node
from edgeq.ops import curve, expf, fixed_point, rescale

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

Real = Callable[[np.ndarray, Mapping[str, Any]], np.ndarray]
Form = Callable[["Converter", Node], None]


def _requantize(converter: Converter, node: Node) -> None:
    ratio = converter.quantized(node.inputs[0]).scale / converter.quantized_output(node).scale
    rescale.quantize(converter, node, ratio, ratio)


def _absolute(converter: Converter, node: Node) -> None:
    """Its slope is a quotient of float32."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    ratio = fixed_point.float32_quotient(x.scale, divisor=output.scale)
    rescale.quantize(converter, node, ratio, ratio, fold=True)


def _leaky_relu(converter: Converter, node: Node) -> None:
    """Its slopes are products and quotients of float32."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    identity = fixed_point.float32_quotient(x.scale, divisor=output.scale)
    below = fixed_point.float32_quotient(x.scale, node.attributes["alpha"], divisor=output.scale)
    rescale.quantize(converter, node, identity, below)


def _exp(converter: Converter, node: Node) -> None:
    """exp through a table over the whole range of the input, in float32, rounded as C's expf rounds. Raises EdgeqError
    where neighbours in the table are too far apart for TensorFlow Lite, which keeps the difference in int16."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    low, high = (float(np.float32(x.scale) * np.float32(end - x.zero_point)) for end in (-32768, 32767))
    table = curve.segments_table(expf.expf, low, high, output.scale, np.float32)
    if np.abs(np.diff(table.astype(np.int64))).max() > np.iinfo(np.int16).max:
        raise EdgeqError(
            f"layer {node.name}: exp of int16 inputs up to {high:.4g} leaves float32 and wraps around in TensorFlow "
            "Lite; convert the model with smaller inputs of exp"
        )
    curve.quantize(converter, node, "table", table)


#: continuous functions, with slopes that straight lines follow over a range that starts anywhere
SMOOTH = (
    "affine", "atan", "cos", "elu", "erf", "exp2", "expm1", "gelu", "hardsigmoid", "hardswish", "log_sigmoid", "mish",
    "silu", "sin", "softplus", "softshrink", "softsign",
)  # fmt: skip
FORMS: Mapping[str, Form] = {
    "abs": _absolute,
    "exp": _exp,
    "leaky_relu": _leaky_relu,
    "requantize": _requantize,
    "sigmoid": lambda converter, node: curve.quantize_sigmoid(converter, node, "sigmoid"),
    "tanh": lambda converter, node: curve.quantize_sigmoid(converter, node, "tanh"),
}


def _smooth(converter: Converter, node: Node, real: Real) -> None:
    """A continuous function through a table over the whole range of the input."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    function = partial(_of_parameters, real, node.attributes)
    table = curve.segments_table(function, -32768 * x.scale, 32767 * x.scale, output.scale, np.float64)
    curve.quantize(converter, node, "table", table)


def _of_parameters(real: Real, parameters: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    low, high = parameters.get("activation", (None, None))
    return np.clip(real(x, parameters), -np.inf if low is None else low, np.inf if high is None else high)


def quantize(converter: Converter, node: Node, real: Real) -> None:
    """Adds the integer form of a unary node with int16 operand or result; `real`: its function of arrays and
    parameters. Raises EdgeqError where there is none."""
    function = node.attributes["function"]
    exponent = float(node.attributes.get("exponent", 0.0))
    integer_power = function == "pow" and exponent > 0 and exponent.is_integer()
    if (function in SMOOTH or integer_power) and node.attributes.get("rounding") != fixed_point.TFLITE:
        _smooth(converter, node, real)
        return
    types = {converter.quantized(node.inputs[0]).dtype, converter.quantized_output(node).dtype}
    if function not in FORMS or (function != "requantize" and len(types) > 1):
        raise EdgeqError(
            f"layer {node.name}: there is no kernel for {function} on {' and '.join(sorted(types))} activations; "
            f"TensorFlow Lite has none either: convert the model with int8 there"
        )
    FORMS[function](converter, node)
