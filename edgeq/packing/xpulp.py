"""Packing for the Xpulp / CORE-V kernels (*_xpulp): blocks of 4 channels times 4 filter bytes, see eq_conv2d.h."""

from __future__ import annotations

from edgeq.packing.blocks import Geometry, patch_bytes, round_up, taps
from edgeq.packing.order import Loop, Order, blocks, filter_sizes, tap_sizes, windows

LANES, BLOCK = 4, 4
#: neighbouring outputs that the kernel for three columns computes at a time
ROW_PIXELS = 8
#: outputs in one strip of the depthwise kernel for small windows
STRIP_OUTPUTS = 32
#: bytes of a pointer on the widest target that runs these kernels (the host)
POINTER_BYTES = 8


def order_conv2d(shape: tuple[int, ...]) -> Order:
    """int8 [out_c, ..] as bytes of up(out_c, 4) * up(K, 4)."""
    return blocks(filter_sizes(shape), LANES, BLOCK)


def order_conv2d_kx3(shape: tuple[int, ...]) -> Order:
    """int8 [out_c, kernel_h, 3, in_c] as [up(out_c, 4)/2][kernel_h][up(in_c, 4)/4][3][2 output channels][4 bytes]."""
    out_c, kernel_h, kernel_w, in_c = shape
    loops = (
        Loop(0, round_up(out_c, LANES) // 2, 2),
        Loop(1, kernel_h),
        Loop(3, round_up(in_c, BLOCK) // BLOCK, BLOCK),
        Loop(2, kernel_w),
        Loop(0, 2),
        Loop(3, BLOCK),
    )
    return Order((out_c, kernel_h, kernel_w, in_c), loops)


def order_linear(shape: tuple[int, ...]) -> Order:
    """int8 [out_features, in_features] as bytes of up(out_features, 4) * up(in_features, 4)."""
    return order_conv2d(shape)


def order_dwconv2d(shape: tuple[int, ...]) -> Order:
    """int8 [kernel_h, kernel_w, channels] as bytes of up(channels, 4) * up(taps, 4)."""
    return blocks(tap_sizes(shape), LANES, BLOCK, channel_axis=2)


def order_dwconv2d_k4x4(shape: tuple[int, ...]) -> Order:
    """int8 [kernel_h <= 4, kernel_w <= 4, channels] as [channels][4 rows][4 columns]."""
    return windows(shape, 4)


def scratch_conv2d(geometry: Geometry) -> int:
    return 4 * round_up(patch_bytes(geometry), BLOCK)


def scratch_conv2d_pointwise(geometry: Geometry) -> int:
    return 0 if geometry["in_c"] % BLOCK == 0 else 4 * round_up(geometry["in_c"], BLOCK)


def obstacle_conv2d_kx3(geometry: Geometry) -> str | None:
    """None where the kernel for three columns is possible and faster than gathered patches."""
    if (geometry["kernel_w"], geometry["stride_w"], geometry["dilation_w"]) != (3, 1, 1):
        return "kernel rows are not 3 neighbours with stride 1"
    if geometry["in_c"] < 3:
        return "fewer than 3 input channels"
    width = geometry["out_w"]
    return None if 5 * width >= 4 * round_up(width, ROW_PIXELS) else f"rows of {width} outputs fill 8 badly"


def granule_conv2d_kx3(geometry: Geometry) -> int:
    return ROW_PIXELS if geometry["out_w"] % ROW_PIXELS == 0 else geometry["out_w"]


def scratch_conv2d_kx3(geometry: Geometry) -> int:
    return (ROW_PIXELS + 2) * geometry["kernel_h"] * round_up(geometry["in_c"], BLOCK)


def scratch_linear(in_features: int) -> int:
    return 0 if in_features % BLOCK == 0 else round_up(in_features, BLOCK)


def scratch_dwconv2d(geometry: Geometry) -> int:
    return POINTER_BYTES * round_up(taps(geometry), BLOCK) + geometry["in_c"]


def scratch_dwconv2d_k4x4(geometry: Geometry) -> int:
    outputs = min(geometry["out_h"], STRIP_OUTPUTS)
    return 16 + 16 * ((outputs - 1) * geometry["stride_h"] + 3 * geometry["dilation_h"] + 1)
