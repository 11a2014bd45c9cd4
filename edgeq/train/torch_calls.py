"""Every operator of forward parts as PyTorch has it, on channels-last operands with a batch in front: written without
edgeq's own references, so that it can judge them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from edgeq.ir.graph import Node
from edgeq.ops.spatial import Window

Call = Callable[[Node, list[Tensor]], Tensor]


def _images(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2)


def _padded(x: Tensor, window: Window, value: float = 0.0) -> Tensor:
    """An image [N, C, H, W] with the window's padding."""
    top, bottom, left, right = window.padding
    return functional.pad(x, (left, right, top, bottom), value=value)


def _conv2d(node: Node, args: list[Tensor]) -> Tensor:
    x, weights, bias = args
    window = Window.of(node.attributes)
    y = functional.conv2d(_padded(_images(x), window), _images(weights), bias, window.stride, 0, window.dilation)
    return y.permute(0, 2, 3, 1)


def _dwconv2d(node: Node, args: list[Tensor]) -> Tensor:
    x, weights, bias = args
    window = Window.of(node.attributes)
    filters = weights.permute(2, 0, 1)[:, None]
    y = functional.conv2d(
        _padded(_images(x), window), filters, bias, window.stride, 0, window.dilation, groups=len(filters)
    )
    return y.permute(0, 2, 3, 1)


def _max_pool2d(node: Node, args: list[Tensor]) -> Tensor:
    window = Window.of(node.attributes)
    x = _padded(_images(args[0]), window, -torch.inf)
    return functional.max_pool2d(x, window.kernel, window.stride, 0, window.dilation).permute(0, 2, 3, 1)


def _avg_pool2d(node: Node, args: list[Tensor]) -> Tensor:
    window = Window.of(node.attributes)
    ones = _padded(torch.ones_like(_images(args[0])[:, :1]), window)
    x = _padded(_images(args[0]), window)
    sums = functional.avg_pool2d(x, window.kernel, window.stride)
    return (sums / functional.avg_pool2d(ones, window.kernel, window.stride)).permute(0, 2, 3, 1)


def _clamp(node: Node, args: list[Tensor]) -> Tensor:
    return limited(args[0], node.attributes["min"], node.attributes["max"])


def limited(x: Tensor, low: float | None, high: float | None) -> Tensor:
    """With gradient 0 at the bounds themselves, as torch's activation functions have it (torch.clamp has 1)."""
    if low == 0.0 and high is None:
        return torch.relu(x)
    if low is None and high is None:
        return x
    bounds = -torch.inf if low is None else low, torch.inf if high is None else high
    return functional.hardtanh(x, *bounds)


def _normalize(node: Node, args: list[Tensor]) -> Tensor:
    x, gain, bias = args
    groups, centred, eps = (node.attributes[key] for key in ("groups", "centred", "eps"))
    if not centred:
        assert groups == 0
        return functional.rms_norm(x, x.shape[-1:], gain, eps) + bias
    if groups == 0:
        return functional.layer_norm(x, x.shape[-1:], gain, bias, eps)
    return functional.group_norm(x.movedim(-1, 1), groups, gain, bias, eps).movedim(1, -1)


def _batch_statistics(node: Node, args: list[Tensor]) -> Tensor:
    """Those of the sample, or the running ones while nothing is trained."""
    if not torch.is_grad_enabled():
        return args[1]
    pixels = args[0].reshape(-1, args[0].shape[-1])
    return torch.stack([pixels.mean(0), pixels.var(0, unbiased=False)])[None]


def _batch_norm(node: Node, args: list[Tensor]) -> Tensor:
    x, gain, bias, statistics = args
    mean, variance = statistics.reshape(2, -1)
    return (x - mean) * torch.rsqrt(variance + node.attributes["eps"]) * gain + bias


def _matmul(node: Node, args: list[Tensor]) -> Tensor:
    right = args[1].transpose(-1, -2) if node.attributes["transposed"] else args[1]
    return node.attributes["factor"] * torch.matmul(args[0], right)


