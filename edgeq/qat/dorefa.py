"""DoReFa-Net: S. Zhou, Y. Wu, Z. Ni, X. Zhou, H. Wen, Y. Zou, "DoReFa-Net: Training Low Bitwidth Convolutional Neural
Networks with Low Bitwidth Gradients", 2016, arXiv 1606.06160, section 2.3.

w_q = 2 * quantize_k(tanh(w) / (2 max|tanh(w)|) + 1/2) - 1 with quantize_k(r) = round((2^k - 1) r) / (2^k - 1): the odd
numbers up to 2^k - 1, divided by it. For k = 2 these are the levels of int2; other types take the nearest of their own
levels to tanh(w) / max|tanh(w)| times the largest. For k = 1, w_q = sign(w) * E|w|. The paper's weights then reach 1,
and a batch norm makes up for it; here they keep the mean magnitude that they start with, so that layers without a batch
norm can be trained as well.
"""

from __future__ import annotations

import torch
from torch import Tensor

from edgeq.ops import weight_types
from edgeq.ops.weight_types import WeightType
from edgeq.qat import estimators
from edgeq.qat.quantizers import WeightQuantizer


class Weights(WeightQuantizer):
    """Weights of one scale a layer, squeezed by tanh before they are rounded."""

    def __init__(self, start: Tensor, stored: WeightType) -> None:
        super().__init__(start, stored)
        self.register_buffer("size", start.abs().mean() / self.steps(start).abs().mean())

    def scale(self, weight: Tensor) -> Tensor:
        size = weight.detach().abs().mean() if self.stored is weight_types.BINARY else self.size
        return size.clamp_min(1e-12).reshape(1)

    def steps(self, weight: Tensor) -> Tensor:
        squeezed = torch.tanh(weight)
        largest = squeezed.detach().abs().max().clamp_min(1e-12)
        return estimators.nearest_level(squeezed / largest * self.stored.largest, self.stored)
