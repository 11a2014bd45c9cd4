"""Roundings with gradients: forward they round, backward they pretend not to.

straight-through: Y. Bengio, N. Leonard, A. Courville, "Estimating or Propagating Gradients Through Stochastic Neurons
for Conditional Computation", 2013, arXiv 1308.3432: the gradient of what is inside the range passes unchanged. The
approximate sign is that of Bi-Real Net (edgeq/qat/bireal.py).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from edgeq.ops.weight_types import WeightType


def nearest_level(v: Tensor, stored: WeightType, beyond: bool = False) -> Tensor:
    """The levels of a type that are nearest to `v`, as WeightType.nearest rounds; gradient 1 for v within the levels,
    and 0 beyond them, or 1 there as well."""
    inside = v.clamp(-stored.largest, stored.largest)
    kept = v if beyond else inside
    return kept + (_nearest(inside.detach(), stored) - kept.detach())


def _nearest(v: Tensor, stored: WeightType) -> Tensor:
    if len(stored.levels) == 2 * stored.largest + 1:
        return v.round()
    levels = torch.tensor(stored.levels, dtype=v.dtype)
    return levels[torch.bucketize(v, torch.tensor(stored.between, dtype=v.dtype), right=True)]


def sign_through(v: Tensor) -> Tensor:
    """1 for v >= 0, else -1; gradient 1."""
    return v + (torch.where(v >= 0, 1.0, -1.0) - v).detach()


def heaviside(v: Tensor) -> Tensor:
    """1 for v >= 0, else 0; gradient 1."""
    return v + ((v >= 0).to(v.dtype) - v).detach()


def approximate_sign(v: Tensor) -> Tensor:
    """1 for v >= 0, else -1; gradient 2 - 2 |v| for |v| < 1, 0 beyond (Bi-Real Net, equation 7)."""
    inside = v.clamp(-1.0, 1.0)
    smooth = torch.where(inside < 0, 2 * inside + inside.square(), 2 * inside - inside.square())
    return smooth + (torch.where(v >= 0, 1.0, -1.0) - smooth).detach()


def signs(x: Tensor, threshold: Tensor) -> Tensor:
    """What edgeq.torch_operators.binarize makes of x [N, C, ..] and a threshold per channel, with the gradient of the
    approximate sign."""
    return approximate_sign(x - threshold.reshape(-1, *(1,) * (x.dim() - 2)))


def scaled_gradient(value: Tensor, factor: float) -> Tensor:
    """`value`, whose gradient is multiplied by `factor`."""
    fixed = value.detach()
    return fixed + (value - fixed) * factor


def fake_quantize(x: Tensor, scale: Tensor, low: int, high: int, zero_point: int) -> Tensor:
    """The real value of the integer in low..high that is nearest to x: scale * clamp(round(x / scale), low - z, high -
    z). Gradient of x: 1 inside the range, 0 beyond; of the scale (one value): (y - x) / scale inside, y / scale beyond
    (LSQ, equation 3)."""
    result: Tensor = _FakeQuantize.apply(x, scale, low - zero_point, high - zero_point)
    return result


class _FakeQuantize(torch.autograd.Function):
    """Fused, because activations are large: five passes forward, three backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, low: int, high: int) -> Tensor:
        step = float(scale)
        y = (x * float(1.0 / scale)).round_().clamp_(low, high).mul_(step)  # torch's own order of operations
        ctx.save_for_backward(x, y)
        ctx.step, ctx.bounds, ctx.shape = step, ((low - 0.5) * step, (high + 0.5) * step), scale.shape
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        x, y = ctx.saved_tensors
        of_x = torch.ops.aten.hardtanh_backward(gradient, x, *ctx.bounds)
        if not ctx.needs_input_grad[1]:
            return of_x, None, None, None
        of_scale = (_dot(gradient, y) - _dot(of_x, x)) / ctx.step
        return of_x, of_scale.reshape(ctx.shape), None, None


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Sum of the products, in the order of memory where both have the same."""
    if a.dim() == 4 and a.stride() == b.stride() and a.is_contiguous(memory_format=torch.channels_last):
        a, b = a.permute(0, 2, 3, 1), b.permute(0, 2, 3, 1)
    return torch.dot(a.reshape(-1), b.reshape(-1))
