"""unary: a function of one operand, element by element. Its integer form is a lut: one byte in, one byte out, exact.

Attributes: function (a key of FUNCTIONS) and its parameters. Under rounding "tflite" the table holds the bytes of
TensorFlow Lite's own kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import binary_import, curve, fixed_point, unary_tables, unary_wide
from edgeq.ops.base import Operator, Shape
from edgeq.ops.unary_tables import Parameters, Real, Table, through_float

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter


@dataclass(frozen=True)
class Function:
    """`real` of float32 arrays and the parameters; `tflite`: its bytes where TensorFlow Lite has an int8 kernel."""

    real: Real
    tflite: Table | None = None


def _erf(x: np.ndarray) -> np.ndarray:
    """Error function of float32 arrays through float64 (numpy has none)."""
    from scipy.special import erf

    return erf(x.astype(np.float64)).astype(np.float32)


def _gelu(x: np.ndarray, p: Parameters) -> np.ndarray:
    half = np.float32(0.5) * x
    if p.get("approximate", "none") == "none":
        return half * (1 + _erf(x * np.float32(np.sqrt(0.5))))
    return half * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3)))


def _hard_sigmoid(x: np.ndarray, p: Parameters) -> np.ndarray:
    return np.clip(x / 6 + np.float32(0.5), 0, 1)


def _softplus(x: np.ndarray, p: Parameters) -> np.ndarray:
    beta = np.float32(p.get("beta", 1.0))
    return np.logaddexp(np.float32(0), beta * x) / beta


def _elu(x: np.ndarray, p: Parameters) -> np.ndarray:
    low = np.float32(p.get("alpha", 1.0)) * np.expm1(np.minimum(x, 0) * np.float32(p.get("input_scale", 1.0)))
    return np.float32(p.get("scale", 1.0)) * np.where(x > 0, x, low)


LARGEST_EXPONENT = 64


def _lut(real: Real) -> Function:
    return Function(real, through_float(real))


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(lambda x, p: np.abs(x), unary_tables.absolute),
    "atan": Function(lambda x, p: np.arctan(x)),
    "affine": Function(lambda x, p: x * np.float32(p["scale"]) + np.float32(p["offset"])),
    "ceil": Function(lambda x, p: np.ceil(x)),
    "cos": Function(lambda x, p: np.cos(x)),
    "elu": _lut(_elu),
    "erf": Function(lambda x, p: _erf(x)),
    "exp": _lut(lambda x, p: np.exp(x)),
    "exp2": Function(lambda x, p: np.exp2(x)),
    "expm1": Function(lambda x, p: np.expm1(x)),
    "floor": Function(lambda x, p: np.floor(x)),
    "gelu": _lut(_gelu),
    "greater": Function(lambda x, p: (x > np.float32(p["than"])).astype(np.float32)),
    "greater_equal": Function(lambda x, p: (x >= np.float32(p["than"])).astype(np.float32)),
    "hardshrink": Function(lambda x, p: np.where(np.abs(x) > np.float32(p["lambd"]), x, 0)),
    "hardsigmoid": Function(_hard_sigmoid),
    "hardswish": Function(lambda x, p: x * _hard_sigmoid(x, p), unary_tables.hard_swish),
    "leaky_relu": Function(lambda x, p: np.where(x >= 0, x, x * np.float32(p["alpha"])), unary_tables.leaky_relu),
    "less": Function(lambda x, p: (x < np.float32(p["than"])).astype(np.float32)),
    "less_equal": Function(lambda x, p: (x <= np.float32(p["than"])).astype(np.float32)),
    "log": Function(lambda x, p: np.log(x)),
    "log10": Function(lambda x, p: np.log10(x)),
    "log1p": Function(lambda x, p: np.log1p(x)),
    "log_sigmoid": Function(lambda x, p: -_softplus(-x, {})),
    "log2": Function(lambda x, p: np.log2(x)),
    "mish": Function(lambda x, p: x * np.tanh(_softplus(x, {}))),
    "pow": Function(lambda x, p: np.power(x, np.float32(p["exponent"]))),
    "reciprocal": Function(lambda x, p: np.float32(1) / x),
    "requantize": Function(lambda x, p: x, unary_tables.requantized),
    "round": Function(lambda x, p: np.rint(x)),
    "rsqrt": Function(lambda x, p: np.float32(1) / np.sqrt(x), unary_tables.rsqrt),
    "sigmoid": _lut(unary_tables.sigmoid),
    "sign": Function(lambda x, p: np.sign(x)),
    "softsign": Function(lambda x, p: x / (1 + np.abs(x))),
    "silu": Function(lambda x, p: x * unary_tables.sigmoid(x, p)),
    "sin": Function(lambda x, p: np.sin(x)),
    "softshrink": Function(lambda x, p: np.sign(x) * np.maximum(np.abs(x) - np.float32(p["lambd"]), 0)),
    "softplus": Function(_softplus),
    "sqrt": Function(lambda x, p: np.sqrt(x)),
    "tan": Function(lambda x, p: np.tan(x)),
    "tanh": _lut(lambda x, p: np.tanh(x)),
    "threshold": Function(lambda x, p: np.where(x > np.float32(p["threshold"]), x, np.float32(p["value"]))),
    "trunc": Function(lambda x, p: np.trunc(x)),
}


def torch_function(function: str, *parameters: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of a call with the operand `self` (or `input`) and these further arguments."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x = args["self"] if "self" in args else args["input"]
        values = {name: args[name] for name in parameters}
        return importer.add("unary", [x], {"function": function, **values})

    return convert


def tflite_function(function: str, **renamed: str) -> Callable[[Importer, TfliteCall], str]:
    """Import function of an operator with one operand; `renamed`: parameter -> the option it comes from."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        values = {parameter: call.option(option) for parameter, option in renamed.items()}
        return importer.add("unary", [call.input(0)], call.attributes(function=function, **values))

    return convert


