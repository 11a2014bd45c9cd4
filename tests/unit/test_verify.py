"""Layer verification looks at every output of a layer that the firmware gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, verification
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.quantize.data import random_samples
from edgeq.quantize.recipe import Recipe
from edgeq.simulate.session import run_samples
from tests.unit.test_import import imported


class Best(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values, places = x.topk(2)
        return values, places


def test_a_wrong_second_output_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = imported(Best().eval(), torch.zeros(1, 6))
    samples = random_samples(graph, 8)
    integer = pipeline.quantize(graph, samples, Recipe())
    pipeline.generate(integer, load_board("host"), tmp_path, EmitOptions("speed", "int8", {"file": "x", "sha256": ""}))
    firmware = open_folder(tmp_path)
    assert verification.verify_layers(firmware, samples).bit_exact

    def damaged(*arguments: object) -> object:
        result = run_samples(*arguments)
        wrong = {**result.outputs}
        wrong[integer.outputs[1]] = np.array(wrong[integer.outputs[1]]) ^ 1
        return type(result)(**{**vars(result), "outputs": wrong})

    monkeypatch.setattr(verification, "run_samples", damaged)
    found = verification.verify_layers(firmware, samples)
    assert not found.bit_exact
    assert found.first_difference is not None
    assert found.first_difference.max_abs_diff == 1
