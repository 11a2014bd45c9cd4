"""Blocks of the zoo's networks that need operators of two activations, squeeze-excite and attention, or a state."""

from __future__ import annotations

import torch
from torch import nn


class MobileNetV3Block(nn.Module):
    """Expansion, depthwise, squeeze-excite with a hard sigmoid, projection and residual."""

    def __init__(self, channels: int, expanded: int) -> None:
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(channels, expanded, 1, bias=False), nn.BatchNorm2d(expanded))
        self.depthwise = nn.Sequential(
            nn.Conv2d(expanded, expanded, 3, 1, 1, groups=expanded, bias=False), nn.BatchNorm2d(expanded)
        )
        self.squeeze, self.excite = nn.Conv2d(expanded, 4, 1), nn.Conv2d(4, expanded, 1)
        self.project = nn.Sequential(nn.Conv2d(expanded, channels, 1, bias=False), nn.BatchNorm2d(channels))
        self.act = nn.Hardswish()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.act(self.depthwise(self.act(self.expand(x))))
        gate = nn.functional.adaptive_avg_pool2d(y, 1)
        gate = nn.functional.hardsigmoid(self.excite(torch.relu(self.squeeze(gate))))
        return x + self.project(y * gate)


class TransformerBlock(nn.Module):
    """Layer norm, two heads of attention, layer norm, GELU; a classifier over the mean."""

    def __init__(self, width: int = 12, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.head = nn.Linear(width, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(self.first(x)).chunk(3, dim=-1)
        split = (batch, length, self.heads, width // self.heads)
        q, k, v = (part.reshape(split).transpose(1, 2) for part in (q, k, v))
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).reshape(batch, length, width))
        x = x + self.mlp(self.second(x))
        return self.head(x.mean(dim=1))


class VisionTransformer(nn.Module):
    """Patches, a class token, positions, an encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(4, 16, 3, 3)
        self.token, self.positions = nn.Parameter(torch.randn(1, 1, 16)), nn.Parameter(torch.randn(1, 7, 16))
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 1)
        self.head = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.patches(x).flatten(2).transpose(1, 2)
        y = torch.cat([self.token.expand(1, -1, -1), y], 1) + self.positions
        return self.head(self.encoder(y)[:, 0])


class LanguageModel(nn.Module):
    """Token and position embeddings, a causal encoder, logits by the token table."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(40, 16), nn.Embedding(12, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        y = self.tokens(ids) + self.positions(torch.arange(12))
        y = self.layer(y, src_mask=nn.Transformer.generate_square_subsequent_mask(12), is_causal=True)
        return y @ self.tokens.weight.T


class GruSpotter(nn.Module):
    """Keyword spotting: a strided convolution over time, a GRU, its last output."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(6, 10, 4, 2), nn.ReLU())
        self.gru, self.head = nn.GRU(10, 14, batch_first=True), nn.Linear(14, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, _ = self.gru(self.conv(x).transpose(1, 2))
        return self.head(y[:, -1])


class LstmTagger(nn.Module):
    """Two bidirectional LSTM layers, a label for every step, and their last states."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(5, 9, 2, bidirectional=True, dropout=0.2), nn.Linear(18, 4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y, (h, _) = self.lstm(x.transpose(0, 1))
        return self.head(y).transpose(0, 1), torch.cat((h[-2], h[-1]), 1)


class Svdf(nn.Module):
    """A layer of SVDF as torch can say it: features go into a window, each unit weighs the windows of its rank."""

    def __init__(self, inputs: int, units: int, rank: int, length: int) -> None:
        super().__init__()
        self.rank = rank
        self.features = nn.Linear(inputs, units * rank, bias=False)
        self.filters = nn.Parameter(torch.randn(units * rank, length) / length)

    def forward(self, x: torch.Tensor, window: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        window = torch.cat([window[:, :, 1:], self.features(x).unsqueeze(-1)], 2)
        rows = (window * self.filters).sum(-1)
        return torch.relu(rows.reshape(1, -1, self.rank).sum(-1)), window


class SvdfSpotter(nn.Module):
    """A streaming keyword spotter: a frame of features an inference, two SVDF layers that remember the last ones."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.head = Svdf(10, 8, 2, 6), Svdf(8, 12, 1, 4), nn.Linear(12, 4)

    def forward(
        self, x: torch.Tensor, first: torch.Tensor, second: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y, first = self.one(x, first)
        y, second = self.two(y, second)
        return self.head(y), first, second


class StreamingLstm(nn.Module):
    """A spotter that hears a few frames an inference and keeps what its LSTM remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(8, 12, batch_first=True), nn.Linear(12, 5)

    def forward(
        self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y, (h, c) = self.lstm(x, (h, c))
        return self.head(y[:, -1]), h, c


class Gated(nn.Module):
    """Decisions inside a network: a gate chosen by a comparison, the best scores and where they are."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.other = nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(2, 6, 1)
        self.head = nn.Linear(6, 10)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        a, b = self.stem(x), self.other(x)
        y = torch.where((a > b) | (x.mean(1, keepdim=True) > 0.1), a, b)
        best = self.head(y.mean((2, 3))).topk(3).values
        return best, y.amax((2, 3))