def tflite_of_reals(function: str, **parameters: float) -> Callable[[Importer, TfliteCall], str]:
    """Import function of an operator with one operand that TensorFlow Lite computes in float alone."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        if call.output_quantization() is not None:
            raise importer.unsupported(
                f"a {call.operator.name} of integers, which TensorFlow Lite 2.14 has no kernel for,", "float there"
            )
        return importer.add("unary", [call.input(0)], {"function": function, **parameters})

    return convert


def _torch_leaky_relu(importer: Importer, args: Mapping[str, Any]) -> str:
    return importer.add("unary", [args["self"]], {"function": "leaky_relu", "alpha": float(args["negative_slope"])})


def _torch_pow(importer: Importer, args: Mapping[str, Any]) -> str:
    return importer.add("unary", [args["self"]], {"function": "pow", "exponent": float(args["exponent"])})


def _torch_celu(importer: Importer, args: Mapping[str, Any]) -> str:
    alpha = float(args.get("alpha", 1.0))
    return importer.add("unary", [args["self"]], {"function": "elu", "alpha": alpha, "input_scale": 1.0 / alpha})


def _torch_comparison(function: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Comparison with a number, or of two tensors by their difference: 1 where it holds, else 0."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x, other = args["self"], args["other"]
        if not isinstance(other, str):
            return importer.add("unary", [x], {"function": function, "than": float(other)})
        difference = binary_import.combine(importer, "sub", x, other)
        return importer.add("unary", [difference], {"function": function, "than": 0.0})

    return convert


def _torch_not(importer: Importer, args: Mapping[str, Any]) -> str:
    return importer.add("unary", [args["self"]], {"function": "affine", "scale": -1.0, "offset": 1.0})


def _torch_negative(importer: Importer, args: Mapping[str, Any]) -> str:
    return importer.add("unary", [args["self"]], {"function": "affine", "scale": -1.0, "offset": 0.0})


def _tflite_gelu(importer: Importer, call: TfliteCall) -> str:
    approximate = "tanh" if call.option("approximate") else "none"
    return importer.add("unary", [call.input(0)], call.attributes(function="gelu", approximate=approximate))


def _tflite_pow(importer: Importer, call: TfliteCall) -> str:
    """POW of real numbers with a constant exponent of one element."""
    exponent = importer.constant_array(call.input(1, "an exponent"), "exponents").reshape(-1)
    if exponent.size != 1 or not abs(float(exponent[0])) <= LARGEST_EXPONENT:
        raise importer.unsupported("a power with other than one exponent", f"one of up to {LARGEST_EXPONENT}")
    return tflite_of_reals("pow", exponent=float(exponent[0]))(importer, call)


def _tflite_quantize(importer: Importer, call: TfliteCall) -> str:
    """QUANTIZE: a change of scale between integers; from float it only says how the operand is stored."""
    x, target = call.input(0), call.output_quantization()
    if target is None:
        raise importer.unsupported("a QUANTIZE to another type than int8 or int16", "int8")
    before = importer.quantization(x)
    if before is None:
        importer.prescribe(x, target)
        return x
    return importer.add("unary", [x], call.attributes(function="requantize"))


def _tflite_dequantize(importer: Importer, call: TfliteCall) -> str:
    """DEQUANTIZE: the graph's activations are real numbers already."""
    return call.input(0)


