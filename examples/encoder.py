"""A transformer's encoder block with untrained weights, for `examples/bench.py --model encoder`: 32 tokens of 64
values, four heads of attention, a hidden layer of 128 with GELU, both behind layer norms, and a classifier."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

LENGTH, WIDTH, HEADS = 32, 64, 4


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.qkv(self.first(x)).chunk(3, dim=-1)
        q, k, v = (part.reshape(1, LENGTH, HEADS, WIDTH // HEADS).transpose(1, 2) for part in parts)
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).reshape(1, LENGTH, WIDTH))
        x = x + self.mlp(self.second(x))
        return self.head(x.mean(dim=1))


def write(path: Path) -> Path:
    """Exports the network, the same every time, to `path`."""
    torch.manual_seed(0)
    torch.export.save(torch.export.export(Encoder().eval(), (torch.randn(1, LENGTH, WIDTH),)), path)
    return path
