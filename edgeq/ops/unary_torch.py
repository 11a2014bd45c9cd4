"""torch's functions of one operand: import functions of the operator unary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer


def torch_function(function: str, *parameters: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of a call with the operand `self` (or `input`) and these further arguments."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x = args["self"] if "self" in args else args["input"]
        values = {name: args[name] for name in parameters}
        return importer.add("unary", [x], {"function": function, **values})

    return convert


def _leaky_relu(importer: Importer, args: Mapping[str, Any]) -> str:
    return importer.add("unary", [args["self"]], {"function": "leaky_relu", "alpha": float(args["negative_slope"])})


def _pow(importer: Importer, args: Mapping[str, Any]) -> str:
    return importer.add("unary", [args["self"]], {"function": "pow", "exponent": float(args["exponent"])})


def celu(importer: Importer, args: Mapping[str, Any]) -> str:
    alpha = float(args.get("alpha", 1.0))
    return importer.add("unary", [args["self"]], {"function": "elu", "alpha": alpha, "input_scale": 1.0 / alpha})


def negative(importer: Importer, args: Mapping[str, Any]) -> str:
    return importer.add("unary", [args["self"]], {"function": "affine", "scale": -1.0, "offset": 0.0})


#: aten call -> function, for calls without parameters; in-place forms (trailing _) mean the same
_TORCH_PLAIN = (
    "abs", "atan", "ceil", "cos", "erf", "exp", "exp2", "expm1", "floor", "hardsigmoid", "hardswish", "log", "log10",
    "log1p", "log2", "mish", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "silu", "sin", "sqrt", "tan", "tanh",
    "trunc",
)  # fmt: skip


TARGETS = {
    **{f"aten.{name}{tail}.default": torch_function(name) for name in _TORCH_PLAIN for tail in ("", "_")},
    "aten.celu.default": celu,
    "aten.elu.default": torch_function("elu", "alpha", "scale", "input_scale"),
    "aten.elu_.default": torch_function("elu", "alpha", "scale", "input_scale"),
    "aten.gelu.default": torch_function("gelu", "approximate"),
    "aten.hardshrink.default": torch_function("hardshrink", "lambd"),
    "aten.leaky_relu.default": _leaky_relu,
    "aten.leaky_relu_.default": _leaky_relu,
    "aten.log_sigmoid.default": torch_function("log_sigmoid"),
    "aten.neg.default": negative,
    "aten.pow.Tensor_Scalar": _pow,
    "aten.softplus.default": torch_function("softplus", "beta"),
    "aten.softshrink.default": torch_function("softshrink", "lambd"),
    "aten.threshold.default": torch_function("threshold", "threshold", "value"),
}
