"""ReActNet: Z. Liu, Z. Shen, M. Savvides, K.-T. Cheng, "ReActNet: Towards Precise Binary Neural Network with
Generalized Activation Functions", ECCV 2020, arXiv 2003.03488: activation functions whose shift and shape are learned
per channel, for networks whose convolutions read signs. Put them into a network before it is prepared.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeq.qat import estimators
from edgeq.torch_operators import binarize


class RSign(nn.Module):
    """1 where x >= the channel's threshold, else -1; gradients as in Bi-Real Net. Channels are the second axis."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        if torch.compiler.is_exporting():
            return binarize(x, self.threshold)
        return estimators.signs(x, self.threshold)


class RPReLU(nn.Module):
    """x - gamma + zeta where x > gamma, else beta * (x - gamma) + zeta; the three are the channel's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(channels))
        self.zeta = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.full((channels,), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        shape = (-1, *(1,) * (x.dim() - 2))
        moved = nn.functional.prelu(x - self.gamma.reshape(shape), self.beta)
        return moved + self.zeta.reshape(shape)