def onnx_function(function: str, **renamed: tuple[str, Any]) -> Callable[[Importer, OnnxCall], str]:
    """Import function of an operator with one operand; `renamed`: parameter -> (attribute, its default)."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        values = {parameter: call.attribute(*source) for parameter, source in renamed.items()}
        return importer.add("unary", [call.activation()], {"function": function, **values})

    return convert


def _onnx_negative(importer: Importer, call: OnnxCall) -> str:
    return _torch_negative(importer, {"self": call.activation()})


def _onnx_hard_sigmoid(importer: Importer, call: OnnxCall) -> str:
    """max(0, min(1, alpha * x + beta))."""
    slope, offset = call.attribute("alpha", 0.2), call.attribute("beta", 0.5)
    y = importer.add("unary", [call.activation()], {"function": "affine", "scale": slope, "offset": offset}, ".affine")
    return importer.add("clamp", [y], {"min": 0.0, "max": 1.0})


def _onnx_pow(importer: Importer, call: OnnxCall) -> str:
    """Pow with a constant exponent of one element."""
    exponent = call.scalar(1, None, "an exponent")
    if exponent is None or abs(exponent) > LARGEST_EXPONENT:
        raise importer.unsupported(f"a power of {exponent}", f"an exponent of up to {LARGEST_EXPONENT}")
    return importer.add("unary", [call.activation()], {"function": "pow", "exponent": exponent})


def _onnx_comparison(function: str) -> Callable[[Importer, OnnxCall], str]:
    """Comparison with a constant of one value, or of two operands by their difference."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        known = call.constant(1)
        other: Any = call.input(1)
        if known is not None and known.data.size == 1:
            other = float(known.real().reshape(-1)[0])
        return _torch_comparison(function)(importer, {"self": call.input(0), "other": other})

    return convert


def _onnx_not(importer: Importer, call: OnnxCall) -> str:
    return _torch_not(importer, {"self": call.activation()})


def _onnx_celu(importer: Importer, call: OnnxCall) -> str:
    return _torch_celu(importer, {"self": call.activation(), "alpha": call.attribute("alpha", 1.0)})


def _onnx_threshold(importer: Importer, call: OnnxCall) -> str:
    """ThresholdedRelu."""
    threshold = call.attribute("alpha", 1.0)
    return importer.add("unary", [call.activation()], {"function": "threshold", "threshold": threshold, "value": 0.0})


def _onnx_shrink(importer: Importer, call: OnnxCall) -> str:
    """Shrink: with a bias of 0 torch's hardshrink, with a bias of lambd its softshrink."""
    lambd, bias = call.attribute("lambd", 0.5), call.attribute("bias", 0.0)
    if bias not in (0.0, lambd):
        raise importer.unsupported(f"a Shrink with lambd {lambd} and bias {bias}", "a bias of 0 or of lambd")
    function = "hardshrink" if bias == 0.0 else "softshrink"
    return importer.add("unary", [call.activation()], {"function": function, "lambd": lambd})


def _onnx_swish(importer: Importer, call: OnnxCall) -> str:
    if call.attribute("alpha", 1.0) != 1.0:
        raise importer.unsupported("a Swish with an alpha", "alpha = 1")
    return importer.add("unary", [call.activation()], {"function": "silu"})


#: ONNX operator -> function, for operators without attributes
_ONNX_PLAIN = {
    "Abs": "abs", "Atan": "atan", "Ceil": "ceil", "Cos": "cos", "Erf": "erf", "Exp": "exp", "Floor": "floor",
    "HardSwish": "hardswish", "Log": "log", "Mish": "mish", "Reciprocal": "reciprocal", "Round": "round",
    "Sigmoid": "sigmoid", "Sign": "sign", "Sin": "sin", "Softplus": "softplus", "Softsign": "softsign", "Sqrt": "sqrt",
    "Tan": "tan", "Tanh": "tanh",
}  # fmt: skip
#: Selu's defaults, from the operator's text
_SELU_ALPHA, _SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875

#: aten call -> function, for calls without parameters; in-place forms (trailing _) mean the same
_TORCH_PLAIN = (
    "abs", "atan", "ceil", "cos", "erf", "exp", "exp2", "expm1", "floor", "hardsigmoid", "hardswish", "log", "log10",
    "log1p", "log2", "mish", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "silu", "sin", "sqrt", "tan", "tanh",
    "trunc",
)  # fmt: skip


#: aten call -> function
_COMPARISONS = {"gt": "greater", "ge": "greater_equal", "lt": "less", "le": "less_equal"}


_ONNX_COMPARISONS = {
    "Greater": "greater", "GreaterOrEqual": "greater_equal", "Less": "less", "LessOrEqual": "less_equal",
}  # fmt: skip


