"""Imported arithmetic computes what torch computes, in floating point, and its integer form comes close to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import reference
from edgeq.errors import EdgeqError
from edgeq.frontend.importer import Importer
from edgeq.ir.graph import Graph
from edgeq.passes import canonicalize
from edgeq.quantize.convert import to_integer
from edgeq.quantize.observe import extremes, histograms
from tests.unit.test_import import imported, randomized, run


class Formula(nn.Module):
    """`formula(x, *modules)`."""

    def __init__(self, formula: Callable[..., object], *modules: nn.Module) -> None:
        super().__init__()
        self.formula = formula
        self.parts = nn.ModuleList(modules)

    def forward(self, x: torch.Tensor) -> object:
        return self.formula(x, *self.parts)


class SqueezeExcite(nn.Module):
    """As in MobileNetV3: channels weighted by what their means say. `flat`: through linear layers."""

    def __init__(self, flat: bool) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.flat = flat
        parts = (nn.Linear(8, 4), nn.Linear(4, 8)) if flat else (nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1))
        self.squeeze = nn.Sequential(parts[0], nn.ReLU(), parts[1], nn.Hardsigmoid())
        self.last = nn.Conv2d(8, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        gate = self.squeeze(y.mean((2, 3), keepdim=not self.flat))
        return x + self.last(y * (gate.view(1, 8, 1, 1) if self.flat else gate))


class Attention(nn.Module):
    """Two heads over a sequence [1, 5, 8]; `fused`: by scaled_dot_product_attention."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(8, 8) for _ in range(3))
        self.out = nn.Linear(8, 8)
        self.fused = fused

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (part(x).view(1, 5, 2, 4).transpose(1, 2) for part in (self.query, self.key, self.value))
        if self.fused:
            y = nn.functional.scaled_dot_product_attention(q, k, v)
        else:
            y = torch.softmax(q @ k.transpose(-2, -1) / 2, -1) @ v
        return x + self.out(y.transpose(1, 2).reshape(1, 5, 8))


def table(*shape: int) -> torch.Tensor:
    return torch.linspace(0.3, 1.5, int(np.prod(shape))).reshape(shape)


IMAGE, VECTOR, SEQUENCE = (1, 3, 9, 8), (1, 6), (1, 4, 6)
#: name -> (module, input shape, operators in the graph or None)
NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...], list[str] | None]] = {
    "squeeze_excite": (
        SqueezeExcite(False), IMAGE,
        ["conv2d", "unary", "mean", "conv2d", "conv2d", "unary", "binary", "conv2d", "add"],
    ),
    "squeeze_excite_flat": (SqueezeExcite(True), IMAGE, None),
    "affine": (
        Formula(lambda x, c: torch.relu((c(x) * table(5, 1, 1) - table(1, 5, 1, 1)) * 2 + 1), nn.Conv2d(3, 5, 3)),
        IMAGE, ["conv2d"],
    ),
    "affine_alone": (Formula(lambda x, c: c(x * table(3, 1, 1) + 0.5), nn.Conv2d(3, 5, 3)), IMAGE, None),
    "mask": (Formula(lambda x, c: c(x) * table(1, 1, 9, 8) - table(9, 1), nn.Conv2d(3, 5, 1)), IMAGE, None),
    "numbers": (
        Formula(lambda x, f: torch.relu(2 - torch.sub(3, f(torch.tanh(x)), alpha=2) / 4), nn.Linear(6, 6)), VECTOR, None
    ),
    "limits": (
        Formula(
            lambda x, f: torch.maximum(f(x), torch.tensor(-0.25)) + torch.minimum(f(x), torch.tanh(x)), nn.Linear(6, 6)
        ), SEQUENCE, None,
    ),
    "difference": (
        Formula(lambda x, f: torch.sigmoid(x) - f(x), nn.Linear(6, 6)), SEQUENCE, ["unary", "linear", "binary"]
    ),
    "outer": (Formula(lambda x, f: f(x)[:, None, :] * x[:, :, None], nn.Linear(6, 6)), VECTOR, None),
    "in_place": (Formula(lambda x, f: f(x).mul_(x).add_(x, alpha=2).sub_(1).div_(3), nn.Linear(6, 6)), VECTOR, None),
    "means": (
        Formula(lambda x, c: c(x).mean((2, 3)) + c(x).mean(2, True).sum(3)[:, :, 0] + c(x).amax((2, 3)),
                nn.Conv2d(3, 5, 3)), IMAGE, None,
    ),
    "over_channels": (
        Formula(lambda x, c: c(x).mean(1, keepdim=True) - c(x).min(1).values, nn.Conv2d(3, 5, 3)), IMAGE, None
    ),
    "over_time": (Formula(lambda x, f: f(x).mean(1) + f(x).sum(-1, keepdim=True).max(1).values, nn.Linear(6, 6)),
                  SEQUENCE, None),
    "prelu": (nn.Sequential(nn.Conv2d(3, 5, 3), nn.PReLU(5), nn.PReLU()), IMAGE, ["conv2d", "binary", "binary"]),
    "matrix": (Formula(lambda x, f: f(x) @ table(6, 3), nn.Linear(6, 6)), SEQUENCE, ["linear", "linear"]),
    "layer_norm": (nn.Sequential(nn.Linear(6, 16), nn.LayerNorm(16), nn.ReLU()), SEQUENCE, ["linear", "normalize"]),
    "layer_norm_of_two_axes": (nn.Sequential(nn.Linear(6, 6), nn.LayerNorm((4, 6))), SEQUENCE, None),
    "rms_norm": (nn.Sequential(nn.Linear(6, 16), nn.RMSNorm(16, eps=1e-3)), SEQUENCE, ["linear", "normalize"]),
    "group_norm": (
        nn.Sequential(nn.Conv2d(3, 6, 3), nn.GroupNorm(2, 6), nn.Conv2d(6, 2, 1)), IMAGE,
        ["conv2d", "normalize", "conv2d"],
    ),
    "instance_norm": (
        nn.Sequential(nn.Conv2d(3, 5, 3), nn.InstanceNorm2d(5, affine=True)), IMAGE, ["conv2d", "normalize"]
    ),
    "patches": (
        Formula(lambda x, c: c(x).flatten(2).transpose(1, 2) + table(1, 12, 5), nn.Conv2d(3, 5, 3, 2)), IMAGE,
        ["conv2d", "reshape", "binary"],
    ),
    "grown": (Formula(lambda x, f: f(x) + table(1, 4, 6), nn.Linear(6, 6)), (1, 1, 6), None),
}  # fmt: skip


