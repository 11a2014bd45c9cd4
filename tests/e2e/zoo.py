"""Small networks after well-known architectures, with random weights. A network is one entry of NETWORKS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from tests.e2e.zoo_blocks import (
    Gated,
    GruSpotter,
    LanguageModel,
    LstmTagger,
    MobileNetV3Block,
    StreamingLstm,
    SvdfSpotter,
    TransformerBlock,
    VisionTransformer,
)


@dataclass(frozen=True)
class Entry:
    """How a network is made, the shapes of its inputs, and which of its outputs are states (as --state has it)."""

    make: Callable[[], nn.Module]
    shapes: tuple[tuple[int, ...], ...]
    kind: torch.dtype = torch.float32
    states: tuple[str, ...] = ()


def conv_bn(in_c: int, out_c: int, kernel: int, stride: int = 1, groups: int = 1, act: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(in_c, out_c, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(out_c),
    ]  # fmt: skip
    return nn.Sequential(*layers, *([nn.ReLU()] if act else []))


def separable(in_c: int, out_c: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(conv_bn(in_c, in_c, 3, stride, groups=in_c), conv_bn(in_c, out_c, 1))


def ds_cnn() -> nn.Module:
    """Keyword spotting: a stem and depthwise separable blocks."""
    blocks = [separable(12, 12) for _ in range(2)]
    stem = nn.Sequential(nn.Conv2d(1, 12, (10, 4), 2, (5, 1)), nn.BatchNorm2d(12), nn.ReLU())
    return nn.Sequential(stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5), nn.Softmax(-1))


class BasicBlock(nn.Module):
    def __init__(self, in_c: int, out_c: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(in_c, out_c, 3, stride), conv_bn(out_c, out_c, 3, act=False))
        same = in_c == out_c and stride == 1
        self.skip = nn.Identity() if same else conv_bn(in_c, out_c, 1, stride, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.skip(x))


def resnet8() -> nn.Module:
    blocks = [BasicBlock(8, 8), BasicBlock(8, 12, 2), BasicBlock(12, 16, 2)]
    return nn.Sequential(conv_bn(3, 8, 3), *blocks, nn.AvgPool2d(4), nn.Flatten(), nn.Linear(16, 10))


def resnet18() -> nn.Module:
    """The stem with a pool, two blocks a stage."""
    stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
    blocks = [BasicBlock(8, 8), BasicBlock(8, 8), BasicBlock(8, 12, 2), BasicBlock(12, 12)]
    return nn.Sequential(stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 6))


def mobilenet_v1() -> nn.Module:
    blocks = [separable(8, 16), separable(16, 24, 2), separable(24, 24)]
    return nn.Sequential(conv_bn(3, 8, 3, 2), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 2))


class InvertedResidual(nn.Module):
    """MobileNetV2: expand, depthwise, project; ReLU6."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(),
            nn.Conv2d(hidden, hidden, 3, 1, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(),
            nn.Conv2d(hidden, channels, 1, bias=False), nn.BatchNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def mobilenet_v2() -> nn.Module:
    blocks = [InvertedResidual(8, 24), InvertedResidual(8, 24)]
    return nn.Sequential(conv_bn(3, 8, 3, 2), *blocks, nn.Hardswish(), nn.Conv2d(8, 4, 1), nn.Flatten())


class TemporalBlock(nn.Module):
    """A TCN's residual block: causal dilated convolutions over a signal."""

    def __init__(self, in_c: int, out_c: int, dilation: int) -> None:
        super().__init__()
        self.reach = 2 * dilation
        self.first = nn.Conv1d(in_c, out_c, 3, dilation=dilation)
        self.second = nn.Conv1d(out_c, out_c, 3, dilation=dilation)
        self.skip = nn.Conv1d(in_c, out_c, 1) if in_c != out_c else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first(nn.functional.pad(x, (self.reach, 0))))
        y = torch.relu(self.second(nn.functional.pad(y, (self.reach, 0))))
        return torch.relu(y + self.skip(x))


class Tcn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(TemporalBlock(4, 8, 1), TemporalBlock(8, 8, 2), TemporalBlock(8, 8, 4))
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(x)[:, :, -1])


