"""Networks that hear, for the tests of streams."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from edgeq import pipeline
from edgeq.audio import FrontEnd
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph, Quantization
from edgeq.quantize.data import Samples
from edgeq.quantize.recipe import load_recipe
from edgeq.torch_operators import FrontEndLayer, save

FRONT_END = FrontEnd(rate=8000, frame=200, step=80, before=120, fft=256, preemphasis=0.97, bands=12, high_hz=3800.0)
#: 48 frames
LENGTH = 48 * 80


class Causal(nn.Module):
    """A convolution over (time, bands), padded before in time, with a relu."""

    def __init__(self, channels: int, made: int, reach: int, stride: int = 1, groups: int = 1, pad: int | None = None):
        super().__init__()
        self.before = reach - stride if pad is None else pad
        self.convolution = nn.Conv2d(channels, made, (reach, 3), (stride, 1), padding=(0, 1), groups=groups)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = functional.relu(self.convolution(functional.pad(x, (0, 0, self.before, 0))))
        return y


class Spotter(nn.Module):
    """Classifies: two strides in time, a depthwise layer, a shortcut, a mean over all that was heard."""

    def __init__(self, own: FrontEnd = FRONT_END, pad: int | None = None) -> None:
        super().__init__()
        self.front_end = FrontEndLayer(own)
        self.first, self.depthwise = Causal(1, 8, 5, 2, pad=pad), Causal(8, 8, 3, groups=8)
        self.strided, self.beside = Causal(8, 8, 4, 2), Causal(8, 8, 3)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.strided(self.depthwise(self.first(self.front_end(x)[:, None])))
        y = y + self.beside(y)
        z: torch.Tensor = torch.softmax(self.head(y.mean(dim=(2, 3))), 1)
        return z


class Branches(nn.Module):
    """Three layers that read an activation's past, two of them as far, and a mean of it."""

    def __init__(self) -> None:
        super().__init__()
        self.front_end = FrontEndLayer(FRONT_END)
        self.first, self.one, self.other = Causal(1, 4, 3, 2), Causal(4, 4, 3), Causal(4, 4, 3)
        self.longer, self.head = Causal(4, 4, 5), nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(self.front_end(x)[:, None])
        z = self.one(y) + self.other(y) + self.longer(y)
        made: torch.Tensor = self.head(z.mean(dim=(2, 3)) + y.mean(dim=(2, 3)))
        return made


class Reader(nn.Module):
    """Scores of labels for every second frame: bands are channels."""

    def __init__(self) -> None:
        super().__init__()
        self.front_end = FrontEndLayer(FRONT_END)
        self.first, self.labels = nn.Conv2d(12, 8, (4, 1), (2, 1)), nn.Conv2d(8, 6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.front_end(x).transpose(1, 2).unsqueeze(3)
        y = torch.relu(self.first(functional.pad(y, (0, 0, 2, 0))))
        z: torch.Tensor = self.labels(y).squeeze(3).transpose(1, 2)
        return z


class Ahead(nn.Module):
    """Scores of labels for every second frame, beside shortcuts that wait: written both ways, one as long as a
    convolution's window and one longer."""

    def __init__(self) -> None:
        super().__init__()
        self.front_end = FrontEndLayer(FRONT_END)
        self.first = nn.Conv2d(12, 8, (4, 1), (2, 1))
        self.one, self.other = nn.Conv2d(8, 8, (3, 1)), nn.Conv2d(8, 8, (3, 1), groups=8)
        self.labels = nn.Conv2d(8, 6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.front_end(x).transpose(1, 2).unsqueeze(3)
        y = torch.relu(self.first(functional.pad(y, (0, 0, 2, 0))))
        y = torch.relu(self.one(functional.pad(y, (0, 0, 2, 0))) + functional.pad(y, (0, 0, 2, -2)))
        y = self.other(functional.pad(y, (0, 0, 2, 0))) + functional.pad(y, (0, 0, 3, 0))[:, :, : y.shape[2]]
        z: torch.Tensor = self.labels(y).squeeze(3).transpose(1, 2)
        return z


class Recurrent(nn.Module):
    """Scores of labels for every second frame, from a convolution, a gru and an lstm."""

    def __init__(self, bidirectional: bool = False) -> None:
        super().__init__()
        self.front_end = FrontEndLayer(FRONT_END)
        self.first = nn.Conv2d(12, 8, (4, 1), (2, 1))
        self.gru = nn.GRU(8, 6, batch_first=True, bidirectional=bidirectional)
        self.lstm = nn.LSTM(12 if bidirectional else 6, 5, batch_first=True)
        self.labels = nn.Linear(5, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.front_end(x).transpose(1, 2).unsqueeze(3)
        y = torch.relu(self.first(functional.pad(y, (0, 0, 2, 0))))
        y, _ = self.gru(y.squeeze(3).transpose(1, 2))
        y, _ = self.lstm(y)
        z: torch.Tensor = self.labels(y)
        return z


def recordings(count: int, length: int = LENGTH, seed: int = 0) -> np.ndarray:
    """int16 noise whose loudness and colour change."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((count, length + 8))
    loud = np.repeat(10.0 ** rng.uniform(1, 4, (count, -(-length // 400))), 400, 1)[:, :length]
    smooth = np.stack(
        [np.convolve(row, np.ones(n) / n, "same") for row, n in zip(noise, rng.integers(1, 9, count), strict=True)]
    )
    return np.clip(np.rint(smooth[:, :length] * loud), -32768, 32767).astype(np.int16)


def saved(module: nn.Module, path: Path, decoding: str = "classes", length: int = LENGTH) -> Path:
    """The module with random weights, as a file with labels."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0.0, 0.35)
    labels = ("", *"abcde") if decoding == "ctc" else ("yes", "no", "go", "silence", "unknown")
    save(module, (torch.zeros(1, length),), path, labels, decoding)
    return path


@lru_cache
def imported(path: Path) -> Graph:
    """The float graph of a file."""
    return pipeline.import_model(ModelSource(path))


def integer(path: Path, recipe: str = "int8") -> Graph:
    """The integer graph of a file, calibrated on noise."""
    graph = imported(path)
    (name,) = graph.inputs
    (length,) = graph.tensor(name).shape[1:]
    data = Samples({name: recordings(16, length).astype(np.float32) / 32768.0}, None)
    return pipeline.quantize(graph, data, load_recipe(recipe))


def front_end(**changes: float) -> FrontEnd:
    """FRONT_END with other numbers."""
    return replace(FRONT_END, **changes)  # type: ignore[arg-type]


def quantization(scale: float, zero_point: int) -> Quantization:
    """Of a tensor."""
    return Quantization.per_tensor(scale, zero_point)
