"""torch programs become canonical graphs that compute the same: small random networks against eager torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, reference
from edgeq.errors import EdgeqError
from edgeq.frontend import torch_program
from edgeq.frontend.states import declare
from edgeq.ir import verify
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


class SignalResidual(nn.Module):
    """A residual block of a temporal network."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(6, 6, 3, padding=4, dilation=2)
        self.second = nn.Conv1d(6, 6, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first(x)[:, :, :-4])  # causal: what the padding adds behind is cut off
        return torch.relu(x + self.second(y))


class Shuffle(nn.Module):
    """Grouped convolutions with their channels shuffled in between."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(8, 8, 1, groups=2), nn.Conv2d(8, 8, 3, groups=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        _, channels, height, width = y.shape
        y = y.view(1, 2, channels // 2, height, width).transpose(1, 2).reshape(1, channels, height, width)
        return self.second(y)


class Paddings(nn.Module):
    """Padding of tensors that are no images."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(nn.functional.pad(x, (1, 3, 0, 1), value=0.25))
        y = nn.functional.pad(y.unsqueeze(2), (0, 1, 2, 0, 0, 2, 1, 1))
        return nn.functional.pad(torch.flatten(y, 1), (-3, 2))


class Chosen(nn.Module):
    """Gathers, repetitions and stacks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 6, 1)
        self.register_buffer("order", torch.tensor([5, 0, 0, 3]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        picked = torch.index_select(y, 1, self.order) + torch.roll(y[:, :, [4, 1, 2, 3, 0]], (1, 2), (2, 3))[:, :4]
        wide = picked[:, :, :1].expand(-1, -1, 5, -1).repeat(1, 2, 1, 2).repeat_interleave(2, dim=3)
        return torch.stack([wide, torch.relu(wide)], dim=2)


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


def imported(module: nn.Module, *example: torch.Tensor, states: tuple[str, ...] = ()) -> Graph:
    """The canonical graph of a module, as a file of its export gives it, without the file and the process that reads
    it."""
    return pipeline.canonicalize(as_imported(module, *example, states=states))


def as_imported(module: nn.Module, *example: torch.Tensor, states: tuple[str, ...] = ()) -> Graph:
    """The same before any pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        program = torch_program.simplify(torch.export.export(module, example))
        graph = torch_program.import_program(program, "model")
    torch_program.check_numbers(graph)
    return verify.run(declare(graph, states), "import")


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
    "signal": (
        nn.Sequential(
            nn.Conv1d(3, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), nn.ConstantPad1d((4, 0), 0.0),
            nn.Conv1d(8, 8, 3, dilation=2), nn.ReLU(), nn.Conv1d(8, 6, 3, groups=2, padding="same"), nn.AvgPool1d(2),
            nn.Conv1d(6, 6, 3, stride=2, groups=6, padding=1), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 4),
        ),
        (1, 3, 17),
    ),
    "signal_residual": (SignalResidual(), (1, 6, 12)),
    "norm_of_rank_3": (nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(6)), (1, 6, 8)),
    "groups": (
        nn.Sequential(
            nn.Conv2d(6, 12, 3, groups=3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.Conv2d(12, 24, 3, groups=12),
            nn.Conv2d(24, 4, 1),
        ),
        (1, 6, 7, 8),
    ),
    "shuffle": (Shuffle(), (1, 8, 5, 6)),
    "ceil_pools": (
        nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(3, 2, ceil_mode=True), nn.Conv2d(3, 4, 1)),
        (1, 3, 14, 11),
    ),
    "counted_padding": (
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.AvgPool2d(3, 2, 1, ceil_mode=True), nn.AdaptiveMaxPool2d((1, 3))),
        (1, 3, 12, 11),
    ),
    "paddings": (
        nn.Sequential(
            nn.ReflectionPad2d((1, 2, 3, 0)), nn.Conv2d(3, 4, 3), nn.ReplicationPad2d(2),
            nn.CircularPad2d((1, 0, 2, 1)),
            nn.ConstantPad2d((1, 0, -2, 1), 0.5), nn.Conv2d(4, 5, 3),
        ),
        (1, 3, 6, 7),
    ),
    "padding_of_any_rank": (Paddings(), (1, 2, 3, 4)),
    "signal_paddings": (
        nn.Sequential(nn.ReflectionPad1d(2), nn.Conv1d(3, 4, 3, padding_mode="circular", padding=1)),
        (1, 3, 9),
    ),
    "transposed": (
        nn.Sequential(
            nn.ConvTranspose2d(3, 5, 2, stride=2), nn.ReLU(), nn.ConvTranspose2d(5, 4, 3, stride=2, padding=1,
            output_padding=1), nn.ConvTranspose2d(4, 3, (4, 1), stride=(3, 2), padding=(2, 0)), nn.Conv2d(3, 2, 1),
            nn.ConvTranspose2d(2, 2, 3, padding=2),
        ),
        (1, 3, 3, 4),
    ),
    "transposed_signal": (nn.Sequential(nn.ConvTranspose1d(3, 4, 5, stride=3, padding=1), nn.ReLU()), (1, 3, 7)),
    "resized": (
        nn.Sequential(
            nn.Upsample(scale_factor=2), nn.Conv2d(2, 3, 1), nn.Upsample(size=(9, 5), mode="bilinear"),
            nn.Upsample(scale_factor=(1.5, 2.5), mode="bilinear", align_corners=True), nn.Upsample(size=(7, 20)),
            nn.Upsample(size=(10, 13), mode="nearest-exact"), nn.Conv2d(3, 2, 1),
        ),
        (1, 2, 4, 5),
    ),
    "resized_signal": (
        nn.Sequential(nn.Upsample(scale_factor=2, mode="linear"), nn.Upsample(size=30), nn.Conv1d(2, 3, 3)),
        (1, 2, 8),
    ),
    "pixel_shuffles": (
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.PixelShuffle(2), nn.Conv2d(2, 4, 1), nn.PixelUnshuffle(2),
            nn.ChannelShuffle(4), nn.Conv2d(16, 2, 1),
        ),
        (1, 3, 4, 6),
    ),
    "chosen": (Chosen(), (1, 4, 5, 6)),
    "norm_first": (nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 3)), (1, 3, 6, 6)),
    "elementwise_first": (nn.Sequential(nn.ReLU6(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3)), (1, 3, 9, 8)),
    "doubled_input": (Doubled(), (1, 3, 6, 6)),
    "relu_after_flatten": (nn.Sequential(nn.Conv2d(2, 3, 1), nn.Flatten(), nn.ReLU(), nn.Linear(60, 4)), (1, 2, 4, 5)),
    "open_clamp": (nn.Sequential(nn.Linear(5, 4), nn.Hardtanh(-1.0, float("inf"))), (1, 5)),
    "mlp": (nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3), nn.Softmax(-1)), (1, 20)),
}  # fmt: skip


