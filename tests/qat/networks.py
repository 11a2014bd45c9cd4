"""Small networks of every kind of layer that training covers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Residual(nn.Module):
    """Convolutions (3x3, depthwise, 1x1) with batch norms, a sum, pools and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.stem_bn = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.depthwise_bn = nn.BatchNorm2d(8)
        self.point = nn.Conv2d(8, 8, 1)
        self.pool = nn.AvgPool2d(2)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, 8, 8] -> [N, 5]."""
        x = functional.relu(self.stem_bn(self.stem(x)))
        y = functional.relu(self.depthwise_bn(self.depthwise(x)))
        y = functional.relu(self.point(y) + x)
        return self.head(self.pool(y).mean((2, 3)))


def residual(seed: int = 0) -> nn.Module:
    """With batch norms that have seen something: some of their scales are negative, one is 0."""
    torch.manual_seed(seed)
    model = Residual()
    for norm in (model.stem_bn, model.depthwise_bn):
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
        nn.init.normal_(norm.running_mean)
        nn.init.uniform_(norm.running_var, 0.5, 2.0)
    with torch.no_grad():
        model.stem_bn.weight[3] = 0.0
    return model.eval()
