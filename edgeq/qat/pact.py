"""PACT: J. Choi, Z. Wang, S. Venkataramani, P. Chuang, V. Srinivasan, K. Gopalakrishnan, "PACT: Parameterized Clipping
Activation for Quantized Neural Networks", 2018, arXiv 1805.06085.

A relu's output is clipped at a trained alpha, y = 0.5 * (|x| - |x - alpha| + alpha), and rounded to alpha / (2^k - 1)
steps. Rounding passes gradients unchanged, so that dy/dalpha is 1 where x >= alpha and 0 below (equation 3). Here k is
8, and an activation with negative values is clipped on both sides, alpha being the whole span.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeq.qat.quantizers import ActivationQuantizer


class Activations(ActivationQuantizer):
    """An activation with a trained clip. Give it weight decay: the paper's loss has alpha^2 in it."""

    def register_scale(self, scale: Tensor) -> None:
        self.alpha = nn.Parameter(scale * (self.high - self.low))

    def scale(self) -> Tensor:
        return self.alpha.abs() / (self.high - self.low)

    def rounded(self, x: Tensor) -> Tensor:
        scale = self.scale()
        bottom, top = (scale * (end - self.zero_point) for end in (self.low, self.high))
        clipped = torch.minimum(torch.maximum(x, bottom), top)
        steps = (clipped.detach() * (1.0 / scale.detach())).round()
        return clipped + (steps * scale.detach() - clipped.detach())
