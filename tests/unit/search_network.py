"""A small network with each kind of layer that has weights, and data whose labels are its own answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgeq import reference
from edgeq.board import load_board
from edgeq.ir.graph import Graph
from edgeq.precision_search.options import options_of, quantizations_of
from edgeq.precision_search.work import Work
from edgeq.quantize.data import Samples
from edgeq.quantize.observe import OBSERVERS, histograms
from tests.unit.test_import import imported


class Small(nn.Module):
    """Convolution, depthwise and pointwise convolution, linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.pointwise = nn.Conv2d(8, 32, 1)
        self.head = nn.Linear(128, 5, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.depthwise(torch.relu(self.first(x))))
        return self.head(nn.functional.avg_pool2d(torch.relu(self.pointwise(y)), 3).flatten(1))


def module() -> nn.Module:
    torch.manual_seed(3)
    return Small().eval()


def samples(count: int, seed: int) -> np.ndarray:
    """Inputs in the model's own layout."""
    return 3 * np.random.default_rng(seed).standard_normal((count, 2, 6, 6)).astype(np.float32)


def labels(x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return module()(torch.from_numpy(x)).argmax(dim=1).numpy()


def write(folder: Path) -> dict[str, Path]:
    """model.pt2, calib.npz and eval.npz."""
    paths = {name: folder / name for name in ("model.pt2", "calib.npz", "eval.npz")}
    torch.export.save(torch.export.export(module(), (torch.zeros(1, 2, 6, 6),)), paths["model.pt2"])
    np.savez(paths["calib.npz"], x=samples(48, seed=0))
    x = samples(64, seed=1)
    np.savez(paths["eval.npz"], x=x, y=labels(x))
    return paths


def work(precisions: tuple[str, ...], board: str = "cortex-m4") -> Work:
    graph: Graph = imported(module(), torch.zeros(1, 2, 6, 6))
    (name,) = graph.inputs
    perm = graph.boundary[name].perm
    calibration = Samples({name: samples(48, seed=0).transpose(perm)}, None)
    evaluation = samples(64, seed=1).transpose(perm)
    exact = reference.run(graph, {name: evaluation})[graph.outputs[0]]
    found = histograms(graph, calibration.inputs)
    return Work(
        graph,
        load_board(board),
        calibration,
        Samples({name: evaluation}, exact.argmax(axis=1)),
        options_of(graph, found, precisions),
        {observer: quantizations_of(graph, found, observer) for observer in OBSERVERS},
        {"file": "small", "sha256": ""},
    )