@pytest.mark.parametrize("fused", [True, False])
def test_attention(fused: bool) -> None:
    module, shape = Attention(fused).eval(), (1, 5, 8)
    graph = imported(module, torch.zeros(shape))
    x = random_input(shape, 16)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None]).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=1e-5)
    assert [node.op for node in graph.nodes].count("matmul") == 2
    assert decibels(graph, x.numpy()) > 30


@pytest.mark.parametrize(
    "shape", [(1, 30, 56), (1, 5, 6, 7, 8), (1, 5, 1, 42, 8), (1, 5, 336), (1, 10, 3, 7, 8), (1, 10, 3, 1, 7, 8)]
)
@pytest.mark.parametrize("perm", [(0, 2, 3, 4, 1), (0, 3, 4, 1, 2), (0, 4, 3, 2, 1), (0, 1, 3, 2, 4)])
def test_reshapes_of_moved_axes(perm: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """A reshape between transposes gives the same numbers whether it stays permuted or not."""
    builder = Importer("reshaped")
    inverse = tuple(int(axis) for axis in np.argsort(perm))
    x = builder.input("x", tuple((1, 5, 6, 7, 8)[axis] for axis in perm))
    moved = builder.add("unary", [builder.transpose(x, inverse)], {"function": "tanh"})
    y = builder.add("clamp", [builder.reshape(moved, shape)], {"min": 0.0, "max": None})
    graph = builder.finish([y])
    values = np.random.default_rng(0).normal(size=(2, *graph.tensor("x").shape[1:])).astype(np.float32)
    np.testing.assert_array_equal(run(canonicalize(graph), values), run(graph, values))


def random_input(shape: tuple[int, ...], samples: int) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(samples, *shape[1:])


def decibels(graph: Graph, x: np.ndarray) -> float:
    """Signal to quantization noise of the integer graph's output, calibrated on `x` itself."""
    (name,), (output,) = graph.inputs, graph.outputs
    stored = {name: x.transpose(graph.boundary[name].perm)}
    integer = to_integer(graph, extremes(histograms(graph, stored)))
    source = integer.tensor(name)
    steps = np.rint(stored[name] / source.scale) + source.zero_point
    made = reference.run(integer, {name: np.clip(steps, -128, 127).astype(np.int8)})[output]
    right = reference.run(graph, stored)[output]
    target = integer.tensor(output)
    noise = (made.astype(np.float64) - target.zero_point) * target.scale - right
    return float(10 * np.log10((right.astype(np.float64) ** 2).sum() / (noise**2).sum()))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_import_computes_the_same(name: str) -> None:
    module, shape, expected_ops = NETWORKS[name]
    module = randomized(module)
    graph = imported(module, torch.zeros(shape))
    x = random_input(shape, 16)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None].clone()).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=1e-5)
    if expected_ops is not None:
        assert [node.op for node in graph.nodes] == expected_ops
    assert "transpose" not in {node.op for node in graph.nodes}
    assert decibels(graph, x.numpy()) > 25


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("function", [torch.softmax, torch.log_softmax])
def test_softmax_over_any_axis(function: Callable[..., torch.Tensor], axis: int) -> None:
    module = Formula(lambda x, c: function(c(x), axis), nn.Conv2d(3, 5, 1)).eval()
    graph = imported(module, torch.zeros(IMAGE))
    x = random_input(IMAGE, 4)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None]).numpy() for sample in x])
    np.testing.assert_allclose(run(graph, x.numpy()), expected, rtol=1e-4, atol=1e-5)
    assert decibels(graph, x.numpy()) > 25
    assert ("transpose" in {node.op for node in graph.nodes}) == (axis != 1)  # channels are last already


def test_the_index_of_the_largest() -> None:
    module = Formula(lambda x, c: c(x).argmax(1), nn.Conv2d(3, 5, 1)).eval()
    graph = imported(module, torch.zeros(IMAGE))
    x = random_input(IMAGE, 4)
    with torch.no_grad():
        expected = np.concatenate([module(sample[None]).numpy() for sample in x])
    np.testing.assert_array_equal(run(graph, x.numpy()), expected)


def test_an_index_beyond_int8_is_refused() -> None:
    graph = imported(Formula(lambda x, f: f(x).argmax(1), nn.Linear(6, 129)).eval(), torch.zeros(VECTOR))
    with pytest.raises(EdgeqError, match="one of 129 elements does not fit int8"):
        decibels(graph, random_input(VECTOR, 4).numpy())


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (lambda x, f: f(x) / torch.zeros(6), "a division by zero"),
        (lambda x, f: torch.cdist(f(x), x), "there is no kernel for aten"),
    ],
)
def test_what_has_no_kernel_is_refused(formula: Callable[..., object], message: str) -> None:
    with pytest.raises(EdgeqError, match=message):
        imported(Formula(formula, nn.Linear(6, 6)).eval(), torch.zeros(VECTOR))
