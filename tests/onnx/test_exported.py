"""What torch's exporter writes, imported, computes what eager torch computes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from edgeq import pipeline
from edgeq.ir import verify
from edgeq.ir.graph import Graph
from tests.unit import test_import_blocks as blocks
from tests.unit import test_import_choices as choices
from tests.unit.test_import import randomized, run
from tests.unit.test_import_arithmetic import Formula, decibels, random_input

pytest.importorskip("onnx")
from edgeq.frontend.onnx import program

IMAGE, SEQUENCE = blocks.IMAGE, blocks.SEQUENCE
#: the exporter has no form of these, or (divisor) leaves something out
NOT_EXPORTED = (
    "adaptive_average", "adaptive_maximum", "bicubic", "divisor", "encoder", "encoder_norm_first", "shrunk",
    "tiled_without_a_batch",
)  # fmt: skip


class Norms(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.Sequential(nn.InstanceNorm2d(4, affine=True), nn.GroupNorm(2, 4), nn.LayerNorm(7))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.parts(x)


def resized(x: torch.Tensor) -> torch.Tensor:
    corners = F.interpolate(x, size=(18, 14), mode="bilinear", align_corners=True)
    return F.interpolate(x, scale_factor=2) + F.interpolate(x, scale_factor=2, mode="bilinear") * corners


def shuffled(x: torch.Tensor) -> torch.Tensor:
    return F.pixel_unshuffle(F.pixel_shuffle(x, 2).repeat(1, 4, 1, 1), 2)


def padded(x: torch.Tensor) -> torch.Tensor:
    sides = (1, 2, 2, 1)
    return F.pad(x, sides, mode="reflect") + F.pad(x, sides, mode="replicate") + F.pad(x, sides, value=0.5)


def reduced(x: torch.Tensor) -> torch.Tensor:
    return x.amax((2, 3)) + x.amin((2, 3)) + x.norm(dim=(2, 3)) + x.argmax(3).float().mean(2) * 0.1


def activated(x: torch.Tensor) -> torch.Tensor:
    return F.silu(x) + F.mish(x) + F.gelu(x) + F.gelu(x, approximate="tanh") + F.log_softmax(x, 1)


NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    **{name: entry for name, entry in blocks.NETWORKS.items() if name not in NOT_EXPORTED},
    "norms": (Norms(), IMAGE),
    "resized": (Formula(lambda x, c: resized(c(x)), nn.Conv2d(4, 3, 1)), IMAGE),
    "shuffled": (Formula(lambda x, c: shuffled(c(x)), nn.Conv2d(4, 4, 1)), IMAGE),
    "padded": (Formula(lambda x, c: padded(c(x)), nn.Conv2d(4, 3, 1)), IMAGE),
    "reduced": (Formula(lambda x, c: reduced(c(x)), nn.Conv2d(4, 3, 1)), IMAGE),
    "activated": (Formula(lambda x, c: activated(c(x)), nn.Conv2d(4, 3, 1)), IMAGE),
    "prelu": (nn.Sequential(nn.Conv2d(4, 3, 1), nn.PReLU(3), nn.PReLU()), IMAGE),
    "tiled": (Formula(lambda x, c: c(x).repeat(1, 2, 1, 3) + x.mean(1, True).expand(1, 6, 9, 7).repeat(1, 1, 1, 3),
                      nn.Conv2d(4, 3, 1)), IMAGE),
    "transposed": (nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1), IMAGE),
    "transposed_signal": (nn.ConvTranspose1d(10, 6, 4, 2, 1), SEQUENCE),
}  # fmt: skip


def exported(module: nn.Module, example: torch.Tensor, path: Path) -> Graph:
    """The canonical graph of a module's ONNX file, without the process that reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        torch.onnx.export(module, (example,), str(path), dynamo=False, opset_version=17)
    return pipeline.canonicalize(verify.run(program.load(path, "model"), "import"))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_import_computes_the_same(name: str, tmp_path: Path) -> None:
    module, shape = NETWORKS[name]
    module = randomized(module)
    graph = exported(module, torch.zeros(shape), tmp_path / "model.onnx")
    x = random_input(shape, 16)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None].clone()).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=2e-5)
    assert decibels(graph, x.numpy()) > (blocks.LEAST_DB_OF_COMPARISONS if name == "of_two" else blocks.LEAST_DB)


@pytest.mark.parametrize("name", sorted(set(choices.NETWORKS) - set(choices.NOT_EXPORTED)))
def test_choices_compute_the_same(name: str, tmp_path: Path) -> None:
    module, shape = choices.NETWORKS[name]
    module = randomized(module)
    graph = exported(module, torch.zeros(shape), tmp_path / "model.onnx")
    x = random_input(shape, 16)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None].clone()).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=2e-5)


def test_embeddings_of_integer_inputs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = blocks.LanguageModel().eval()
    graph = exported(module, torch.zeros(1, 12, dtype=torch.int64), tmp_path / "model.onnx")
    ids = np.random.default_rng(0).integers(0, 40, (6, 12))
    with torch.no_grad():
        expected = np.concatenate([module(torch.from_numpy(row)[None]).numpy() for row in ids])
    np.testing.assert_allclose(run(graph, ids.astype(np.float32)), expected, rtol=1e-4, atol=1e-5)