class Unary(Operator):
    name = "unary"
    takes_int16 = True
    torch_targets = {
        **{f"aten.{name}{tail}.default": torch_function(name) for name in _TORCH_PLAIN for tail in ("", "_")},
        "aten.celu.default": _torch_celu,
        "aten.elu.default": torch_function("elu", "alpha", "scale", "input_scale"),
        "aten.elu_.default": torch_function("elu", "alpha", "scale", "input_scale"),
        "aten.gelu.default": torch_function("gelu", "approximate"),
        "aten.hardshrink.default": torch_function("hardshrink", "lambd"),
        "aten.leaky_relu.default": _torch_leaky_relu,
        "aten.leaky_relu_.default": _torch_leaky_relu,
        "aten.log_sigmoid.default": torch_function("log_sigmoid"),
        "aten.logical_not.default": _torch_not,
        "aten.neg.default": _torch_negative,
        "aten.pow.Tensor_Scalar": _torch_pow,
        "aten.softplus.default": torch_function("softplus", "beta"),
        "aten.softshrink.default": torch_function("softshrink", "lambd"),
        "aten.threshold.default": torch_function("threshold", "threshold", "value"),
        **{
            f"aten.{call}.{kind}": _torch_comparison(function)
            for call, function in _COMPARISONS.items()
            for kind in ("Scalar", "Tensor")
        },
    }
    tflite_targets = {
        "ABS": tflite_function("abs"),
        "COS": tflite_of_reals("cos"),
        "DEQUANTIZE": _tflite_dequantize,
        "ELU": tflite_function("elu"),
        "EXP": tflite_function("exp"),
        "FLOOR": tflite_of_reals("floor"),
        "GELU": _tflite_gelu,
        "HARD_SWISH": tflite_function("hardswish"),
        "LEAKY_RELU": tflite_function("leaky_relu", alpha="alpha"),
        "LOG": tflite_of_reals("log"),
        "LOGISTIC": tflite_function("sigmoid"),
        "NEG": tflite_of_reals("affine", scale=-1.0, offset=0.0),
        "POW": _tflite_pow,
        "QUANTIZE": _tflite_quantize,
        "RSQRT": tflite_function("rsqrt"),
        "SIGN": tflite_of_reals("sign"),
        "SIN": tflite_of_reals("sin"),
        "SQRT": tflite_of_reals("sqrt"),
        "SQUARE": tflite_of_reals("pow", exponent=2.0),
        "TANH": tflite_function("tanh"),
    }

    onnx_targets = {
        **{name: onnx_function(function) for name, function in _ONNX_PLAIN.items()},
        "Elu": onnx_function("elu", alpha=("alpha", 1.0)),
        "Celu": _onnx_celu,
        "Not": _onnx_not,
        "Shrink": _onnx_shrink,
        "Swish": _onnx_swish,
        "ThresholdedRelu": _onnx_threshold,
        **{name: _onnx_comparison(function) for name, function in _ONNX_COMPARISONS.items()},
        "Gelu": onnx_function("gelu", approximate=("approximate", "none")),
        "HardSigmoid": _onnx_hard_sigmoid,
        "LeakyRelu": onnx_function("leaky_relu", alpha=("alpha", 0.01)),
        "Neg": _onnx_negative,
        "Pow": _onnx_pow,
        "Selu": onnx_function("elu", alpha=("alpha", _SELU_ALPHA), scale=("gamma", _SELU_GAMMA)),
    }

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return [np.asarray(FUNCTIONS[node.attributes["function"]].real(inputs[0], node.attributes), np.float32)]

    def fixed_output(self, node: Node, dtype: str) -> Quantization | None:
        return curve.OUTPUT if dtype == "int16" and node.attributes["function"] in ("sigmoid", "tanh") else None

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        raise AssertionError("integer graphs hold a lut instead")

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        assert x.quantization is not None
        assert output.quantization is not None
        if "int16" in (x.dtype, output.dtype):
            unary_wide.quantize(converter, node, FUNCTIONS[node.attributes["function"]].real)
            return
        bounds = converter.activation_range(node, output)
        table = np.clip(self._table(node, x.quantization, output.quantization), bounds["act_min"], bounds["act_max"])
        name = converter.constant(f"{node.name}.table", table.astype(np.int8))
        plain = replace(node, op="lut", attributes=MappingProxyType({}))
        converter.add(plain, (x.name, name), output)

    def _table(self, node: Node, source: Quantization, target: Quantization) -> np.ndarray:
        """int8 [256]: the output byte of every input byte."""
        function = FUNCTIONS[node.attributes["function"]]
        if node.attributes.get("rounding") == fixed_point.TFLITE and function.tflite is not None:
            return function.tflite(source, target, node.attributes)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            real = function.real(source.real(np.arange(-128, 128)), node.attributes).astype(np.float64)
        steps = np.nan_to_num(real / target.scale[0], nan=0.0, posinf=1e6, neginf=-1e6)
        return np.clip(np.rint(steps) + target.zero_point, -128, 127).astype(np.int8)


OP = Unary()
