"""Imports of elementwise operators with two operands. In the graph the first operand is an activation, the larger one
where they differ; both have the result's rank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ops import broadcast, fixed_point, masked_softmax

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall

#: what a function is called with its operands exchanged
EXCHANGED = {"sub": "rsub", "rsub": "sub"}

#: types of quantized operands; the quantizer refuses those that an operator has no kernel for
STORED_TYPES = ("int8", "int16")


def combine(
    importer: Importer, function: str, left: str, right: str, attributes: Mapping[str, Any] | None = None
) -> str:
    """The node of function(left, right); sums of two activations of one shape are the operator add."""
    shape = broadcast.shape_of(importer, left, right)
    left, right = (broadcast.with_rank(importer, name, len(shape)) for name in (left, right))
    if function == "add" and importer.is_constant(left) != importer.is_constant(right):
        x, values = (right, left) if importer.is_constant(left) else (left, right)
        numbers, visible = masked_softmax.split_off(importer.constant_array(values, "an operand"))
        if visible is not None and not attributes:
            total = combine(importer, "add", x, importer.constant(numbers)) if numbers.any() else x
            return masked_softmax.hide(importer, total, visible)
    constants = [importer.is_constant(name) for name in (left, right)]
    if function == "prelu" and (importer.shape(left) != shape or not constants[1]):
        raise importer.unsupported("a prelu with computed slopes", "constant slopes")
    grown = importer.shape(left) != shape and importer.shape(right) == shape and not constants[1]
    if constants[0] or grown:
        left, right = right, left
        function = EXCHANGED.get(function, function)
    if function == "add" and not any(constants) and importer.shape(left) == importer.shape(right):
        return importer.add("add", [left, right], attributes or {})
    return importer.add("binary", [left, right], {"function": function, **(attributes or {})})


def operand(importer: Importer, value: Any) -> str:
    """A tensor's name; numbers become constants."""
    return value if isinstance(value, str) else importer.constant(np.array(value, np.float32))


