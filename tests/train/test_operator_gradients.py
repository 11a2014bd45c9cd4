"""The gradient rules of operators without windows against torch's autograd and finite differences: drawn one by one
behind a trained layer, and together as attention and as a transformer's encoder layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from edgeq.errors import EdgeqError
from edgeq.ops.unary_gradient import SLOPES
from edgeq.train.torch_calls import UNARY
from tests.ops.float_cases import PARAMETERS
from tests.train import networks
from tests.train.test_gradients import check
from tests.unit.test_import import imported, randomized

Call = Callable[[torch.Tensor], torch.Tensor]

#: of one operand [1, T, D]
FUNCTIONS: dict[str, Call] = {
    "abs": torch.abs,
    "elu": lambda x: functional.elu(x, 0.7),
    "selu": functional.selu,
    "erf": torch.erf,
    "exp": torch.exp,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "hardsigmoid": functional.hardsigmoid,
    "hardswish": functional.hardswish,
    "leaky_relu": lambda x: functional.leaky_relu(x, 0.1),
    "reciprocal": lambda x: 1.0 / (x.abs() + 0.5),
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
    "softsign": functional.softsign,
    "tanh": torch.tanh,
    "threshold": lambda x: functional.threshold(x, 0.1, -0.2),
    "softmax": lambda x: torch.softmax(x, -1),
    "softmax_of_columns": lambda x: torch.softmax(x, 1),
    "scaled": lambda x: 0.5 * x - 0.25,
    "difference": lambda x: x[:, :, 1:] - x[:, :, :-1],
    "product": lambda x: x * torch.sigmoid(x + 1.0),
    "broadcast": lambda x: x * x.mean(1, keepdim=True) - x[:, :, :1],
    "squares": lambda x: (x - x.mean(-1, keepdim=True)) ** 2,
    "sums": lambda x: x.sum((1, 2), keepdim=True) + x,
    "matmul": lambda x: torch.matmul(x, torch.tanh(x).transpose(1, 2)),
    "matmul_plain": lambda x: torch.matmul(x.transpose(1, 2), torch.tanh(x)),
    "shared_matmul": lambda x: torch.matmul(torch.stack([x, x * x], 1), x.transpose(1, 2)[:, None]),
    "transpose": lambda x: x.transpose(1, 2).reshape(1, -1),
    "parts": lambda x: torch.cat([part * part for part in x.chunk(2, -1)], 1),
    "steps": lambda x: x[:, 1::2] * x[:, :1],
    "backwards": lambda x: x.flip(1, 2) * x,
    "repeated": lambda x: x[:, :1].expand(-1, 3, -1) * x[:, :1],
    "padded": lambda x: functional.pad(x, (1, 2, 0, 1)) ** 2,
    "stacked": lambda x: torch.stack([x, torch.tanh(x)], 2),
}


class Behind(nn.Module):
    """A function of what a trained layer makes, and a head."""

    def __init__(self, shape: tuple[int, int, int], call: Call, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.call, self.norm = nn.Linear(shape[-1], shape[-1]), call, norm or nn.Identity()
        self.head = nn.Linear(self.inner(torch.zeros(shape)).shape[1], 3)

    def inner(self, x: torch.Tensor) -> torch.Tensor:
        return self.call(self.norm(self.first(x))).flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.inner(x))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions(name: str) -> None:
    shape = (1, 4, 6)
    graph = imported(randomized(Behind(shape, FUNCTIONS[name])), torch.zeros(shape))
    check(networks.derived(graph, "fp32,all,mse").graph)


@pytest.mark.parametrize("name", sorted(SLOPES))
def test_slopes(name: str) -> None:
    """Each derivative is autograd's, at kinks too."""
    k: dict[str, Any] = {"function": name.removesuffix("_tanh"), **PARAMETERS.get(name, {})}
    x = torch.cat([torch.linspace(-4, 4, 321, dtype=torch.float64), torch.randn(50, dtype=torch.float64) * 5])
    x = x[x != 0] if name == "reciprocal" else x
    x.requires_grad_()
    UNARY[k["function"]](x, k).sum().backward()
    assert x.grad is not None
    ours = SLOPES[name].real(x.detach().numpy(), k)
    assert np.abs(ours - x.grad.numpy()).max() <= 1e-6 * max(1.0, float(x.grad.abs().max()))


class Groups(nn.GroupNorm):
    """Of [1, T, D] with D channels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


@pytest.mark.parametrize("trainable", ["all", "norm*:0.5", "norm*:bias", "first"])
@pytest.mark.parametrize(("kind", "rows", "width"), [("layer", 1, 7), ("layer", 3, 4), ("rms", 4, 5), ("group", 3, 6)])
def test_normalizations(kind: str, rows: int, width: int, trainable: str) -> None:
    shape = (1, rows, width)
    groups = next(count for count in (3, 2, 1) if width % count == 0)
    norm = {"layer": nn.LayerNorm(width), "rms": nn.RMSNorm(width), "group": Groups(groups, width)}[kind]
    graph = imported(randomized(Behind(shape, torch.tanh, norm)), torch.zeros(shape))
    training = networks.derived(graph, f"fp32,{trainable}")
    check(training.graph)
    gains = [name for name in training.parameters if name.endswith(".gain")]
    assert len(gains) == (trainable in ("all", "norm*:0.5"))


class Attention(nn.Module):
    """Self-attention with heads, as scaled_dot_product_attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.mixed, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.mixed(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.out(y.transpose(1, 2).flatten(2))


class Classifier(nn.Module):
    """An encoder, the mean of its rows, and a head."""

    def __init__(self, width: int, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, nn.Linear(width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(x).mean(1))


def encoder_layer(width: int = 8, heads: int = 2, norm_first: bool = False) -> nn.Module:
    return Classifier(
        width, nn.TransformerEncoderLayer(width, heads, 12, 0.0, "gelu", batch_first=True, norm_first=norm_first)
    )


@pytest.mark.parametrize(
    "network",
    [Classifier(8, Attention(8, 2)), encoder_layer(), encoder_layer(norm_first=True)],
    ids=("attention", "encoder", "norm_first"),
)
def test_attention(network: nn.Module) -> None:
    graph = imported(randomized(network), torch.zeros(1, 5, 8))
    check(networks.derived(graph, "fp32,all").graph)


def test_what_is_computed_in_integers_is_named() -> None:
    graph = imported(randomized(Behind((1, 4, 6), torch.sin)), torch.zeros(1, 4, 6))
    with pytest.raises(EdgeqError, match=r"layer sin: .* no floating-point form .* train only layers behind it"):
        networks.derived(graph, "fp32,all")
