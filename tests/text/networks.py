"""A small encoder and a decoder's step with learned positions, for the tests of texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from edgeq.torch_moonshine import heads_of, joined
from edgeq.torch_operators import attend, save_encoder_decoder

LENGTH, MOMENTS, CHANNELS, HEADS, SLOTS, TOKENS = 800, 24, 16, 2, 7, 12
WIDTH = CHANNELS // HEADS
START, END = 10, 11
RATE = 8000


class Encoder(nn.Module):
    """A recording [1, LENGTH] -> keys and values [1, HEADS, MOMENTS, WIDTH]."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv1d(1, CHANNELS, 64, 32), nn.LayerNorm(CHANNELS)
        self.keys, self.values = nn.Linear(CHANNELS, CHANNELS), nn.Linear(CHANNELS, CHANNELS)

    def forward(self, recording: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.norm(torch.tanh(self.first(recording[:, None])).transpose(1, 2))
        return tuple(heads_of(part, x, WIDTH).transpose(1, 2) for part in (self.keys, self.values))


class Step(nn.Module):
    """A token at a position, with what the encoder made and caches of SLOTS slots."""

    def __init__(self, slots: int = SLOTS) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(TOKENS, CHANNELS), nn.Embedding(slots, CHANNELS)
        self.norms = nn.ModuleList(nn.RMSNorm(CHANNELS, eps=1e-5) for _ in range(3))
        self.own, self.other = (nn.ModuleList(nn.Linear(CHANNELS, CHANNELS) for _ in range(count)) for count in (4, 2))
        self.wide, self.narrow = nn.Linear(CHANNELS, 24), nn.Linear(24, CHANNELS)
        self.head = nn.Linear(CHANNELS, TOKENS)

    def forward(self, token: torch.Tensor, position: torch.Tensor, *kept: torch.Tensor) -> tuple[torch.Tensor, ...]:
        memory, caches = kept[:2], kept[2:]
        x = self.tokens(token) + self.positions(position)[:, None]
        query, *made = (heads_of(part, self.norms[0](x), WIDTH).transpose(1, 2) for part in self.own[:3])
        caches = tuple(cache.index_copy(2, position, row) for cache, row in zip(caches, made, strict=True))
        x = x + joined(attend(query, *caches, position, WIDTH**-0.5), self.own[3])
        query = heads_of(self.other[0], self.norms[1](x), WIDTH).transpose(1, 2)
        x = x + joined(functional.scaled_dot_product_attention(query, *memory), self.other[1])
        x = x + self.narrow(functional.gelu(self.wide(self.norms[2](x))))
        return self.head(x), *caches


def recordings(count: int, seed: int = 0) -> np.ndarray:
    """float32 [count, LENGTH] noise whose loudness changes."""
    rng = np.random.default_rng(seed)
    loud = np.repeat(10.0 ** rng.uniform(-2, -0.5, (count, LENGTH // 100)), 100, 1)
    return np.clip(rng.standard_normal((count, LENGTH)) * loud, -1, 1).astype(np.float32)


def modules(slots: int = SLOTS) -> tuple[Encoder, Step]:
    """Both, with random weights."""
    torch.manual_seed(5)
    encoder, step = Encoder().eval(), Step(slots).eval()
    for module, spread in ((encoder, 1.0), (step, 0.7)):
        for parameter in module.parameters():
            nn.init.normal_(parameter, 0.0, spread)
    return encoder, step


def examples(slots: int = SLOTS) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
    """Inputs of the two."""
    memory, caches = (torch.zeros(1, HEADS, size, WIDTH) for size in (MOMENTS, slots))
    token, position = torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)
    return (torch.zeros(1, LENGTH),), (token, position, memory, memory, caches, caches)


def saved(path: Path, **changes: object) -> Path:
    """The two as a file; `changes` to how texts are read."""
    known = {"start": START, "end": END, "longest": SLOTS, "labels": tuple("abcdefghij"), "rate": RATE, **changes}
    save_encoder_decoder(*modules(), examples(), path, **known)  # type: ignore[arg-type]
    return path


def texts(count: int, seed: int = 0) -> list[list[int]]:
    """What torch makes of `recordings`."""
    encoder, step = modules()
    found = []
    for recording in torch.from_numpy(recordings(count, seed)):
        with torch.no_grad():
            memory = encoder(recording[None])
            caches: tuple[torch.Tensor, ...] = (torch.zeros(1, HEADS, SLOTS, WIDTH),) * 2
            tokens = [START]
            while len(tokens) <= SLOTS and tokens[-1] != END:
                now = torch.tensor([[tokens[-1]]]), torch.tensor([len(tokens) - 1])
                scores, *caches = step(*now, *memory, *caches)  # type: ignore[assignment]
                tokens.append(int(scores.argmax()))
        found.append([token for token in tokens[1:] if token != END])
    return found