def autoencoder() -> nn.Module:
    sizes = (40, 16, 16, 4, 16, 16)
    layers = [part for i, o in pairwise(sizes) for part in (nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(16, 40))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.top, self.middle, self.bottom = conv_bn(1, 6, 3), conv_bn(6, 8, 3), conv_bn(8, 12, 3)
        self.pool = nn.MaxPool2d(2)
        self.up_middle, self.up_top = nn.ConvTranspose2d(12, 8, 2, 2), nn.ConvTranspose2d(8, 6, 4, 2, 1)
        self.join_middle, self.join_top = conv_bn(16, 8, 3), conv_bn(12, 6, 3)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top = self.top(x)
        middle = self.middle(self.pool(top))
        bottom = self.bottom(self.pool(middle))
        y = self.join_middle(torch.cat([torch.relu(self.up_middle(bottom)), middle], 1))
        return self.head(self.join_top(torch.cat([self.up_top(y), top], 1)))


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = conv_bn(6, 4, 1)
        self.three = nn.Sequential(conv_bn(6, 3, 1), conv_bn(3, 6, 3))
        self.five = nn.Sequential(conv_bn(6, 2, 1), conv_bn(2, 3, 5))
        self.pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), conv_bn(6, 3, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1)


class ShuffleUnit(nn.Module):
    """ShuffleNet: grouped 1x1, shuffle, depthwise, grouped 1x1."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.first = conv_bn(channels, channels, 1, groups=groups)
        self.depthwise = conv_bn(channels, channels, 3, groups=channels, act=False)
        self.last = conv_bn(channels, channels, 1, groups=groups, act=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, channels, height, width = x.shape
        y = self.first(x).view(batch, self.groups, channels // self.groups, height, width)
        y = y.transpose(1, 2).reshape(batch, channels, height, width)
        return torch.relu(x + self.last(self.depthwise(y)))


class ShuffleV2Unit(nn.Module):
    """ShuffleNetV2: half of the channels pass, then all are shuffled."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(6, 6, 1), conv_bn(6, 6, 3, groups=6, act=False), conv_bn(6, 6, 1))
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept, changed = x.chunk(2, 1)
        return self.shuffle(torch.cat([kept, self.body(changed)], 1))


class Dense(nn.Module):
    """DenseNet: every layer reads all before it, norm and activation first."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(6 + 4 * i) for i in range(3))
        self.convs = nn.ModuleList(nn.Conv2d(6 + 4 * i, 4, 3, padding=1, bias=False) for i in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for norm, conv in zip(self.norms, self.convs, strict=True):
            x = torch.cat([x, conv(torch.relu(norm(x)))], 1)
        return x


def speech() -> nn.Module:
    """Convolutions over raw samples (M5)."""
    return nn.Sequential(
        nn.Conv1d(1, 8, 16, 4), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(4),
        nn.Conv1d(8, 12, 3), nn.BatchNorm1d(12), nn.ReLU(), nn.MaxPool1d(2),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(12, 4),
    )  # fmt: skip


def separable_signal() -> nn.Module:
    """Depthwise separable convolutions over a signal, with channel multipliers."""
    return nn.Sequential(
        nn.Conv1d(3, 6, 5, padding="same", groups=3), nn.Conv1d(6, 8, 1), nn.BatchNorm1d(8), nn.ReLU(),
        nn.Conv1d(8, 8, 9, 2, 4, groups=8), nn.Conv1d(8, 12, 1), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3),
    )  # fmt: skip


class Fire(nn.Module):
    """SqueezeNet."""

    def __init__(self, in_c: int, squeezed: int, out_c: int) -> None:
        super().__init__()
        self.squeeze = nn.Sequential(nn.Conv2d(in_c, squeezed, 1), nn.ReLU())
        self.small, self.large = nn.Conv2d(squeezed, out_c, 1), nn.Conv2d(squeezed, out_c, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.squeeze(x)
        return torch.cat([torch.relu(self.small(y)), torch.relu(self.large(y))], 1)


def squeezenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(8, 3, 6), Fire(12, 4, 8),
        nn.Conv2d(16, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


class TwoInputs(nn.Module):
    """An image and a vector of facts about it."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(conv_bn(2, 6, 3, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.facts = nn.Sequential(nn.Linear(5, 6), nn.ReLU())
        self.head = nn.Linear(12, 3)

    def forward(self, image: torch.Tensor, facts: torch.Tensor) -> torch.Tensor:
        return self.head(torch.cat([self.image(image), self.facts(facts)], 1))


