"""Batch norms in training form: what torch's modules in training mode do with one sample a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, stepwise
from edgeq.errors import EdgeqError
from edgeq.ir import verify
from edgeq.ops import step_control
from edgeq.passes import canonicalize
from edgeq.quantize.recipe import Recipe
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.train import commit, derive, simulate
from edgeq.train import spec as specs
from edgeq.train.derive import TrainingGraph
from edgeq.train.simulate import EVALUATE, STEP, Record
from edgeq.train.stage import training_graph
from tests.tools import require_board
from tests.train.test_firmware import built, samples_of, step_inputs
from tests.train.test_gradients import check
from tests.unit.test_import import as_imported, randomized

SHAPE = (1, 3, 9, 8)
NORMS = ("norm1", "norm2", "norm3", "alone")


class Normed(nn.Module):
    """Convolutions with batch norms behind them, one in front of its layer, and a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm1 = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.depthwise, self.norm2 = (
            nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False),
            nn.BatchNorm2d(6, momentum=0.3),
        )
        self.alone = nn.BatchNorm2d(6, eps=1e-3)
        self.point, self.norm3 = nn.Conv2d(6, 4, 1, stride=2), nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.norm1(self.first(x)))
        y = torch.relu(self.alone(self.norm2(self.depthwise(y)) + y))
        return self.head(torch.relu(self.norm3(self.point(y))).mean(dim=(2, 3)))


def network() -> Normed:
    torch.manual_seed(0)
    return randomized(Normed())  # type: ignore[return-value]


def derived(text: str, module: nn.Module | None = None, shape: tuple[int, ...] = SHAPE) -> TrainingGraph:
    original = as_imported(module or network(), torch.zeros(shape))
    graph = canonicalize(original)
    training = training_graph(graph, pipeline.random_samples(graph).inputs, specs.load(text), original)
    verify.run(training.graph, "train")
    return training


@pytest.mark.parametrize("trainable", ["all", "last:2", "bias", "first,depthwise:0.5", "point:bias", "alone,head"])
def test_rules_equal_autograd_and_finite_differences(trainable: str) -> None:
    training = derived(f"fp32,{trainable},batch_norm")
    check(training.graph)
    assert [node.op for node in training.graph.nodes].count("running_average") == len(
        {layer for layer in training.parameters.values() if layer in NORMS}
    )
    if trainable == "last:2":
        assert set(training.parameters) == {"point.weights", "norm3.gain", "norm3.bias", "head.weights", "head.bias"}


def torch_training(module: Normed, inputs: np.ndarray, labels: np.ndarray, records: list[Record]) -> list[float]:
    """Losses of the records by torch's own modules, which are trained by them."""
    optimizer, losses = torch.optim.SGD(module.parameters(), lr=0.05), []
    for record in records:
        module.train(record.kind == STEP)
        x = torch.from_numpy(inputs[record.sample : record.sample + 1]).permute(0, 3, 1, 2)
        loss = nn.functional.cross_entropy(module(x), torch.from_numpy(labels[record.sample : record.sample + 1]))
        losses.append(float(loss.item()))
        if record.kind == STEP:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return losses


def test_it_trains_as_torchs_modules_do(tmp_path: Path) -> None:
    """Parameters, running statistics, and losses in training and in evaluation mode."""
    require_board("host")
    module = network()
    firmware = built(derived("fp32,all,batch_norm", module), "host", tmp_path / "train")
    samples = samples_of(firmware, 8)
    assert samples.labels is not None
    records = [Record(EVALUATE if index % 4 == 3 else STEP, index % 8) for index in range(40)]
    made = simulate.run(firmware, samples, records, derive.configuration(lr=0.05))
    losses = torch_training(module, samples.inputs["x"], samples.labels, records)
    np.testing.assert_allclose(made.rows["loss"], losses, rtol=1e-4)
    for name, norm in {"norm1": module.norm1, "norm2": module.norm2, "alone": module.alone}.items():
        mean, variance = made.parameters[f"{name}.running"]
        np.testing.assert_allclose(mean, norm.running_mean.numpy(), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(variance, norm.running_var.numpy(), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(made.parameters[f"{name}.gain"], norm.weight.detach().numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("board", "text"), [("riscv-8core", "fp16,all,batch_norm,adam,batch:2"), ("cortex-m55", "fp32,all,batch_norm")]
)
def test_every_layer_is_within_its_bound(board: str, text: str, tmp_path: Path) -> None:
    require_board(board)
    firmware = built(derived(text), board, tmp_path / "train")
    inputs = step_inputs(firmware, 5)
    inputs[derive.CONFIG][4, step_control.EVALUATES] = 1.0
    result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True))
    gaps = stepwise.gaps(firmware, inputs, stepwise.recorded(firmware, result))
    assert not {key: gap for key, gap in gaps.items() if gap.beyond}


def test_a_skipped_step_keeps_the_running_statistics(tmp_path: Path) -> None:
    require_board("host")
    firmware = built(derived("fp16,all,batch_norm"), "host", tmp_path / "train")
    samples = samples_of(firmware, 2)
    samples.inputs["x"][1] = np.sign(samples.inputs["x"][1]) * 6e4
    config = derive.configuration(lr=0.01)
    runs = [simulate.run(firmware, samples, [Record(STEP, at) for at in order], config) for order in ((0,), (0, 1))]
    assert runs[1].rows["flags"].tolist() == [step_control.UPDATED, step_control.SKIPPED]
    assert all(np.array_equal(runs[1].parameters[name], array) for name, array in runs[0].parameters.items())


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), (1, 3), r"a batch norm of one value a channel"),
        (
            nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)),
            (1, 3),
            r"no layer that is trained has a batch norm",
        ),
    ],
)
def test_what_has_no_statistics_is_refused(module: nn.Module, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(EdgeqError, match=message):
        derived("fp32,all,batch_norm", module.eval(), shape)


def test_it_can_not_be_committed() -> None:
    graph = canonicalize(as_imported(network(), torch.zeros(SHAPE)))
    integer = pipeline.quantize(graph, pipeline.random_samples(graph), Recipe())
    found = commit.prepared(integer, derived("fp32,all,batch_norm").sources)
    assert "batch norms are folded into the layers before them" in found.obstacle
    assert found.graph is integer
