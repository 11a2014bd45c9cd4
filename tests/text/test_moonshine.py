"""Moonshine of the transformers library, small and with random weights: two modules with static caches write what
`generate` does, and the firmware what their integer reference does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import text_pipeline
from edgeq.board import load_board
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import load_recipe
from edgeq.text import greedy, session
from edgeq.torch_moonshine import modules, save_moonshine
from tests.text.networks import recordings
from tests.text.test_text import OPTIONS
from tests.tools import require_board

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

LENGTH, LONGEST, TOKENS, LABELS = 4800, 6, 20, tuple("abcdefgh")


def moonshine() -> Any:
    """One layer of each kind."""
    values = {
        "hidden_size": 16,
        "intermediate_size": 24,
        "vocab_size": TOKENS,
        "decoder_start_token_id": TOKENS - 2,
        "bos_token_id": TOKENS - 2,
        "eos_token_id": TOKENS - 1,
        "pad_token_id": TOKENS - 1,
        **{f"{part}_num_hidden_layers": 1 for part in ("encoder", "decoder")},
        **{f"{part}_num_attention_heads": 2 for part in ("encoder", "decoder")},
    }
    torch.manual_seed(2)
    model = transformers.MoonshineForConditionalGeneration(transformers.MoonshineConfig(**values)).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, 0.0, 0.3 if parameter.ndim > 1 else 0.8)
    return model


def heard(count: int, seed: int = 0) -> np.ndarray:
    """float32 recordings [count, LENGTH]."""
    return recordings(6 * count, seed).reshape(count, LENGTH)


@pytest.mark.qemu
def test_from_generate_to_firmware(tmp_path: Path) -> None:
    model = moonshine()
    save_moonshine(model, tmp_path / "moonshine.pt2", LENGTH, LONGEST, LABELS)
    pair = text_pipeline.import_pair(ModelSource(tmp_path / "moonshine.pt2"))
    x = heard(6)
    found = greedy.texts(pair, {pair.encoder.inputs[0]: x})
    for text, recording in zip(found, torch.from_numpy(x), strict=True):
        wanted = model.generate(recording[None], max_new_tokens=LONGEST, do_sample=False)[0, 1:].tolist()
        assert list(text.tokens) == [token for token in wanted if token != TOKENS - 1]
    assert len({text.tokens for text in found}) > 1
    samples = Samples({pair.encoder.inputs[0]: heard(12, seed=1)}, None)
    for board, recipe in (("cortex-m55", "int8"), ("riscv-8core", "int4")):
        require_board(board)
        integer, _ = text_pipeline.quantize(pair, samples, load_recipe(recipe))
        integer, *_ = text_pipeline.generate(integer, load_board(board), tmp_path / board, OPTIONS)
        inputs = quantize_inputs(integer.encoder, samples.subset(np.arange(2)))
        firmware = open_folder(tmp_path / board)
        read = session.pair_of(firmware)  # the folder's reference, as edgeq run has it
        assert (read.memory, read.encoder.outputs) == (integer.memory, integer.encoder.outputs)
        made = session.run(firmware, integer, inputs)
        assert not any(difference for _, difference in session.differences(greedy.texts(integer, inputs), made))


def test_heads_that_share_keys_are_refused() -> None:
    model = moonshine()
    model.model.decoder.layers[0].encoder_attn.k_proj = nn.Linear(16, 8)
    with pytest.raises(EdgeqError, match="give every head keys of its own"):
        modules(model, LENGTH, LONGEST)
