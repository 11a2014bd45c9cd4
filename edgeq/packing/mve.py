"""Packing for the Armv8.1-M MVE kernels (*_mve): blocks of 4 channels times 16 filter bytes, see eq_conv2d.h."""

from __future__ import annotations

from edgeq.packing.blocks import Geometry, patch_bytes, round_up, taps
from edgeq.packing.order import Loop, Order, blocks, filter_sizes, tap_sizes, windows

LANES, BLOCK = 4, 16
#: the largest offset of a gather load of bytes
MAX_OFFSET = 255
#: output channels whose sums are in memory at a time
SUMS_CHANNELS = 64


def order_conv2d(shape: tuple[int, ...]) -> Order:
    """int8 [out_c, ..] as bytes of up(out_c, 4) * up(K, 16)."""
    return blocks(filter_sizes(shape), LANES, BLOCK)


def order_linear(shape: tuple[int, ...]) -> Order:
    """int8 [out_features, in_features] as bytes of up(out_features, 4) * up(in_features, 16)."""
    return order_conv2d(shape)


def order_dwconv2d(shape: tuple[int, ...]) -> Order:
    """int8 [kernel_h, kernel_w, channels] as [channels/16][taps][16]."""
    channels, count = tap_sizes(shape)
    loops = (Loop(0, round_up(channels, BLOCK) // BLOCK, BLOCK), Loop(1, count), Loop(0, BLOCK))
    return Order((channels, count), loops, channel_axis=2)


def order_dwconv2d_k4x4(shape: tuple[int, ...]) -> Order:
    """int8 [kernel_h <= 4, kernel_w <= 4, channels] as [channels][4 rows][4 columns]."""
    return windows(shape, 4)


def scratch_conv2d(geometry: Geometry) -> int:
    """Two patches, and a table of offsets where the whole patch is within reach of them."""
    down = (geometry["kernel_h"] - 1) * geometry["dilation_h"] * geometry["in_w"]
    reach = (down + (geometry["kernel_w"] - 1) * geometry["dilation_w"] + 1) * geometry["in_c"] - 1
    return (3 if reach <= MAX_OFFSET else 2) * round_up(patch_bytes(geometry), BLOCK)


def scratch_conv2d_pointwise(geometry: Geometry) -> int:
    """Two pixels, unless they are whole blocks and read before anything is written over them."""
    overwritten = geometry["in_c"] == geometry["out_c"] > SUMS_CHANNELS
    return 0 if geometry["in_c"] % BLOCK == 0 and not overwritten else 2 * round_up(geometry["in_c"], BLOCK)


def scratch_linear(in_features: int) -> int:
    return 0 if in_features % BLOCK == 0 else 2 * round_up(in_features, BLOCK)


def scratch_dwconv2d(geometry: Geometry) -> int:
    return 4 * taps(geometry) + geometry["in_c"]


def scratch_dwconv2d_k4x4(geometry: Geometry) -> int:
    outputs = round_up(min(geometry["out_h"], 32 if geometry["stride_h"] == 1 else 16), 4)
    return 16 + 64 * ((outputs - 1) * geometry["stride_h"] + 3 * geometry["dilation_h"] + 1)
