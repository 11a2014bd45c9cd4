"""A small recogniser of separable convolutions over time, which streams and looks ahead by speaking later.

Bands are channels, images are [N, bands, time, 1]. A convolution is padded before its input alone, by its reach less
its stride, so that a stream computes what a whole recording does. Shortcuts wait for the middle of what the
convolutions beside them have read, so that every block sees as far ahead as back: 1.28 s in all. Behind the last block
the network chooses itself how late it speaks, which CTC leaves to it (A. Graves et al., ICML 2006). A recording ends
with TAIL of silence.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from vocabulary import WORDS

#: samples of silence behind a recording
TAIL = 24000
#: frames whose mean is subtracted
LEVEL = 128
#: steps of the front end that an output stands for
REDUCTION = 4
#: frames that the convolutions of a block read
REACH = 9


class Causal(nn.Module):
    """A convolution over time, without bias."""

    def __init__(self, channels: int, made: int, reach: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.before = reach - stride
        self.convolution = nn.Conv2d(channels, made, (reach, 1), (stride, 1), groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, T, 1] -> [N, made, T / stride, 1]."""
        y: Tensor = self.convolution(functional.pad(x, (0, 0, self.before, 0)))
        return y


class Level(nn.Module):
    """Subtracts from every band its mean over the last LEVEL frames, silence before the recording being 0: what
    microphone, room and loudness add to a band (S. Furui, IEEE Trans. ASSP 29, 1981), as a stream can know it. As a
    depthwise convolution its weights are -1 and LEVEL - 1 times 1 / LEVEL, which are int8 exactly."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(bands, bands, (LEVEL, 1), groups=bands, bias=False)
        self.convolution.weight.requires_grad_(False)
        self.convolution.weight.fill_(-1 / LEVEL)
        self.convolution.weight[:, :, -1] += 1.0

    def forward(self, x: Tensor) -> Tensor:
        """[N, bands, T, 1] -> the same shape."""
        if self.training:  # the same, sooner
            sums = functional.pad(x.cumsum(2), (0, 0, LEVEL, 0))
            return x - (sums[:, :, LEVEL:] - sums[:, :, :-LEVEL]) / LEVEL
        y: Tensor = self.convolution(functional.pad(x, (0, 0, LEVEL - 1, 0)))
        return y


class Separable(nn.Sequential):
    """A depthwise and a pointwise convolution with a batch norm."""

    def __init__(self, channels: int, made: int, reach: int, stride: int = 1) -> None:
        super().__init__(
            Causal(channels, channels, reach, stride, groups=channels),
            nn.Conv2d(channels, made, 1, bias=False),
            nn.BatchNorm2d(made),
        )


class Block(nn.Module):
    """Two separable convolutions beside a shortcut that waits for the middle of what both have read."""

    def __init__(self, channels: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.ahead = reach - 1
        self.first = Separable(channels, channels, reach)
        self.second = Separable(channels, channels, reach)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, T, 1] -> the same shape."""
        waited = functional.pad(x, (0, 0, self.ahead, -self.ahead))
        y = functional.relu(waited + self.second(functional.relu(self.first(x))))
        return self.dropout(y) if self.training else y


class Recogniser(nn.Module):
    """Features [N, T, bands], T a multiple of 4 -> logits of blank and words [N, T / 4, 1 + words]. In training also
    those of blank and phones, [N, T / 4, 1 + phones], from the middle of the network."""

    def __init__(self, bands: int, phones: int, channels: int = 128, head: int = 192, dropout: float = 0.1) -> None:
        super().__init__()
        self.level = Level(bands)
        self.stem = nn.Sequential(Causal(bands, channels, 5, 2), nn.BatchNorm2d(channels), nn.ReLU())
        self.early = nn.Sequential(*(Block(channels, REACH, dropout) for _ in range(2)))
        self.down = nn.Sequential(Separable(channels, channels, 5, 2), nn.ReLU())
        self.middle = Block(channels, REACH, dropout)
        self.late = nn.Sequential(*(Block(channels, REACH, dropout) for _ in range(2)))
        self.head = nn.Sequential(
            Separable(channels, head, 11),
            nn.ReLU(),
            nn.Conv2d(head, head, 1, bias=False),
            nn.BatchNorm2d(head),
            nn.ReLU(),
        )
        self.words = nn.Conv2d(head, 1 + len(WORDS), 1)
        self.phones = nn.Conv2d(channels, 1 + phones, 1) if phones else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Logits; see above."""
        x = self.level(x.transpose(1, 2).unsqueeze(3))
        if self.training and not x.is_cuda:
            x = x.contiguous(memory_format=torch.channels_last)
        x = self.middle(self.down(self.early(self.stem(x))))
        between = x
        x = self.head(self.late(x))
        logits: Tensor = self.words(self.dropout(x) if self.training else x).squeeze(3).transpose(1, 2)
        if not self.training or self.phones is None:
            return logits
        return logits, self.phones(between).squeeze(3).transpose(1, 2)
