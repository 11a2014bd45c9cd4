"""Functions of one int16 operand, as TensorFlow Lite's reference kernels have them: a curve (ops/curve.py) or two
straight lines (ops/rescale.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Node
from edgeq.ops import curve, expf, fixed_point, rescale

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

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


FORMS: Mapping[str, Form] = {
    "abs": _absolute,
    "exp": _exp,
    "leaky_relu": _leaky_relu,
    "requantize": _requantize,
    "sigmoid": lambda converter, node: curve.quantize_sigmoid(converter, node, "sigmoid"),
    "tanh": lambda converter, node: curve.quantize_sigmoid(converter, node, "tanh"),
}


def quantize(converter: Converter, node: Node) -> None:
    """Adds the integer form of a unary node with int16 operand or result. Raises EdgeqError where there is none."""
    function = node.attributes["function"]
    types = {converter.quantized(node.inputs[0]).dtype, converter.quantized_output(node).dtype}
    if function not in FORMS or (function != "requantize" and len(types) > 1):
        raise EdgeqError(
            f"layer {node.name}: there is no kernel for {function} on {' and '.join(sorted(types))} activations; "
            f"TensorFlow Lite has none either: convert the model with int8 there"
        )
    FORMS[function](converter, node)
