"""What the methods of training have in common: modules that round weights and activations in the forward pass."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Quantization
from edgeq.ops import weight_types
from edgeq.ops.weight_types import WeightType
from edgeq.qat import estimators
from edgeq.quantize.omse import least_error_scales


class WeightQuantizer(nn.Module):
    """Rounds the weights of a layer: forward(weight) = steps(weight) * scale(weight), with a scale per output channel,
    the first axis. A method says what the two are; `start`: the weights that training begins with."""

    #: names of the types of weights that the method is for
    types: tuple[str, ...] = tuple(item.name for item in weight_types.TYPES.values() if not item.group)

    def __init__(self, start: Tensor, stored: WeightType) -> None:
        super().__init__()
        self.stored = stored

    def steps(self, weight: Tensor) -> Tensor:
        """Levels of the type (float), in the shape of `weight`; gradients pass by the method's estimator."""
        raise NotImplementedError

    def scale(self, weight: Tensor) -> Tensor:
        """Positive scales [channels]."""
        raise NotImplementedError

    def forward(self, weight: Tensor) -> Tensor:
        return self.steps(weight) * per_channel(self.scale(weight), weight)

    @torch.no_grad()
    def integers(self, weight: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """(int8 weights, float64 scales [channels]) whose products are what forward gives."""
        scale = self.scale(weight).expand(len(weight))
        return self.steps(weight).numpy().astype(np.int8), scale.numpy().astype(np.float64)


class ActivationQuantizer(nn.Module):
    """Rounds an activation to integers of low..high with one scale and zero point; here with a fixed scale."""

    def __init__(self, start: Quantization) -> None:
        super().__init__()
        info = np.iinfo(start.dtype)
        self.low, self.high, self.zero_point = int(info.min), int(info.max), start.zero_point
        self.enabled = True
        self.register_scale(torch.tensor(float(start.scale[0]), dtype=torch.float32))

    def register_scale(self, scale: Tensor) -> None:
        """Keeps the scale that training begins with."""
        self.register_buffer("step", scale)

    def scale(self) -> Tensor:
        """The positive scale (one value)."""
        return self.step

    def rounded(self, x: Tensor) -> Tensor:
        """The nearest real values of integers."""
        return estimators.fake_quantize(x, self.scale(), self.low, self.high, self.zero_point)

    def forward(self, x: Tensor) -> Tensor:
        return self.rounded(x) if self.enabled else x


def round_activations(model: nn.Module, enabled: bool) -> None:
    """Turns the rounding of all activations of a prepared network on or off. At 8 bits it changes little and takes a
    third of the time: the first epochs may go without (R. Krishnamoorthi, "Quantizing deep convolutional networks for
    efficient inference", 2018, arXiv 1806.08342, delays it as well)."""
    for module in model.modules():
        if isinstance(module, ActivationQuantizer):
            module.enabled = enabled


def per_channel(scale: Tensor, weight: Tensor) -> Tensor:
    """`scale` [channels] or [1] in a shape that multiplies the first axis of `weight`."""
    return scale.reshape(-1, *(1,) * (weight.dim() - 1))


def least_squares_scale(weight: Tensor, stored: WeightType) -> Tensor:
    """Scales [channels] of least squared error (quantize/omse.py), where training may begin."""
    scales = least_error_scales(weight.detach().numpy(), 0, stored)
    if not np.all(np.isfinite(scales)):
        raise EdgeqError("weights of a layer are NaN or infinite; start from a network that works")
    return torch.from_numpy(np.maximum(scales, 1e-12)).to(weight.dtype)
