"""Small networks of the transformers library, with random weights, from torch to firmware."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.quantize.data import dequantize, quantize_inputs, random_samples, to_model_layout
from edgeq.quantize.recipe import Recipe
from edgeq.verification import verify_layers
from tests.tools import require_board
from tests.unit.test_import import imported

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

OPTIONS = EmitOptions("speed", "int8", {"file": "transformers", "sha256": ""})
CALIBRATION, VERIFIED, LEAST_DB = 16, 2, 20.0
TEXT = {"vocab_size": 60}
IDS = ((1, 12), torch.int64)


class Called(nn.Module):
    """A model of the library with one input and one output."""

    def __init__(self, model: nn.Module, call: Callable[[Any, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.model, self.call = model, call

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.call(self.model, x)


@dataclass(frozen=True)
class Entry:
    make: Callable[[], nn.Module]
    call: Callable[[Any, torch.Tensor], torch.Tensor]
    shape: tuple[int, ...]
    kind: torch.dtype = torch.float32


def sized(config: str, **values: Any) -> Any:
    """A configuration of one narrow layer."""
    width = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    return getattr(transformers, config)(**{**width, **values})


def bert() -> nn.Module:
    return transformers.BertModel(sized("BertConfig", **TEXT, max_position_embeddings=12))


def llama() -> nn.Module:
    config = sized("LlamaConfig", **TEXT, num_key_value_heads=1, max_position_embeddings=12, use_cache=False)
    return transformers.LlamaForCausalLM(config)


def gpt2() -> nn.Module:
    ends = {"bos_token_id": 1, "eos_token_id": 2}
    config = transformers.GPT2Config(**TEXT, **ends, n_embd=16, n_layer=1, n_head=2, n_positions=12, use_cache=False)
    return transformers.GPT2LMHeadModel(config)


def vit() -> nn.Module:
    return transformers.ViTModel(sized("ViTConfig", image_size=16, patch_size=4))


def whisper() -> nn.Module:
    layers = {f"{part}_layers": 1 for part in ("encoder", "decoder")}
    heads = {f"{part}_attention_heads": 2 for part in ("encoder", "decoder")}
    widths = {f"{part}_ffn_dim": 32 for part in ("encoder", "decoder")}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = transformers.WhisperConfig(
        **TEXT, **layers, **heads, **widths, **ids, num_mel_bins=8, d_model=16, max_source_positions=20
    )
    return transformers.WhisperModel(config).encoder


def wav2vec2() -> nn.Module:
    features = {"conv_dim": (8, 8), "conv_stride": (5, 2), "conv_kernel": (10, 3), "num_feat_extract_layers": 2}
    positions = {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
    return transformers.Wav2Vec2ForCTC(sized("Wav2Vec2Config", vocab_size=20, **features, **positions))


def convnext() -> nn.Module:
    config = transformers.ConvNextConfig(hidden_sizes=[8, 8, 12, 16], depths=[1, 1, 1, 1], image_size=32, patch_size=4)
    return transformers.ConvNextModel(config)


def last(model: Any, x: torch.Tensor) -> torch.Tensor:
    return model(x).last_hidden_state


def logits(model: Any, x: torch.Tensor) -> torch.Tensor:
    return model(x).logits


NETWORKS = {
    "bert": Entry(bert, lambda model, x: model(input_ids=x).pooler_output, *IDS),
    "convnext": Entry(convnext, last, (1, 3, 32, 32)),
    "gpt2": Entry(gpt2, logits, *IDS),
    "llama": Entry(llama, logits, *IDS),
    "vit": Entry(vit, last, (1, 3, 16, 16)),
    "wav2vec2": Entry(wav2vec2, logits, (1, 400)),
    "whisper": Entry(whisper, last, (1, 8, 40)),
}
BOARDS = ("host", "cortex-m4", "riscv-8core")


@pytest.mark.qemu
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_from_torch_to_firmware(name: str, tmp_path: Path) -> None:
    entry = NETWORKS[name]
    torch.manual_seed(1)
    module = Called(entry.make(), entry.call).eval()
    graph = imported(module, torch.zeros(entry.shape, dtype=entry.kind))
    samples = random_samples(graph, CALIBRATION)
    (item,), (output,) = graph.inputs, graph.outputs
    floats = reference.run(graph, samples.inputs)[output]
    with torch.no_grad():
        rows = torch.from_numpy(to_model_layout(graph, item, samples.inputs[item])).to(entry.kind)
        expected = np.concatenate([module(row[None]).numpy() for row in rows])
    np.testing.assert_allclose(to_model_layout(graph, output, floats), expected, rtol=1e-3, atol=1e-4)
    integer = pipeline.quantize(graph, samples, Recipe())
    tensor = integer.tensor(output)
    made = reference.run(integer, quantize_inputs(integer, samples))[output]
    error = dequantize(made, tensor.scale, tensor.zero_point) - floats
    assert 10 * np.log10(np.square(floats).sum() / np.square(error).sum()) > LEAST_DB
    for board in BOARDS:
        require_board(board)
        pipeline.generate(integer, load_board(board), tmp_path / board, OPTIONS)
        verification = verify_layers(open_folder(tmp_path / board), samples.evenly(VERIFIED))
        assert verification.bit_exact, verification.first_difference