def _reduce(node: Node, args: list[Tensor]) -> Tensor:
    axes = [axis for axis in node.attributes["axes"] if axis]
    function = torch.mean if node.attributes["function"] == "mean" else torch.sum
    return function(args[0], dim=axes, keepdim=True)


def _slice(node: Node, args: list[Tensor]) -> Tensor:
    x, k = args[0], node.attributes
    for axis, (start, size, step) in enumerate(zip(k["start"], k["size"], k["step"], strict=True)):
        if axis:
            x = x.index_select(axis, start + step * torch.arange(size))
    return x


def _pad(node: Node, args: list[Tensor]) -> Tensor:
    sides = node.attributes["padding"]
    return functional.pad(args[0], (*sides[4:], *sides[2:4], *sides[:2]), value=node.attributes["value"])


UNARY: Mapping[str, Callable[[Tensor, Mapping[str, Any]], Tensor]] = {
    "abs": lambda x, k: x.abs(),
    "affine": lambda x, k: x * k["scale"] + k["offset"],
    "elu": lambda x, k: k.get("scale", 1.0) * functional.elu(x, k.get("alpha", 1.0)),
    "erf": lambda x, k: torch.erf(x),
    "exp": lambda x, k: torch.exp(x),
    "gelu": lambda x, k: functional.gelu(x, approximate=k.get("approximate", "none")),
    "hardshrink": lambda x, k: functional.hardshrink(x, k["lambd"]),
    "hardsigmoid": lambda x, k: functional.hardsigmoid(x),
    "hardswish": lambda x, k: functional.hardswish(x),
    "leaky_relu": lambda x, k: functional.leaky_relu(x, k["alpha"]),
    "pow": lambda x, k: x ** k["exponent"],
    "reciprocal": lambda x, k: torch.reciprocal(x),
    "requantize": lambda x, k: x,
    "sigmoid": lambda x, k: torch.sigmoid(x),
    "silu": lambda x, k: functional.silu(x),
    "softshrink": lambda x, k: functional.softshrink(x, k["lambd"]),
    "softsign": lambda x, k: functional.softsign(x),
    "tanh": lambda x, k: torch.tanh(x),
    "threshold": lambda x, k: functional.threshold(x, k["threshold"], k["value"]),
}
BINARY: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "rsub": lambda x, y: y - x,
    "mul": torch.mul,
    "minimum": torch.minimum,
    "maximum": torch.maximum,
    "prelu": lambda x, y: torch.where(x >= 0, x, x * y),
    "squared_difference": lambda x, y: (x - y) ** 2,
}


def has_counterpart(node: Node) -> bool:
    """Whether a forward node has its operator, and function, here."""
    functions: Mapping[str, object] | None = {"unary": UNARY, "binary": BINARY}.get(node.op)
    return node.op in CALLS and (functions is None or node.attributes["function"] in functions)


CALLS: Mapping[str, Call] = {
    "conv2d": _conv2d,
    "dwconv2d": _dwconv2d,
    "linear": lambda node, args: functional.linear(*args),
    "add": lambda node, args: args[0] + args[1],
    "clamp": _clamp,
    "mean": lambda node, args: args[0].mean(dim=(1, 2), keepdim=True),
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "softmax": lambda node, args: torch.softmax(node.attributes.get("beta", 1.0) * args[0], dim=-1),
    "reshape": lambda node, args: args[0].reshape(len(args[0]), *node.attributes["shape"][1:]),
    "transpose": lambda node, args: args[0].permute(node.attributes["perm"]),
    "concat": lambda node, args: torch.cat(args, dim=node.attributes["axis"]),
    "slice": _slice,
    "pad": _pad,
    "reduce": _reduce,
    "matmul": _matmul,
    "normalize": _normalize,
    "batch_statistics": _batch_statistics,
    "batch_norm": _batch_norm,
    "unary": lambda node, args: UNARY[node.attributes["function"]](args[0], node.attributes),
    "binary": lambda node, args: BINARY[node.attributes["function"]](*args),
    "pack_weights": lambda node, args: torch.cat([args[0][0], *args[1:]], dim=node.attributes["axis"]).reshape(
        node.attributes["shape"]
    ),
}
