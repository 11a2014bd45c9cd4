"""Bi-Real Net: Z. Liu, B. Wu, W. Luo, X. Yang, W. Liu, K.-T. Cheng, "Bi-Real Net: Enhancing the Performance of 1-bit
CNNs With Improved Representational Capability and Advanced Training Algorithm", ECCV 2018, arXiv 1808.00278.

Signs of activations have the gradient of a piecewise quadratic that is nearer to the sign than a clamp
(estimators.approximate_sign). Weights are signs with the mean magnitude of their channel, which gradients see as a
constant: they are as large as the weights are ("magnitude-aware"). And every layer of signs has a real shortcut round
it, so that what it throws away is still there behind it.
"""

from __future__ import annotations

from torch import Tensor, nn

from edgeq.qat import estimators
from edgeq.qat.quantizers import WeightQuantizer


class Weights(WeightQuantizer):
    """Signs with the mean magnitude of each output channel, a constant for gradients."""

    types = ("binary",)

    def scale(self, weight: Tensor) -> Tensor:
        return weight.detach().flatten(1).abs().mean(1).clamp_min(1e-12)

    def steps(self, weight: Tensor) -> Tensor:
        return estimators.nearest_level(weight, self.stored)


class Shortcut(nn.Module):
    """`body`, a layer of signs with its batch norm, with its real input added to what it makes."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + x
