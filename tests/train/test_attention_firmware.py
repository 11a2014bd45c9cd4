"""A transformer's encoder layer trained as firmware: attention, layer normalizations and gelu within their bounds, and
beside PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgeq import stepwise
from edgeq.ir.graph import Graph
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.train import curve, derive
from tests.tools import require_board
from tests.train import networks
from tests.train.test_firmware import built, samples_of, step_inputs
from tests.train.test_operator_gradients import encoder_layer
from tests.unit.test_import import imported, randomized


def encoder() -> Graph:
    torch.manual_seed(0)
    return imported(randomized(encoder_layer()), torch.zeros(1, 5, 8))


@pytest.mark.parametrize(
    ("board", "text"),
    [
        pytest.param("riscv-8core", "fp16,all,sgd", marks=pytest.mark.qemu),
        pytest.param("cortex-m55", "fp32,*:0.5,momentum", marks=pytest.mark.qemu),
    ],
)
def test_an_encoder_layer(board: str, text: str, tmp_path: Path) -> None:
    """Without Adam: attention does not depend on the bias of its keys, whose gradient is rounding and nothing else, and
    Adam makes steps of full length of it."""
    require_board(board)
    firmware = built(networks.derived(encoder(), text), board, tmp_path / "train")
    inputs = step_inputs(firmware, 4)
    result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True))
    gaps = stepwise.gaps(firmware, inputs, stepwise.recorded(firmware, result))
    assert not {key: gap for key, gap in gaps.items() if gap.beyond}
    found = curve.train(firmware, samples_of(firmware, 12), None, 30, 3, derive.configuration(lr=0.01, momentum=0.9))
    halves = text.startswith("fp16")
    assert found.parameter_gap < (0.03 if halves else 2e-4), found
    for point in found.points:
        assert abs(point.loss - point.torch_loss) <= (0.02 if halves else 1e-4) * point.torch_loss
