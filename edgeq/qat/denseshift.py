"""DenseShift: X. Li, B. Liu, R. H. Yang, V. Courville, C. Xing, V. Partovi Nia, "DenseShift: Towards Accurate and
Efficient Low-Bit Power-of-Two Quantization", ICCV 2023, arXiv 2208.09708.

Weights are powers of two with a sign and never zero: w_q = sign(w) * 2^s. The exponent has latent numbers of its own
instead of the logarithm of w, one a level: s_0 = 0, s_t = H(w_t) * (s_{t-1} + 1), H 1 for w_t >= 0 and 0 below
(the sign-scale decomposition). Sign and H pass gradients unchanged. Exponents go up to 6 for pow2 weights and up to 2
for int4 ones, whose integers they have to fit; a scale per output channel is learned with them (edgeq.qat.lsq).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from edgeq.ops.weight_types import INT4, POW2, WeightType
from edgeq.qat import estimators
from edgeq.qat.quantizers import WeightQuantizer, least_squares_scale, per_channel

#: type of weights -> those of its levels that are used
LEVELS = {INT4.name: WeightType("power of two", 4, (-4, -2, -1, 1, 2, 4)), POW2.name: POW2}
#: magnitude of the latent numbers at the start: small, so that few steps turn one over
LATENT = 0.01


class Weights(WeightQuantizer):
    """Zero-free powers of two; the layer's own weights only have their signs."""

    types = tuple(LEVELS)

    def __init__(self, start: Tensor, stored: WeightType) -> None:
        super().__init__(start, stored)
        levels = LEVELS[stored.name]
        largest_shift = levels.largest.bit_length() - 1
        self.step = nn.Parameter(least_squares_scale(start, levels))
        self.factor = 1.0 / math.sqrt(start[0].numel() * levels.largest)
        steps = levels.nearest((start / per_channel(self.step, start)).detach().numpy())
        shift = torch.from_numpy(abs(steps)).float().log2()
        self.shifts = nn.Parameter(
            torch.stack([torch.where(shift >= largest_shift - t, LATENT, -LATENT) for t in range(largest_shift)])
        )

    def scale(self, weight: Tensor) -> Tensor:
        return estimators.scaled_gradient(self.step, self.factor).abs()

    def steps(self, weight: Tensor) -> Tensor:
        exponent = torch.zeros_like(weight)
        for latent in self.shifts:
            exponent = estimators.heaviside(latent) * (exponent + 1.0)
        return estimators.sign_through(weight) * torch.exp2(exponent)
