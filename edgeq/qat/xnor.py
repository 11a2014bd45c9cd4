"""XNOR-Net: M. Rastegari, V. Ordonez, J. Redmon, A. Farhadi, "XNOR-Net: ImageNet Classification Using Binary
Convolutional Neural Networks", ECCV 2016, arXiv 1603.05279, section 3.1.

W_q = alpha * sign(W) with alpha = ||W||_1 / n per output channel, the scale of least squared error. The gradient of
sign is 1 for |w| <= 1 and 0 beyond; alpha has its own, as in dC/dW_i = dC/dW_q (1 / n + alpha * dsign/dW_i).
"""

from __future__ import annotations

from torch import Tensor

from edgeq.qat import estimators
from edgeq.qat.quantizers import WeightQuantizer


class Weights(WeightQuantizer):
    """Signs with the mean magnitude of each output channel."""

    types = ("binary",)

    def scale(self, weight: Tensor) -> Tensor:
        return weight.flatten(1).abs().mean(1).clamp_min(1e-12)

    def steps(self, weight: Tensor) -> Tensor:
        return estimators.nearest_level(weight, self.stored)
