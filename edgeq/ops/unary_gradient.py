"""unary_gradient: dx = dy * f'(x) for a function f of edgeq/ops/unary.py that has a kernel, with its attributes. Where
f has a kink the derivative is torch's.

Bounds count the roundings of eq_float_unary_gradient.h as edgeq/ops/unary_float.py does those of the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.ir.graph import Node
from edgeq.ops import training, unary_float, unary_tables
from edgeq.ops.base import Kernel, elements_per_sample
from edgeq.ops.float_types import FLOAT32, FLOATS, Rounding

Parameters = Mapping[str, Any]
OfOperand = Callable[[np.ndarray, Parameters], np.ndarray]


def _of_result(x: np.ndarray, p: Parameters) -> np.ndarray:
    """Stands for the derivative itself."""
    raise AssertionError("asked for by identity")


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(unary_tables.sigmoid(x, {}))


def _density(x: np.ndarray) -> np.ndarray:
    """Of the normal distribution."""
    return np.exp(-x * x / 2) * x.dtype.type(1 / np.sqrt(2 * np.pi))


def _erf(x: np.ndarray) -> np.ndarray:
    """The derivative of erf."""
    return np.exp(-x * x) * x.dtype.type(2 / np.sqrt(np.pi))


def _gelu(x: np.ndarray, p: Parameters) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(x), x.dtype) + x * _density(x)


def _gelu_tanh(x: np.ndarray, p: Parameters) -> np.ndarray:
    root = x.dtype.type(np.sqrt(2 / np.pi))
    t = np.tanh(root * (x + x.dtype.type(0.044715) * x**3))
    inner = root * (1 + x.dtype.type(3 * 0.044715) * x * x)
    return (1 + t) / 2 + x * (1 - t * t) * inner / 2


def _elu(x: np.ndarray, p: Parameters) -> np.ndarray:
    low = np.float32(p.get("alpha", 1.0)) * np.exp(np.minimum(x, 0))
    return np.float32(p.get("scale", 1.0)) * np.where(x > 0, x.dtype.type(1), low)


def _where(condition: np.ndarray, x: np.ndarray) -> np.ndarray:
    return condition.astype(x.dtype)


@dataclass(frozen=True)
class Slope:
    """A derivative, and the `count` roundings of a `magnitude` that its kernel may lose."""

    real: OfOperand
    count: int
    magnitude: OfOperand = _of_result

    def lost(self, x: np.ndarray, p: Parameters) -> np.ndarray:
        """The magnitude for operands `x`."""
        return np.abs(self.real(x, p)) if self.magnitude is _of_result else self.magnitude(x, p)


SLOPES: Mapping[str, Slope] = {
    "abs": Slope(lambda x, p: np.sign(x), 0),
    "elu": Slope(_elu, 6),
    "erf": Slope(lambda x, p: _erf(x), 7, lambda x, p: _erf(x) * (1 + x * x)),
    "exp": Slope(lambda x, p: np.exp(x), 4),
    "gelu": Slope(_gelu, 20, lambda x, p: 1 + np.abs(x) * _density(x) * (1 + x * x)),
    "gelu_tanh": Slope(_gelu_tanh, 40, lambda x, p: 1 + np.abs(x) * (1 + x * x)),
    "hardshrink": Slope(lambda x, p: _where(np.abs(x) > np.float32(p["lambd"]), x), 0),
    "hardsigmoid": Slope(lambda x, p: _where(np.abs(x) < 3, x) / 6, 1),
    "hardswish": Slope(lambda x, p: np.where(x <= -3, 0, np.where(x >= 3, 1, x / 3 + x.dtype.type(0.5))), 3,
                       lambda x, p: np.minimum(np.abs(x), 3) / 3 + 0.5),
    "leaky_relu": Slope(lambda x, p: np.where(x > 0, x.dtype.type(1), np.float32(p["alpha"])), 1),
    "reciprocal": Slope(lambda x, p: -1 / (x * x), 3),
    "sigmoid": Slope(lambda x, p: _sigmoid(x) * _sigmoid(-x), 21),
    "silu": Slope(lambda x, p: _sigmoid(x) * (1 + x * _sigmoid(-x)), 24,
                  lambda x, p: _sigmoid(x) * (1 + np.abs(x) * _sigmoid(-x))),
    "softshrink": Slope(lambda x, p: _where(np.abs(x) > np.float32(p["lambd"]), x), 0),
    "square": Slope(lambda x, p: 2 * x, 0),
    "softsign": Slope(lambda x, p: 1 / (1 + np.abs(x)) ** 2, 5),
    "tanh": Slope(lambda x, p: 1 - np.tanh(x) ** 2, 27, lambda x, p: np.ones_like(x)),
    "threshold": Slope(lambda x, p: _where(x > np.float32(p["threshold"]), x), 0),
}  # fmt: skip


def _kernels(function: str) -> tuple[Kernel, ...]:
    return training.kernels(
        "unary_gradient",
        unary_float.parameters,
        function=function,
        units=elements_per_sample,
        applies=unary_float.only(function),
    )


class UnaryGradient(training.SameShape):
    name = "unary_gradient"
    in_place = (0,)
    kernels = tuple(kernel for function in SLOPES for kernel in _kernels(function))

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        dy, x = inputs
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return [dy * SLOPES[unary_float.function_of(node)].real(x, node.attributes)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        dy, x = inputs
        slope = SLOPES[unary_float.function_of(node)]
        lost = slope.lost(x, node.attributes)
        lost = np.where(lost < FLOATS[FLOAT32].largest / 2, lost, np.inf)  # the slope itself may be infinite
        return Rounding(slope.count + 1, np.abs(dy) * lost)


OP = UnaryGradient()
