"""torch programs become canonical graphs that compute the same: small random networks against eager torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, reference
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.quantize.data import to_model_layout


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.right = nn.Conv2d(3, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.left(x) + self.right(x))


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding="same", dilation=2)
        self.second = nn.Conv2d(2, 6, (3, 1), padding=(1, 0))
        self.head = nn.Linear(10 * 6 * 5, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([self.first(x), torch.relu(self.second(x))], dim=1)
        return torch.softmax(self.head(torch.flatten(joined, 1)), dim=-1)


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x + x)


class Returns(nn.Module):
    """A convolution whose results `pick` chooses."""

    def __init__(self, pick: Callable[[torch.Tensor, torch.Tensor], object]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.pick = pick

    def forward(self, x: torch.Tensor) -> object:
        return self.pick(x, self.conv(x))


def randomized(module: nn.Module) -> nn.Module:
    """The module in evaluation mode with batch-norm statistics that matter."""
    torch.manual_seed(7)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
            part.running_mean.uniform_(-1, 1)
            part.running_var.uniform_(0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -1, 1)
    return module.eval()


def imported(module: nn.Module, example: torch.Tensor, folder: Path) -> Graph:
    path = folder / "model.pt2"
    torch.export.save(torch.export.export(module, (example,)), path)
    return pipeline.import_model(ModelSource(path))


def run(graph: Graph, x: np.ndarray) -> np.ndarray:
    """The graph's output for a batch in the model's own layout, in the model's own layout."""
    (name,) = graph.inputs
    (output,) = graph.outputs
    values = reference.run(graph, {name: x.transpose(graph.boundary[name].perm)})[output]
    return values.transpose(np.argsort(graph.boundary[output].perm))


NETWORKS = {
    "residual": (Residual(), (1, 3, 9, 7)),
    "branches": (Branches(), (1, 2, 6, 5)),
    "depthwise": (
        nn.Sequential(
            nn.ZeroPad2d((1, 2, 0, 3)), nn.Conv2d(4, 4, 3, stride=2, groups=4), nn.BatchNorm2d(4),
            nn.Hardtanh(-0.5, 0.75),
        ),
        (1, 4, 8, 9),
    ),
    "pools": (
        nn.Sequential(
            nn.MaxPool2d(3, 2, 1), nn.Conv2d(3, 5, 1), nn.AvgPool2d(2, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(5, 4), nn.BatchNorm1d(4),
        ),
        (1, 3, 12, 10),
    ),
    "norm_first": (nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 3)), (1, 3, 6, 6)),
    "elementwise_first": (nn.Sequential(nn.ReLU6(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3)), (1, 3, 9, 8)),
    "doubled_input": (Doubled(), (1, 3, 6, 6)),
    "relu_after_flatten": (nn.Sequential(nn.Conv2d(2, 3, 1), nn.Flatten(), nn.ReLU(), nn.Linear(60, 4)), (1, 2, 4, 5)),
    "open_clamp": (nn.Sequential(nn.Linear(5, 4), nn.Hardtanh(-1.0, float("inf"))), (1, 5)),
    "mlp": (nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3), nn.Softmax(-1)), (1, 20)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_import_computes_the_same(name: str, tmp_path: Path) -> None:
    module, shape = NETWORKS[name]
    module = randomized(module)
    graph = imported(module, torch.zeros(shape), tmp_path)
    torch.manual_seed(1)
    x = torch.randn(5, *shape[1:])
    with torch.no_grad():
        expected = np.concatenate([module(sample[None]).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=1e-5)
    assert not {"batch_norm", "transpose", "pad"} & {node.op for node in graph.nodes}


FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "abs": torch.abs, "cos": torch.cos, "erf": torch.erf, "exp": torch.exp, "floor": torch.floor,
    "elu": nn.functional.elu, "gelu": nn.functional.gelu, "hardsigmoid": nn.functional.hardsigmoid,
    "gelu_tanh": lambda x: nn.functional.gelu(x, approximate="tanh"), "hardswish": nn.functional.hardswish,
    "leaky_relu": lambda x: nn.functional.leaky_relu(x, 0.2), "log": lambda x: torch.log(x + x + x),
    "mish": nn.functional.mish, "neg": torch.neg, "pow": lambda x: x**2, "reciprocal": torch.reciprocal,
    "rsqrt": lambda x: torch.rsqrt(torch.exp(x)), "selu": nn.functional.selu, "sigmoid": torch.sigmoid,
    "silu": nn.functional.silu, "sin": torch.sin, "softplus": nn.functional.softplus,
    "sqrt": lambda x: torch.sqrt(torch.abs(x)), "tanh": torch.tanh,
}  # fmt: skip


class EveryFunction(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(function(x) for function in FUNCTIONS.values())


def test_functions_of_one_operand(tmp_path: Path) -> None:
    x = torch.linspace(-4.0, 4.0, 60).reshape(1, 60) + 0.013
    graph = imported(EveryFunction(), torch.zeros(1, 60), tmp_path)
    made = reference.run(graph, {graph.inputs[0]: x.numpy()})
    for function, output, expected in zip(FUNCTIONS, graph.outputs, EveryFunction()(x), strict=True):
        np.testing.assert_allclose(made[output], expected.numpy(), rtol=1e-4, atol=1e-5, err_msg=function)


def test_activations_and_norms_are_folded(tmp_path: Path) -> None:
    graph = imported(randomized(Residual()), torch.zeros(1, 3, 9, 7), tmp_path)
    assert [node.op for node in graph.nodes] == ["conv2d", "conv2d", "add"]


@pytest.mark.parametrize("which", ["output", "input"])
def test_an_output_may_be_another_tensor_with_its_axes_moved(which: str, tmp_path: Path) -> None:
    module = Returns(lambda x, y: (y, (y if which == "output" else x).permute(0, 2, 3, 1))).eval()
    graph = imported(module, torch.zeros(1, 3, 4, 4), tmp_path)
    x = torch.randn(2, 3, 4, 4)
    stored = x.numpy().transpose(graph.boundary[graph.inputs[0]].perm)
    made = reference.run(graph, {graph.inputs[0]: stored})
    with torch.no_grad():
        for name, expected in zip(graph.outputs, module(x), strict=True):
            np.testing.assert_allclose(to_model_layout(graph, name, made[name]), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)), (1, 8, 8), "batch norm over axis 1"),
        (Returns(lambda x, y: (y, y)), (1, 3, 4, 4), "returns one tensor twice"),
    ],
)
def test_what_would_come_out_wrong_is_refused(
    module: nn.Module, shape: tuple[int, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(EdgeqError, match=message):
        imported(module.eval(), torch.zeros(shape), tmp_path)