#: networks that need more than layers -> what they need
MOVES = {
    "chosen": {"transpose"}, "counted_padding": {"pad"}, "norm_of_rank_3": {"transpose"}, "paddings": {"pad"},
    "padding_of_any_rank": {"pad", "transpose"}, "pixel_shuffles": {"transpose"}, "shuffle": {"transpose"},
    "transposed": {"transpose"}, "transposed_signal": {"transpose"},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_import_computes_the_same(name: str) -> None:
    module, shape = NETWORKS[name]
    module = randomized(module)
    graph = imported(module, torch.zeros(shape))
    torch.manual_seed(1)
    x = torch.randn(5, *shape[1:])
    with torch.no_grad():
        expected = np.concatenate([module(sample[None]).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=1e-5)
    assert not ({"batch_norm", "transpose", "pad"} - MOVES.get(name, set())) & {node.op for node in graph.nodes}


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


def test_functions_of_one_operand() -> None:
    x = torch.linspace(-4.0, 4.0, 60).reshape(1, 60) + 0.013
    graph = imported(EveryFunction(), torch.zeros(1, 60))
    made = reference.run(graph, {graph.inputs[0]: x.numpy()})
    for function, output, expected in zip(FUNCTIONS, graph.outputs, EveryFunction()(x), strict=True):
        np.testing.assert_allclose(made[output], expected.numpy(), rtol=1e-4, atol=1e-5, err_msg=function)


def test_activations_and_norms_are_folded() -> None:
    graph = imported(randomized(Residual()), torch.zeros(1, 3, 9, 7))
    assert [node.op for node in graph.nodes] == ["conv2d", "conv2d", "add"]


RETURNED: dict[str, Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, ...]]] = {
    "output moved": lambda x, y: (y, y.permute(0, 2, 3, 1)),
    "input moved": lambda x, y: (y, x.permute(0, 2, 3, 1)),
    "output twice": lambda x, y: (y, y),
    "input twice": lambda x, y: (x, y, x),
}


@pytest.mark.parametrize("which", RETURNED)
def test_an_output_may_be_another_tensor(which: str) -> None:
    module = Returns(RETURNED[which]).eval()
    graph = imported(module, torch.zeros(1, 3, 4, 4))
    x = torch.randn(2, 3, 4, 4)
    stored = x.numpy().transpose(graph.boundary[graph.inputs[0]].perm)
    made = reference.run(graph, {graph.inputs[0]: stored})
    with torch.no_grad():
        for name, expected in zip(graph.outputs, module(x), strict=True):
            np.testing.assert_allclose(to_model_layout(graph, name, made[name]), expected.numpy(), atol=1e-5)


def test_what_would_come_out_wrong_is_refused() -> None:
    module = nn.Sequential(nn.BatchNorm3d(2)).eval()
    with pytest.raises(EdgeqError, match="batch norm over axis 1"):
        imported(module, torch.zeros(1, 2, 3, 3, 3))
