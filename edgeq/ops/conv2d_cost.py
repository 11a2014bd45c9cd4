"""Estimated instructions of the kernels of conv2d and linear, for the choice under a flash budget.

Every kernel works on blocks of pixels (or tiles), prepares the block's input and multiplies it with groups of output
channels: blocks * (fixed + per_input * n + groups * (per_group + per_product * n)), n being what a block holds of
inputs (quads of a filter's bytes, or input channels for Winograd). The coefficients are least squares fits to the
counts of the simulator over 3x3, 5x5 and 1x1 layers of 1 to 128 channels; tests/ops/test_cost.py holds them to 25 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeq.packing.blocks import Geometry, patch_bytes


def quads(geometry: Geometry) -> int:
    """Words of four bytes of a filter."""
    return -(-patch_bytes(geometry) // 4)


def channel_quads(geometry: Geometry) -> int:
    return -(-geometry["in_c"] // 4)


def channels(geometry: Geometry) -> int:
    return geometry["in_c"]


def pixel_blocks(pixels: int) -> Callable[[Geometry], int]:
    """Blocks of `pixels` output pixels."""
    return lambda geometry: -(-geometry["out_h"] * geometry["out_w"] // pixels)


def tile_blocks(side: int) -> Callable[[Geometry], int]:
    """Blocks of four tiles of side x side outputs."""
    return lambda geometry: -(-(-(-geometry["out_h"] // side) * -(-geometry["out_w"] // side)) // 4)


@dataclass(frozen=True)
class Cost:
    """The formula above."""

    blocks: Callable[[Geometry], int]
    inputs: Callable[[Geometry], int]
    group: int
    fixed: float
    per_input: float
    per_group: float
    per_product: float

    def __call__(self, geometry: Geometry) -> int:
        n, groups = self.inputs(geometry), -(-geometry["out_c"] // self.group)
        block = self.fixed + self.per_input * n + groups * (self.per_group + self.per_product * n)
        return round(self.blocks(geometry) * block)


dsp = Cost(pixel_blocks(4), quads, 2, 1073.3, 42.2, 42.1, 24.5)
pointwise_dsp = Cost(pixel_blocks(4), quads, 2, 288.4, 17.7, 58.4, 26.0)
winograd2x2_dsp = Cost(tile_blocks(2), channel_quads, 2, 1254.1, 637.8, 763.5, 364.1)
rv32im = Cost(pixel_blocks(6), quads, 2, 620.9, 109.2, 196.7, 77.2)
winograd4x4_rv32im = Cost(tile_blocks(4), channels, 4, 2631.3, 2024.6, 8701.6, 1403.3)
winograd2x2_rv32im = Cost(tile_blocks(2), channels, 4, 713.5, 325.9, 2683.1, 651.8)
scalar = Cost(pixel_blocks(2), quads, 4, 173.5, 29.3, 274.2, 91.7)
pointwise_scalar = Cost(pixel_blocks(2), quads, 4, 89.2, 6.5, 210.1, 95.3)
linear_dsp = Cost(pixel_blocks(1), quads, 4, 69.4, 11.1, 129.9, 16.0)
linear_rv32im = Cost(pixel_blocks(1), quads, 4, 6.5, 19.0, 152.3, 32.3)
linear_scalar = Cost(pixel_blocks(1), quads, 4, 166.4, 9.8, 0.0, 59.9)
