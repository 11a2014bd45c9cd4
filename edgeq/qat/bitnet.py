"""BitNet b1.58: S. Ma et al., "The Era of 1-bit LLMs: All Large Language Models are in 1.58 Bits", 2024, arXiv
2402.17764, section 2; with the median, for small networks: J. Nielsen, P. Schneider-Kamp, "BitNet b1.58 Reloaded:
State-of-the-art Performance Also on Smaller Networks", 2024, arXiv 2407.09527.

w_q = gamma * clamp(round(w / gamma), -1, 1), gamma the mean (median) of |w|; gradients pass unchanged, beyond the
levels too. In the papers gamma is the layer's, here the output channel's.
"""

from __future__ import annotations

from torch import Tensor

from edgeq.qat import estimators
from edgeq.qat.quantizers import WeightQuantizer, per_channel


class MeanWeights(WeightQuantizer):
    """Ternary weights in units of their mean magnitude."""

    types = ("ternary",)

    def scale(self, weight: Tensor) -> Tensor:
        return weight.detach().flatten(1).abs().mean(1).clamp_min(1e-12)

    def steps(self, weight: Tensor) -> Tensor:
        v = weight / per_channel(self.scale(weight), weight)
        return estimators.nearest_level(v, self.stored, beyond=True)


class MedianWeights(MeanWeights):
    """Ternary weights in units of their median magnitude."""

    def scale(self, weight: Tensor) -> Tensor:
        magnitude = weight.detach().flatten(1).abs()
        return magnitude.quantile(0.5, dim=1).clamp_min(1e-12)
