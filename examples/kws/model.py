"""DS-CNN for keyword spotting, the topology of MLPerf Tiny."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CLASSES = (
    "down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes",
    "silence", "unknown",
)  # fmt: skip


def separable(channels: int) -> list[nn.Module]:
    """A 3x3 depthwise and a 1x1 pointwise convolution, each with batch norm and ReLU."""
    return [
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    ]


class DSCNN(nn.Module):
    """One 10x4 convolution, four separable blocks, global average pool, one linear layer."""

    def __init__(
        self,
        classes: int = len(CLASSES),
        channels: int = 64,
        blocks: int = 4,
        dropout: float = 0.05,
    ) -> None:
        super().__init__()
        # 49x10 -> 25x5. With padding 5 the last padded row falls outside the last window, so the
        # padding that counts is 5 above and 4 below. (TensorFlow's "SAME" has 4 above, 5 below.)
        self.stem = nn.Sequential(
            nn.Conv2d(1, channels, (10, 4), stride=2, padding=(5, 1), bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(*(layer for _ in range(blocks) for layer in separable(channels)))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(channels, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 1, 49, 10] normalised MFCC -> logits [N, 12], classes ordered as CLASSES."""
        x = self.stem(x)
        # torch.export would keep a dropout that does nothing; an exported model has none.
        if self.training:
            x = self.dropout(x)
        x = torch.flatten(self.pool(self.blocks(x)), 1)
        if self.training:
            x = self.dropout(x)
        logits: Tensor = self.head(x)
        return logits


def dscnn() -> DSCNN:
    """The network with fresh weights."""
    return DSCNN()
