"""A keyword spotter that streams: log-mel bands, separable convolutions over time and frequency, a mean over a second.

Images are [N, channels, time, bands]. In time, convolutions are padded before their input alone, by their reach less
their stride, so that nothing depends on what comes and a stream computes what a whole recording does. An output is made
every 40 ms. The blocks are those of depthwise separable networks (Y. Zhang et al., Hello Edge, 2017, arXiv:1711.07128)
with shortcuts; strides over frequency keep the last ones small.
"""

from __future__ import annotations

import copy

import torch
from features import RATE, STEP
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval

from edgeq.audio import FrontEnd

#: frames of 30 ms every 20 ms; mean and std come from the training data
FRONT_END = FrontEnd(rate=RATE, frame=480, step=STEP, before=160, bands=40, low_hz=60.0, high_hz=7600.0, floor=1e-5)
#: frames that the last mean is over: a second
FRAMES = RATE // STEP
#: frames for each output
REDUCTION = 2


class Causal(nn.Conv2d):
    """A convolution without bias that sees the past only; `reach` and `stride` over time, over bands as they come."""

    def __init__(
        self, channels: int, made: int, reach: int, stride: int, bands: int, bands_stride: int, groups: int = 1
    ) -> None:
        super().__init__(
            channels, made, (reach, bands), (stride, bands_stride), (0, bands // 2), groups=groups, bias=False
        )
        self.before = reach - stride

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, T, bands] -> [N, made, T / stride, bands / bands_stride]."""
        return super().forward(functional.pad(x, (0, 0, self.before, 0)) if self.before else x)


class Block(nn.Sequential):
    """A depthwise and a pointwise convolution, with a shortcut where the shape stays."""

    def __init__(self, channels: int, made: int, reach: int, bands_stride: int) -> None:
        super().__init__(
            Causal(channels, channels, reach, 1, 3, bands_stride, groups=channels),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, made, 1, bias=False),
            nn.BatchNorm2d(made),
        )
        self.shortcut = bands_stride == 1 and channels == made

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, T, bands] -> [N, made, T, bands / bands_stride]."""
        y = super().forward(x)
        return functional.relu(x + y if self.shortcut else y)


class Spotter(nn.Module):
    """Features [N, 50, 40] -> logits [N, classes]; in training features [N, T, 40] -> logits of every window of 50
    frames that ends at an even one, [N, T / 2 - 24, classes]."""

    def __init__(self, classes: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = nn.Sequential(Causal(1, 24, 5, REDUCTION, 5, 2), nn.BatchNorm2d(24), nn.ReLU())
        self.blocks = nn.Sequential(
            Block(24, 48, 3, 2), Block(48, 48, 5, 1), Block(48, 64, 3, 2), Block(64, 64, 5, 1), Block(64, 64, 7, 1)
        )
        self.gather = nn.Sequential(  # all bands
            nn.Conv2d(64, 64, (1, 5), groups=64, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Conv2d(64, 96, 1, bias=False),
            nn.BatchNorm2d(96),
            nn.ReLU(),
        )
        self.head = nn.Linear(96, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Logits; see above."""
        x = x.unsqueeze(1)
        if self.training and x.device.type == "cpu":  # depthwise layers are slow in that layout on a GPU
            x = x.contiguous(memory_format=torch.channels_last)
        x = self.gather(self.blocks(self.stem(x)))
        logits: Tensor
        if not self.training:
            logits = self.head(x.mean((2, 3)))
            return logits
        means = functional.avg_pool2d(x, (FRAMES // REDUCTION, 1), 1).squeeze(3).transpose(1, 2)
        logits = self.head(self.dropout(means))
        return logits


def folded(model: nn.Module) -> nn.Module:
    """A copy for export whose batch norms are part of the convolutions before them."""
    model = copy.deepcopy(model)
    for own in [part for part in model.modules() if isinstance(part, nn.Sequential)]:
        for at in range(len(own) - 1):
            if isinstance(own[at], nn.Conv2d) and isinstance(own[at + 1], nn.BatchNorm2d):
                own[at], own[at + 1] = fuse_conv_bn_eval(own[at], own[at + 1]), nn.Identity()
    return model
