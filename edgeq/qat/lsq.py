"""LSQ: S. K. Esser, J. L. McKinstry, D. Bablani, R. Appuswamy, D. S. Modha, "Learned Step Size Quantization", ICLR
2020, arXiv 1902.08153.

The scale s is trained with everything else: with v = x / s and q = clamp(round(v)), the gradient of q * s with respect
to s is q - v inside the range and q beyond (equation 3), multiplied by g = 1 / sqrt(N * Q) with N values and Q the
largest level (section 2.2). Here weights have a scale per output channel, and scales start where the squared error is
least instead of at 2 * mean|w| / sqrt(Q); at few bits that start is nearer to where training ends.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from edgeq.ops.weight_types import WeightType
from edgeq.qat import estimators
from edgeq.qat.quantizers import ActivationQuantizer, WeightQuantizer, least_squares_scale, per_channel


class Weights(WeightQuantizer):
    """Weights with a learned scale per output channel."""

    def __init__(self, start: Tensor, stored: WeightType) -> None:
        super().__init__(start, stored)
        self.step = nn.Parameter(least_squares_scale(start, stored))
        self.factor = 1.0 / math.sqrt(start[0].numel() * stored.largest)

    def scale(self, weight: Tensor) -> Tensor:
        return estimators.scaled_gradient(self.step, self.factor).abs()

    def steps(self, weight: Tensor) -> Tensor:
        return estimators.nearest_level(weight / per_channel(self.scale(weight), weight), self.stored)


class Activations(ActivationQuantizer):
    """An activation with a learned scale."""

    def register_scale(self, scale: Tensor) -> None:
        self.step = nn.Parameter(scale)

    def scale(self) -> Tensor:
        return self.step.abs()

    def rounded(self, x: Tensor) -> Tensor:
        factor = 1.0 / math.sqrt(x[0].numel() * self.high)
        scale = estimators.scaled_gradient(self.scale(), factor)
        return estimators.fake_quantize(x, scale, self.low, self.high, self.zero_point)