class TwoOutputs(nn.Module):
    """A detector's heads at two scales."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.down = conv_bn(3, 8, 3, 2), conv_bn(8, 12, 3, 2)
        self.up = nn.Upsample(scale_factor=2)
        self.coarse, self.fine = nn.Conv2d(12, 6, 1), nn.Conv2d(20, 6, 3, padding=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        near = self.stem(x)
        far = self.down(near)
        return self.coarse(far), torch.sigmoid(self.fine(torch.cat([self.up(far), near], 1)))


class SuperResolution(nn.Module):
    """ESPCN with a bilinear skip: channels become pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(2), nn.Conv2d(1, 8, 5), nn.Tanh(), nn.Conv2d(8, 4, 3, padding=1), nn.PixelShuffle(2)
        )
        self.skip = nn.UpsamplingBilinear2d(scale_factor=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.skip(x)


class SignalAutoencoder(nn.Module):
    """Strided convolutions and back by transposed ones."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv1d(2, 6, 4, 2, 1), nn.ReLU(), nn.Conv1d(6, 8, 4, 2, 1), nn.ReLU())
        self.up = nn.Sequential(nn.ConvTranspose1d(8, 6, 4, 2, 1), nn.ReLU(), nn.ConvTranspose1d(6, 2, 4, 2, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(self.down(x))


NETWORKS = {
    "autoencoder": Entry(autoencoder, ((1, 40),)),
    "dense": Entry(lambda: nn.Sequential(conv_bn(2, 6, 3), Dense(), nn.AvgPool2d(2)), ((1, 2, 8, 8),)),
    "ds_cnn": Entry(ds_cnn, ((1, 1, 25, 10),)),
    "gated": Entry(Gated, ((1, 2, 8, 8),)),
    "gru_spotter": Entry(GruSpotter, ((1, 6, 20),)),
    "inception": Entry(lambda: nn.Sequential(conv_bn(2, 6, 3, 2), Inception()), ((1, 2, 14, 12),)),
    "language_model": Entry(LanguageModel, ((1, 12),), torch.int64),
    "lstm_tagger": Entry(LstmTagger, ((1, 7, 5),)),
    "mobilenet_v1": Entry(mobilenet_v1, ((1, 3, 16, 16),)),
    "mobilenet_v2": Entry(mobilenet_v2, ((1, 3, 12, 12),)),
    "mobilenet_v3": Entry(lambda: nn.Sequential(conv_bn(3, 8, 3, 2), MobileNetV3Block(8, 16)), ((1, 3, 12, 12),)),
    "resnet18": Entry(resnet18, ((1, 3, 24, 24),)),
    "resnet8": Entry(resnet8, ((1, 3, 16, 16),)),
    "separable_signal": Entry(separable_signal, ((1, 3, 24),)),
    "shuffle": Entry(lambda: nn.Sequential(conv_bn(3, 12, 3, 2), ShuffleUnit(12, 3)), ((1, 3, 12, 12),)),
    "shuffle_v2": Entry(lambda: nn.Sequential(conv_bn(3, 12, 3, 2), ShuffleV2Unit()), ((1, 3, 12, 12),)),
    "signal_autoencoder": Entry(SignalAutoencoder, ((1, 2, 32),)),
    "speech": Entry(speech, ((1, 1, 400),)),
    "squeezenet": Entry(squeezenet, ((1, 3, 24, 24),)),
    "streaming_lstm": Entry(StreamingLstm, ((1, 3, 8), (1, 1, 12), (1, 1, 12)), states=("h=1", "c=2")),
    "super_resolution": Entry(SuperResolution, ((1, 1, 8, 9),)),
    "svdf_spotter": Entry(SvdfSpotter, ((1, 10), (1, 16, 6), (1, 12, 4)), states=("first=1", "second=2")),
    "tcn": Entry(Tcn, ((1, 4, 30),)),
    "transformer": Entry(TransformerBlock, ((1, 6, 12),)),
    "two_inputs": Entry(TwoInputs, ((1, 2, 9, 9), (1, 5))),
    "two_outputs": Entry(TwoOutputs, ((1, 3, 16, 16),)),
    "unet": Entry(UNet, ((1, 1, 16, 12),)),
    "vision_transformer": Entry(VisionTransformer, ((1, 4, 9, 6),)),
}
