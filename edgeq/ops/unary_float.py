"""Functions of one floating-point operand: their kernels, and what their float32 arithmetic may lose.

Bounds are counts of roundings of 2^-24 of a magnitude: of the result where the function is evaluated with a small
relative error, of the operand or of 1 where terms cancel. They count the operations of eq_float_functions.h, with 4 for
an exponential (eq_float_exp.h), and the error of its polynomials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import float_layers
from edgeq.ops.base import Kernel, elements_per_sample
from edgeq.ops.float_types import Rounding

Magnitude = Callable[[np.ndarray, np.ndarray, Mapping[str, Any]], np.ndarray]


def _of_result(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any]) -> np.ndarray:
    return np.abs(y)


def _of_operand(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any]) -> np.ndarray:
    return np.abs(x)


def _of_one(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any]) -> np.ndarray:
    return np.ones_like(y)


def _of_terms(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any]) -> np.ndarray:
    return np.abs(x * p["scale"]) + abs(p["offset"])


def _of_all(x: np.ndarray, y: np.ndarray, p: Mapping[str, Any]) -> np.ndarray:
    return 1.0 + np.abs(x) + np.abs(y)


@dataclass(frozen=True)
class Form:
    """A function's kernel and its `count` roundings of `magnitude`(operand, result, attributes). `parameters`: the
    attributes that are its p[0] and p[1], with what they are where they are missing."""

    count: int
    magnitude: Magnitude = _of_result
    parameters: tuple[tuple[str, float], ...] = ()


FORMS: Mapping[str, Form] = {
    "abs": Form(0),
    "affine": Form(4, _of_terms, (("scale", 1.0), ("offset", 0.0))),
    "elu": Form(20, _of_result, (("alpha", 1.0), ("scale", 1.0))),
    "erf": Form(10, _of_one),
    "exp": Form(4),
    "gelu": Form(16, _of_operand),
    "gelu_tanh": Form(16, _of_operand),
    "hardshrink": Form(0, _of_result, (("lambd", 0.5),)),
    "hardsigmoid": Form(3, _of_one),
    "hardswish": Form(4, _of_operand),
    "leaky_relu": Form(2, _of_result, (("alpha", 0.01),)),
    "reciprocal": Form(1),
    "requantize": Form(0),
    "sigmoid": Form(10),
    "silu": Form(11),
    "square": Form(1),
    "softshrink": Form(2, _of_operand, (("lambd", 0.5),)),
    "softsign": Form(3),
    "tanh": Form(12),
    "threshold": Form(1, _of_all, (("threshold", 0.0), ("value", 0.0))),
}
#: kernels with names of their own
NAMES = {"requantize": "identity"}


def function_of(node: Node) -> str:
    """A key of FORMS, if there is one for the node's function."""
    name = str(node.attributes["function"])
    if name == "pow" and node.attributes["exponent"] == 2.0:
        return "square"
    return "gelu_tanh" if name == "gelu" and node.attributes.get("approximate", "none") != "none" else name


def has_form(node: Node) -> bool:
    """Whether there is a kernel for the node's function with its parameters."""
    return function_of(node) in FORMS and float(node.attributes.get("input_scale", 1.0)) == 1.0


def rounding(node: Node, x: np.ndarray, y: np.ndarray) -> Rounding:
    """Of the float64 operand and result."""
    form = FORMS[function_of(node)]
    return Rounding(form.count, form.magnitude(x, y, node.attributes))


def parameters(graph: Graph, node: Node) -> dict[str, Any]:
    """The field p of eq_unary_f32_t."""
    values = [float(node.attributes.get(key, default)) for key, default in FORMS[function_of(node)].parameters]
    return {"p": [float_layers.c_number(value) for value in (*values, 0.0, 0.0)[:2]]}


def only(function: str) -> Callable[[Graph, Node], str | None]:
    """What tells whether a node is of that function."""
    return lambda graph, node: None if function_of(node) == function else f"the function is not {function}"


def kernels() -> tuple[Kernel, ...]:
    """A kernel a function and type."""
    return tuple(
        kernel
        for function in FORMS
        for kernel in float_layers.kernels(
            "unary",
            parameters,
            function=f"eq_unary_{{type}}_{NAMES.get(function, function)}_scalar",
            units=elements_per_sample,
            applies=only(function),
            in_place=lambda parameters: True,
        )
    )
