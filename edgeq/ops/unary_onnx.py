"""ONNX's functions of one operand: import functions of the operator unary."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgeq.ops import unary_tables, unary_torch

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall


def function_of(function: str, **renamed: tuple[str, Any]) -> Callable[[Importer, OnnxCall], str]:
    """Import function of an operator with one operand; `renamed`: parameter -> (attribute, its default)."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        values = {parameter: call.attribute(*source) for parameter, source in renamed.items()}
        return importer.add("unary", [call.activation()], {"function": function, **values})

    return convert


def _negative(importer: Importer, call: OnnxCall) -> str:
    return unary_torch.negative(importer, {"self": call.activation()})


def _hard_sigmoid(importer: Importer, call: OnnxCall) -> str:
    """max(0, min(1, alpha * x + beta))."""
    slope, offset = call.attribute("alpha", 0.2), call.attribute("beta", 0.5)
    y = importer.add("unary", [call.activation()], {"function": "affine", "scale": slope, "offset": offset}, ".affine")
    return importer.add("clamp", [y], {"min": 0.0, "max": 1.0})


def _pow(importer: Importer, call: OnnxCall) -> str:
    """Pow with a constant exponent of one element."""
    exponent = call.scalar(1, None, "an exponent")
    if exponent is None or abs(exponent) > unary_tables.LARGEST_EXPONENT:
        raise importer.unsupported(f"a power of {exponent}", f"an exponent of up to {unary_tables.LARGEST_EXPONENT}")
    return importer.add("unary", [call.activation()], {"function": "pow", "exponent": exponent})


def _celu(importer: Importer, call: OnnxCall) -> str:
    return unary_torch.celu(importer, {"self": call.activation(), "alpha": call.attribute("alpha", 1.0)})


def _threshold(importer: Importer, call: OnnxCall) -> str:
    """ThresholdedRelu."""
    threshold = call.attribute("alpha", 1.0)
    return importer.add("unary", [call.activation()], {"function": "threshold", "threshold": threshold, "value": 0.0})


def _shrink(importer: Importer, call: OnnxCall) -> str:
    """Shrink: with a bias of 0 torch's hardshrink, with a bias of lambd its softshrink."""
    lambd, bias = call.attribute("lambd", 0.5), call.attribute("bias", 0.0)
    if bias not in (0.0, lambd):
        raise importer.unsupported(f"a Shrink with lambd {lambd} and bias {bias}", "a bias of 0 or of lambd")
    function = "hardshrink" if bias == 0.0 else "softshrink"
    return importer.add("unary", [call.activation()], {"function": function, "lambd": lambd})


def _swish(importer: Importer, call: OnnxCall) -> str:
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

TARGETS = {
    **{name: function_of(function) for name, function in _ONNX_PLAIN.items()},
    "Elu": function_of("elu", alpha=("alpha", 1.0)),
    "Celu": _celu,
    "Shrink": _shrink,
    "Swish": _swish,
    "ThresholdedRelu": _threshold,
    "Gelu": function_of("gelu", approximate=("approximate", "none")),
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": function_of("leaky_relu", alpha=("alpha", 0.01)),
    "Neg": _negative,
    "Pow": _pow,
    "Selu": function_of("elu", alpha=("alpha", _SELU_ALPHA), scale=("gamma", _SELU_GAMMA)),
}
