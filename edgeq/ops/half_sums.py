"""Partial sums in FP16: kernels that sum a few products by half-precision vectors before they widen them (MVE).

Weights are divided by a power of two so that the magnitudes of those of any partial sum add up to no more than 1. Then
no partial sum leaves FP16 whatever the input: it is at most 65504 times that, and its roundings are allowed for. The
float32 sums take the partial ones times the same power, which costs nothing.

What that may lose (`loss`): with u = 2^-11 a partial sum of t products differs by at most gamma_t times its terms'
magnitudes; and what lies below the normal numbers of FP16, weights as well as results, by half the least distance of
two numbers, 2^-25, each time (FPSCR.FZ16 is 0, as after reset, so that they are not flushed to zero).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.ops.float_types import FLOAT16, FLOATS, Rounding, gamma

HALF = FLOATS[FLOAT16]
#: products that the matrix product and the depthwise kernel sum in FP16
PRODUCTS, TAPS = 8, 9
#: powers beyond which too many weights would leave the normal numbers
LARGEST_EXPONENT = 10


@dataclass(frozen=True)
class HalfSums:
    """Partial sums of `terms` products in FP16, with weights divided by `scale`."""

    terms: int
    scale: float

    def loss(self, rounding: Rounding, largest_operand: float) -> Rounding:
        """The rounding of sums of products that are summed so, in place of that of sums in float32."""
        relative = gamma(self.terms, HALF.roundoff)
        below = rounding.count * self.scale * HALF.tiny / 2 * (1.0 + largest_operand) * (1.0 + relative)
        return Rounding(rounding.count, rounding.magnitude, relative, below)


def exponent(rows: np.ndarray, terms: int) -> int:
    """The least e with which weights [sums, products] divided by 2^e keep every partial sum of `terms` products in
    FP16: the magnitudes of a block, with the errors of their roundings, are at most 1."""
    sums, products = rows.shape
    blocks = -(-products // terms)
    whole = np.zeros((sums, blocks * terms))
    whole[:, :products] = np.abs(rows.astype(np.float64))
    largest = float(whole.reshape(sums, blocks, terms).sum(axis=2).max(initial=0.0))
    if largest == 0.0:
        return 0
    return int(np.ceil(np.log2(largest * (1.0 + 2.0 * gamma(terms, HALF.roundoff)))))


def obstacle(rows: np.ndarray, terms: int) -> str | None:
    """Why the weights can't be divided so without leaving the normal numbers of FP16, or None."""
    if abs(exponent(rows, terms)) > LARGEST_EXPONENT:
        return f"weights that FP16 sums of {terms} products don't suit"
    return None


def divided(weights: np.ndarray, power: int) -> np.ndarray:
    """float16 weights / 2^power; exact but for what falls below the normal numbers."""
    return np.ldexp(weights.astype(np.float64), -power).astype(np.float16)
