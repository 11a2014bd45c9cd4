"""Blocks as torch's own modules write them (attention, transformers, odd pools, masks): imported they compute what
eager torch computes, and quantized nearly that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from edgeq import pipeline
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.quantize.data import Samples, load_samples, quantize_inputs, random_samples
from edgeq.quantize.recipe import Method, Recipe
from tests.e2e.zoo_blocks import LanguageModel, VisionTransformer
from tests.unit.test_import import imported, randomized, run
from tests.unit.test_import_arithmetic import Formula, decibels, random_input

SEQUENCE, IMAGE, VECTOR = (1, 10, 16), (1, 4, 9, 7), (1, 8)


class Heads(nn.Module):
    """nn.MultiheadAttention, which works on [time, batch, channels] inside."""

    def __init__(self, weights: bool = False, causal: bool = False) -> None:
        super().__init__()
        self.attention, self.weights, self.causal = nn.MultiheadAttention(16, 4, batch_first=True), weights, causal

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(10) if self.causal else None
        return self.attention(x, x, x, attn_mask=mask, need_weights=self.weights)[0]


def lower_triangle(size: int) -> torch.Tensor:
    return torch.tril(torch.ones(size, size)).bool()


def attend(scores: Callable[[torch.Tensor], torch.Tensor]) -> nn.Module:
    return Formula(lambda x, f: scores(f(x) @ x.transpose(1, 2) / 4).softmax(-1) @ x, nn.Linear(16, 16))


def heads(x: torch.Tensor) -> torch.Tensor:
    return x.view(1, 10, 2, 8).transpose(1, 2)


LOWEST = torch.finfo(torch.float32).min
#: signal to quantization noise; a comparison of values that are nearly equal may come out the other way
LEAST_DB, LEAST_DB_OF_COMPARISONS = 20, 10
torch.manual_seed(3)
NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "heads": (Heads(), SEQUENCE),
    "heads_with_weights": (Heads(weights=True), SEQUENCE),
    "causal_heads": (Heads(causal=True), SEQUENCE),
    "causal_heads_with_weights": (Heads(weights=True, causal=True), SEQUENCE),
    "encoder": (nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), SEQUENCE),
    "encoder_norm_first": (
        nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True, activation="gelu"), SEQUENCE,
    ),
    "vision_transformer": (VisionTransformer(), (1, 4, 9, 6)),
    "causal": (
        Formula(lambda x, f: F.scaled_dot_product_attention(*map(heads, (f(x), x, x)), is_causal=True),
                nn.Linear(16, 16)), SEQUENCE,
    ),
    "boolean_mask": (
        Formula(lambda x, f: F.scaled_dot_product_attention(*map(heads, (f(x), x, x)), attn_mask=lower_triangle(10)),
                nn.Linear(16, 16)), SEQUENCE,
    ),
    "masked_fill": (attend(lambda s: s.masked_fill(~lower_triangle(10), float("-inf"))), SEQUENCE),
    "where": (attend(lambda s: torch.where(lower_triangle(10), s, torch.tensor(-1e9))), SEQUENCE),
    "added_mask": (attend(lambda s: s + torch.triu(torch.full((10, 10), LOWEST), 1)), SEQUENCE),
    "biased_mask": (
        attend(lambda s: s + (torch.arange(10.0) / 10 + torch.triu(torch.full((10, 10), -1e9), 1))), SEQUENCE,
    ),
    "einsum": (Formula(lambda x, f: torch.einsum("bti,bsi->bts", f(x), x), nn.Linear(16, 16)), SEQUENCE),
    "einsum_of_a_constant": (
        Formula(lambda x, f: torch.einsum("bti,ik->btk", f(x), torch.linspace(-1, 1, 80).view(16, 5)),
                nn.Linear(16, 16)), SEQUENCE,
    ),
    "adaptive_average": (Formula(lambda x, c: F.adaptive_avg_pool2d(c(x), (4, 3)), nn.Conv2d(4, 5, 1)), IMAGE),
    "adaptive_maximum": (Formula(lambda x, c: F.adaptive_max_pool2d(c(x), (4, 3)), nn.Conv2d(4, 5, 1)), IMAGE),
    "maximum_with_indices": (
        Formula(lambda x, c: F.max_pool2d(c(x), 2, return_indices=True)[0], nn.Conv2d(4, 5, 1)), IMAGE
    ),
    "divisor": (Formula(lambda x, c: F.avg_pool2d(c(x), 3, 2, 1, divisor_override=4), nn.Conv2d(4, 5, 1)), IMAGE),
    "transposed_in_groups": (nn.ConvTranspose2d(4, 8, 3, 2, 1, groups=2), IMAGE),
    "transposed_depthwise": (nn.ConvTranspose2d(4, 4, 4, 2, 1, groups=4, bias=False), IMAGE),
    "transposed_dilated": (nn.ConvTranspose2d(4, 6, 3, 2, 1, dilation=2), IMAGE),
    "unfold": (Formula(lambda x, c: F.unfold(c(x), 2, stride=2), nn.Conv2d(4, 3, 1)), IMAGE),
    "windows": (Formula(lambda x, c: c(x).unfold(2, 4, 3), nn.Conv2d(4, 3, 1)), IMAGE),
    "bicubic": (
        Formula(lambda x, c: F.interpolate(c(x), scale_factor=2, mode="bicubic"), nn.Conv2d(4, 2, 1)), IMAGE
    ),
    "constant_channels": (
        Formula(lambda x, c: c(torch.cat([torch.linspace(-1, 1, 63).view(1, 1, 9, 7), x], 1)), nn.Conv2d(5, 3, 3)),
        IMAGE,
    ),
    "quotient": (Formula(lambda x, c: c(x) / (x.abs().mean(1, keepdim=True) + 0.5), nn.Conv2d(4, 4, 1)), IMAGE),
    "normalized": (Formula(lambda x, c: F.normalize(c(x), dim=1), nn.Conv2d(4, 6, 1)), IMAGE),
    "deviation": (
        Formula(lambda x, c: torch.cat([c(x).mean((2, 3)), c(x).std((2, 3))], 1), nn.Conv2d(4, 6, 1)), IMAGE
    ),
    "comparison": (Formula(lambda x, c: torch.where(c(x) > 0.1, x, 0.1 * x), nn.Conv2d(4, 4, 1)), IMAGE),
    "of_two": (
        Formula(lambda x, c: torch.where(c(x) <= x.mean((2, 3), keepdim=True), x, 0.0), nn.Conv2d(4, 4, 1)), IMAGE
    ),
    "shrunk": (
        Formula(lambda x, c: F.hardshrink(c(x)) + F.softshrink(x) + F.celu(x, 2.0) + F.threshold(x, 0.1, 0.2),
                nn.Conv2d(4, 4, 1)), IMAGE,
    ),
    "log_sigmoid": (Formula(lambda x, c: F.logsigmoid(c(x)) + F.softsign(x), nn.Conv2d(4, 4, 1)), IMAGE),
    "tiled_without_a_batch": (Formula(lambda x, f: f(x)[0].tile((2, 3))[None], nn.Linear(16, 16)), SEQUENCE),
    "windows_without_a_batch": (Formula(lambda x, f: f(x)[0].unfold(0, 3, 2)[None], nn.Linear(16, 16)), SEQUENCE),
    "constant_rows_without_a_batch": (
        Formula(lambda x, f: torch.cat([torch.linspace(-1, 1, 32).view(2, 16), f(x)[0]])[None], nn.Linear(16, 16)),
        SEQUENCE,
    ),
    "over_everything": (Formula(lambda x, c: c(x) + x.mean(), nn.Conv2d(4, 3, 1)), IMAGE),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_import_computes_the_same(name: str) -> None:
    module, shape = NETWORKS[name]
    module = randomized(module)
    graph = imported(module, torch.zeros(shape))
    x = random_input(shape, 16)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None].clone()).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=2e-5)
    assert decibels(graph, x.numpy()) > (LEAST_DB_OF_COMPARISONS if name == "of_two" else LEAST_DB)


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (attend(lambda s: s.masked_fill(~lower_triangle(10), float("-inf")) + 1.0), SEQUENCE, "right behind the mask"),
        (attend(lambda s: s.masked_fill(torch.eye(10).bool(), -1e9)), SEQUENCE, "one run of visible entries"),
        (  # whose slopes belong to axis 1, and would fit axis 2 as well
            Formula(lambda x, f: F.prelu(x[0], torch.linspace(0.1, 0.9, 16)), nn.Linear(16, 16)), (1, 16, 16),
            "a batch of 1 in front",
        ),
        (
            Formula(lambda x, c: F.max_pool2d(c(x), 2, return_indices=True)[1] * 0.5, nn.Conv2d(4, 5, 1)), IMAGE,
            "result number 1 of aten.max_pool2d",
        ),
    ],
)  # fmt: skip
def test_what_has_no_kernel_is_refused(module: nn.Module, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(EdgeqError, match=message):
        imported(module.eval(), torch.zeros(shape))


@pytest.fixture
def lookup(tmp_path: Path) -> tuple[nn.Module, Path]:
    torch.manual_seed(0)
    module = LanguageModel().eval()
    path = tmp_path / "lookup.pt2"
    torch.export.save(torch.export.export(module, (torch.zeros(1, 12, dtype=torch.int64),)), path)
    return module, path


def test_embeddings_of_integer_inputs(lookup: tuple[nn.Module, Path]) -> None:
    module, path = lookup
    graph = pipeline.import_model(ModelSource(path))
    ids = np.random.default_rng(0).integers(0, 40, (6, 12))
    with torch.no_grad():
        expected = np.concatenate([module(torch.from_numpy(row)[None]).numpy() for row in ids])
    np.testing.assert_allclose(run(graph, ids.astype(np.float32)), expected, rtol=1e-4, atol=1e-5)
    samples = Samples({graph.inputs[0]: ids.astype(np.float32)}, None)
    integer = pipeline.quantize(graph, samples, Recipe())
    (stored,) = quantize_inputs(integer, samples).values()
    assert stored.dtype == np.int32
    np.testing.assert_array_equal(stored, ids)


@pytest.mark.parametrize(("value", "kind"), [(40, np.int64), (-1, np.int8), (0.5, np.float32)])
def test_indices_outside_the_table_are_refused(
    value: float, kind: type, lookup: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    graph = pipeline.import_model(ModelSource(lookup[1]))
    np.savez(tmp_path / "data.npz", x=np.full((2, 12), value, kind))
    with pytest.raises(EdgeqError, match=f"holds {value}; the model takes whole numbers from 0 to 39"):
        load_samples(tmp_path / "data.npz", graph, "--calib")


@pytest.mark.usefixtures("frameworks_in_a_process")  # whose memory is limited
def test_a_model_that_takes_too_much_memory_to_import_is_refused(tmp_path: Path) -> None:
    module = Formula(lambda x, f: f(x) + torch.ones(1 << 15, 1 << 15).mean(), nn.Linear(8, 8)).eval()
    path = tmp_path / "model.pt2"
    torch.export.save(torch.export.export(module, (torch.zeros(VECTOR),)), path)
    with pytest.raises(EdgeqError, match="takes more than 2048 MiB"):
        pipeline.import_model(ModelSource(path))


def test_a_language_model_in_int16_keeps_its_table_in_int8(lookup: tuple[nn.Module, Path]) -> None:
    graph = pipeline.import_model(ModelSource(lookup[1]))
    staged = pipeline.quantize(graph, random_samples(graph, 8), Recipe(Method(precision="int16")))
    types = {node.op: staged.tensor(node.output).dtype for node in staged.nodes}
    assert (types["embedding"], types["linear"], types["matmul"]) == ("int8", "int16", "int16")
