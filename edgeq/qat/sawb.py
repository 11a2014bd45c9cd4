"""SAWB: J. Choi, S. Venkataramani, V. Srinivasan, K. Gopalakrishnan, Z. Wang, P. Chuang, "Accurate and Efficient 2-bit
Quantized Neural Networks", MLSys 2019.

The largest level of a layer's weights is alpha = c1 * sqrt(E[w^2]) + c2 * E[|w|]: of least squared error for many
distributions at once, since the two moments tell their shapes apart. The coefficients are a regression over the best
alpha of normal, Laplace, uniform, logistic and triangular distributions, made for edgeq's levels as the paper does it
for its own; at two bits (-3, -1, 1, 3) it gets what the authors' code has, 3.12 and -2.064, to 1 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor

from edgeq.qat import estimators
from edgeq.qat.quantizers import WeightQuantizer, per_channel

#: type of weights -> c1, c2
COEFFICIENTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"int4": (11.774, -11.734), "int2": (3.131, -2.080), "ternary": (2.542, -1.627), "binary": (0.0, 1.0)}
)


class Weights(WeightQuantizer):
    """Weights whose scales follow from their moments, per output channel; nothing is learned but the weights."""

    types = tuple(COEFFICIENTS)

    def scale(self, weight: Tensor) -> Tensor:
        c1, c2 = COEFFICIENTS[self.stored.name]
        values = weight.detach().flatten(1)
        largest = c1 * values.square().mean(1).sqrt() + c2 * values.abs().mean(1)
        return (largest / self.stored.largest).clamp_min(1e-12)

    def steps(self, weight: Tensor) -> Tensor:
        return estimators.nearest_level(weight / per_channel(self.scale(weight), weight), self.stored)
