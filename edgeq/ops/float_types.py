"""Activations that are stored as floating point (IEEE 754 binary32 and binary16), and how far kernels may be from the
exact result.

A layer of such a type computes in float32 whatever its storage: operands are widened, products are summed in float32
in an order that each kernel chooses, and the result is rounded once to the type that it is stored in.

The bound is the standard one (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, 2002,
chapter 3): a result that is reached by at most n roundings on the way from every operand differs from the exact one by
at most gamma_n * S, with gamma_n = n u / (1 - n u), u = 2^-24 and S the sum of the terms' magnitudes, in any order and
with or without fused products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from edgeq.ir.graph import Quantization

FLOAT16, FLOAT32 = "float16", "float32"


@dataclass(frozen=True)
class FloatType:
    """`roundoff`: half the distance from 1 to the next number; `tiny`: the least distance of two numbers."""

    name: str
    c_type: str
    bits: int
    roundoff: float
    tiny: float
    largest: float

    @property
    def precision(self) -> str:
        """What recipes and reports call it."""
        return f"fp{self.bits}"

    @property
    def suffix(self) -> str:
        """In the names of C kernels."""
        return f"f{self.bits}"


FLOATS: Mapping[str, FloatType] = MappingProxyType(
    {
        FLOAT16: FloatType(FLOAT16, "eq_f16_t", 16, 2.0**-11, 2.0**-24, 65504.0),
        FLOAT32: FloatType(FLOAT32, "float", 32, 2.0**-24, 2.0**-149, float(np.finfo(np.float32).max)),
    }
)
#: roundoff of the arithmetic, and its least normal number: vector units flush what is below to zero
ROUNDOFF, LEAST_NORMAL = FLOATS[FLOAT32].roundoff, 2.0**-126


def quantization(dtype: str) -> Quantization:
    """What marks an activation as stored in that type: its numbers mean themselves."""
    return Quantization(np.array([1.0]), 0, None, dtype)


def stored(values: np.ndarray, dtype: str) -> np.ndarray:
    """The nearest numbers of the type (ties to even); infinite beyond its range."""
    with np.errstate(over="ignore"):
        return values.astype(dtype)


@dataclass(frozen=True)
class Rounding:
    """What float32 arithmetic may lose in an operator: at most `count` roundings on the way from any operand to a
    result whose terms have the sum of magnitudes `magnitude` (float64, shape of the result). `relative` and `absolute`:
    what was lost before, of the magnitudes and beside them (edgeq/ops/half_sums.py)."""

    count: int
    magnitude: np.ndarray | float
    relative: float = 0.0
    absolute: float = 0.0


#: of operators that only choose or move elements
EXACT = Rounding(0, 0.0)


def gamma(count: int, roundoff: float = ROUNDOFF) -> float:
    """Relative error that `count` roundings can add up to; infinite where the bound says nothing."""
    return count * roundoff / (1.0 - count * roundoff) if count * roundoff < 1.0 else np.inf


def error_bound(exact: np.ndarray, rounding: Rounding, largest_operand: float, dtype: str) -> np.ndarray:
    """How far a stored result may be from `exact`, its value in float64.

    Beside gamma_n * S: what is flushed to zero below the least normal number (n times, operands included), and the
    rounding of the result to the type that stores it. Infinite where the result may leave the type's range.
    """
    kind = FLOATS[dtype]
    lost = rounding.relative * rounding.magnitude + rounding.absolute
    computed = lost + gamma(rounding.count) * (rounding.magnitude + lost)
    computed = computed + rounding.count * LEAST_NORMAL * (1.0 + largest_operand)
    reached = np.abs(exact) + computed
    bound = computed + (kind.roundoff * reached + kind.tiny / 2 if rounding.count else 0.0)
    return np.where(reached * (1.0 + kind.roundoff) < kind.largest, bound, np.inf)