def torch_function(function: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of a call with `self` and `other`, tensors or numbers."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        left, right = operand(importer, args["self"]), operand(importer, args["other"])
        return combine(importer, function, left, right)

    return convert


def torch_sum(function: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """aten.add, aten.sub and aten.rsub (other - alpha * self): the second operand times alpha."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        left, right = operand(importer, args["self"]), operand(importer, args["other"])
        alpha = args.get("alpha", 1)
        if alpha != 1:
            scaled = _scaled(importer, left if function == "rsub" else right, alpha)
            left, right = (scaled, right) if function == "rsub" else (left, scaled)
        return combine(importer, function, left, right)

    return convert


def _scaled(importer: Importer, name: str, factor: float) -> str:
    if importer.is_constant(name):
        return importer.constant(np.float32(factor) * importer.constant_array(name, "an operand"))
    return combine(importer, "mul", name, operand(importer, factor))


def torch_division(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.div: a product with the reciprocal, which is a constant or a table's."""
    return _divided(importer, operand(importer, args["self"]), operand(importer, args["other"]), {})


def _divided(importer: Importer, left: str, right: str, attributes: Mapping[str, Any]) -> str:
    if importer.is_constant(right):
        divisor = importer.constant_array(right, "a divisor")
        if not np.all(np.abs(divisor) > 0):
            raise importer.unsupported("a division by zero", "other divisors")
        return combine(importer, "mul", left, importer.constant(np.float32(1) / divisor), attributes)
    inverse = importer.add("unary", [right], {"function": "reciprocal"})
    return combine(importer, "mul", left, inverse, attributes)


def torch_limit(bound: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """aten.maximum and aten.minimum; with one number, a clamp."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        left, right = args["self"], args["other"]
        for x, limit in ((left, right), (right, left)):
            if importer.is_constant(limit) and np.prod(importer.shape(limit), dtype=np.int64) == 1:
                value = float(importer.constant_array(limit, "a bound").reshape(-1)[0])
                bounds = {"min": None, "max": None, bound: value}
                return importer.add("clamp", [x], bounds)
        return combine(importer, "maximum" if bound == "min" else "minimum", left, right)

    return convert


def torch_prelu(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.prelu: a slope per channel (axis 1), or one for all."""
    x, slope = args["self"], args["weight"]
    values = importer.constant_array(slope, "the slopes of a prelu").reshape(-1)
    rank = len(importer.shape(x))
    return combine(importer, "prelu", x, importer.constant(values.reshape((1, -1) + (1,) * (rank - 2))))


def tflite_function(function: str) -> Callable[[Importer, TfliteCall], str]:
    """ADD, SUB, MUL, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        left, right = call.input(0), call.input(1)
        attributes = call.attributes()
        stored = call.output_quantization()
        if stored is not None and stored.dtype == "int16" and call.operator.options.get("pot_scale_int16"):
            attributes["by_shifts"] = True
        if attributes.get("rounding") == fixed_point.TFLITE:
            for name in (left, right):
                known = importer.quantization(name)
                if known is None or known.dtype not in STORED_TYPES or known.axis is not None:
                    raise importer.unsupported(
                        "an operand that is not int8 or int16 with one scale", "a full int8 model"
                    )
        if function == "squared_difference" and "rounding" not in attributes:
            difference = combine(importer, "sub", left, right)
            return importer.add("unary", [difference], {"function": "pow", "exponent": 2.0, **attributes})
        return combine(importer, function, left, right, attributes)

    return convert


def tflite_division(importer: Importer, call: TfliteCall) -> str:
    """DIV of float models; TensorFlow Lite's kernels of integers divide what is stored, or there are none."""
    attributes = call.attributes()
    if "rounding" in attributes:
        raise importer.unsupported("a division of integers", "a multiplication")
    return _divided(importer, call.input(0), call.input(1), attributes)


def tflite_floor_division(importer: Importer, call: TfliteCall) -> str:
    """FLOOR_DIV of real numbers."""
    return importer.add("unary", [tflite_division(importer, call)], {"function": "floor"})


def tflite_remainder(importer: Importer, call: TfliteCall) -> str:
    """FLOOR_MOD of real numbers: what FLOOR_DIV leaves of the first operand."""
    whole = tflite_floor_division(importer, call)
    return combine(importer, "sub", call.input(0), combine(importer, "mul", whole, call.input(1)))


def tflite_sum_of_all(importer: Importer, call: TfliteCall) -> str:
    """ADD_N of float models; TensorFlow Lite has none in int8."""
    if call.output_quantization() is not None:
        raise importer.unsupported("a sum of several integers", "a chain of ADD")
    if not call.inputs:
        raise importer.unsupported("an operator without operands", "a complete model")
    return reduce(partial(combine, importer, "add"), [call.input(index) for index in range(len(call.inputs))])


def onnx_function(function: str) -> Callable[[Importer, OnnxCall], str]:
    """Add, Sub, Mul, and Max, Min and Sum of any operands. Negative infinities that are added are a mask."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        if call.count() < 1:
            raise importer.unsupported("an operator without operands", "a complete model")
        names = [call.mask(index) if function == "add" else call.input(index) for index in range(call.count())]
        return reduce(partial(combine, importer, function), names)

    return convert


def onnx_mean(importer: Importer, call: OnnxCall) -> str:
    """Mean of any operands, element by element."""
    total = onnx_function("add")(importer, call)
    return combine(importer, "mul", total, operand(importer, 1.0 / call.count()))


def onnx_prelu(importer: Importer, call: OnnxCall) -> str:
    """PRelu with constant slopes that broadcast to the operand."""
    slopes = call.values(1, "the slopes of a prelu")
    if slopes.size == 1:
        return importer.add(
            "unary", [call.activation()], {"function": "leaky_relu", "alpha": float(slopes.reshape(-1)[0])}
        )
    return combine(importer, "prelu", call.activation(), call.input(1))


def onnx_division(importer: Importer, call: OnnxCall) -> str:
    """Div: a product with the reciprocal."""
    return _divided(importer, call.input(0), call.input(1), {})
