"""TensorFlow Lite's functions of one operand: import functions of the operator unary."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edgeq.ops import cast_tflite, unary_tables

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall


def function_of(function: str, **renamed: str) -> Callable[[Importer, TfliteCall], str]:
    """Import function of an operator with one operand; `renamed`: parameter -> the option it comes from."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        values = {parameter: call.option(option) for parameter, option in renamed.items()}
        return importer.add("unary", [call.input(0)], call.attributes(function=function, **values))

    return convert


def of_reals(function: str, **parameters: float) -> Callable[[Importer, TfliteCall], str]:
    """Import function of an operator with one operand that TensorFlow Lite computes in float alone."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        if call.output_quantization() is not None:
            raise importer.unsupported(
                f"a {call.operator.name} of integers, which TensorFlow Lite 2.14 has no kernel for,", "float there"
            )
        return importer.add("unary", [call.input(0)], {"function": function, **parameters})

    return convert


def _gelu(importer: Importer, call: TfliteCall) -> str:
    approximate = "tanh" if call.option("approximate") else "none"
    return importer.add("unary", [call.input(0)], call.attributes(function="gelu", approximate=approximate))


def _pow(importer: Importer, call: TfliteCall) -> str:
    """POW of real numbers with a constant exponent of one element."""
    exponent = importer.constant_array(call.input(1, "an exponent"), "exponents").reshape(-1)
    if exponent.size != 1 or not abs(float(exponent[0])) <= unary_tables.LARGEST_EXPONENT:
        raise importer.unsupported(
            "a power with other than one exponent", f"one of up to {unary_tables.LARGEST_EXPONENT}"
        )
    return of_reals("pow", exponent=float(exponent[0]))(importer, call)


def _quantize(importer: Importer, call: TfliteCall) -> str:
    """QUANTIZE: a change of scale between integers; from float it only says how the operand is stored."""
    x, target = call.input(0), call.output_quantization()
    if target is None:
        raise importer.unsupported("a QUANTIZE to another type than int8 or int16", "int8")
    before = importer.quantization(x)
    if before is None:
        importer.prescribe(x, target)
        return x
    return importer.add("unary", [x], call.attributes(function="requantize"))


def _dequantize(importer: Importer, call: TfliteCall) -> str:
    """DEQUANTIZE: the graph's activations are real numbers already."""
    return call.input(0)


TARGETS = {
    "ABS": function_of("abs"),
    "CAST": cast_tflite.convert,
    "CEIL": of_reals("ceil"),
    "COS": of_reals("cos"),
    "DEQUANTIZE": _dequantize,
    "ELU": function_of("elu"),
    "EXP": function_of("exp"),
    "FLOOR": of_reals("floor"),
    "GELU": _gelu,
    "HARD_SWISH": function_of("hardswish"),
    "LEAKY_RELU": function_of("leaky_relu", alpha="alpha"),
    "LOG": of_reals("log"),
    "LOGISTIC": function_of("sigmoid"),
    "NEG": of_reals("affine", scale=-1.0, offset=0.0),
    "POW": _pow,
    "QUANTIZE": _quantize,
    "ROUND": of_reals("round"),
    "RSQRT": function_of("rsqrt"),
    "SIGN": of_reals("sign"),
    "SIN": of_reals("sin"),
    "SQRT": of_reals("sqrt"),
    "SQUARE": of_reals("pow", exponent=2.0),
    "TANH": function_of("tanh"),
}
