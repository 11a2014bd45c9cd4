"""unary: a function of one operand, element by element. Its integer form is a lut: one byte in, one byte out, exact.

Attributes: function (a key of FUNCTIONS) and its parameters. Under rounding "tflite" the table holds the bytes of
TensorFlow Lite's own kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import BOOLEAN, Graph, Node, Quantization, Tensor
from edgeq.ops import (
    convert,
    curve,
    fixed_point,
    gradient_parts,
    unary_float,
    unary_gradient,
    unary_onnx,
    unary_tables,
    unary_tflite,
    unary_torch,
    unary_wide,
)
from edgeq.ops.base import Operator, Shape
from edgeq.ops.float_types import FLOATS, Rounding
from edgeq.ops.unary_tables import Parameters, Real, Table, through_float

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


@dataclass(frozen=True)
class Function:
    """`real` of float32 arrays and the parameters; `tflite`: its bytes where TensorFlow Lite has an int8 kernel."""

    real: Real
    tflite: Table | None = None


def _erf(x: np.ndarray) -> np.ndarray:
    """Error function through float64 (numpy has none)."""
    from scipy.special import erf

    return np.asarray(erf(x.astype(np.float64)), x.dtype)


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


def _lut(real: Real) -> Function:
    return Function(real, through_float(real))


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(lambda x, p: np.abs(x), unary_tables.absolute),
    "atan": Function(lambda x, p: np.arctan(x)),
    "affine": Function(lambda x, p: x * np.float32(p["scale"]) + np.float32(p["offset"])),
    "ceil": Function(lambda x, p: np.ceil(x)),
    "cos": Function(lambda x, p: np.cos(x)),
    "elu": _lut(_elu),
    "equal": Function(lambda x, p: (x == np.float32(p["than"])).astype(np.float32)),
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
    "not_equal": Function(lambda x, p: (x != np.float32(p["than"])).astype(np.float32)),
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


#: functions whose results are truth values
COMPARISONS = ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")


class Unary(Operator):
    name = "unary"
    takes_int16 = takes_float = True
    kernels = unary_float.kernels()
    torch_targets = unary_torch.TARGETS
    tflite_targets = unary_tflite.TARGETS

    onnx_targets = unary_onnx.TARGETS

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            made = FUNCTIONS[node.attributes["function"]].real(inputs[0], node.attributes)
            return [np.asarray(made, inputs[0].dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return unary_float.rounding(node, inputs[0], self.run_float(node, inputs)[0])

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        x, function = node.inputs[0], unary_float.function_of(node)
        if function == "affine":
            tape.give(x, gradient_parts.scaled(tape, gradient, node.attributes["scale"], node), node)
        elif function in unary_gradient.SLOPES:
            attributes = {key: value for key, value in node.attributes.items() if key != "activation"}
            tape.give(x, tape.add("unary_gradient", [gradient, x], node, "igrad", **attributes), node)
        else:
            raise NotImplementedError

    def fixed_output(self, node: Node, dtype: str) -> Quantization | None:
        function = node.attributes["function"]
        if function in COMPARISONS:
            return BOOLEAN
        return curve.OUTPUT if dtype == "int16" and function in ("sigmoid", "tanh") else None

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        raise AssertionError("integer graphs hold a lut instead")

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        assert x.quantization is not None
        assert output.quantization is not None
        if x.dtype in FLOATS or output.dtype in FLOATS:
            convert.quantize(converter, node)
            return
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
