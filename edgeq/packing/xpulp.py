"""Packing for the Xpulp / CORE-V kernels (*_xpulp): blocks of 4 channels times 4 filter bytes, see eq_conv2d.h."""

from __future__ import annotations

import numpy as np

from edgeq.packing.blocks import Geometry, blocks, channels_first, filters, padded, patch_bytes, round_up, taps

LANES, BLOCK = 4, 4
#: neighbouring outputs that the kernel for three columns computes at a time
ROW_PIXELS = 8
#: outputs in one strip of the depthwise kernel for small windows
STRIP_OUTPUTS = 32
#: bytes of a pointer on the widest target that runs these kernels (the host)
POINTER_BYTES = 8


def pack_conv2d(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, kernel_h, kernel_w, in_c] -> bytes of up(out_c, 4) * up(K, 4)."""
    return blocks(filters(weights), LANES, BLOCK)


def pack_conv2d_kx3(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, kernel_h, 3, in_c] -> [up(out_c, 4)/2][kernel_h][up(in_c, 4)/4][3][2 output channels][4 bytes]."""
    full = padded(weights, (LANES, 1, 1, BLOCK))
    out_c, kernel_h, kernel_w, in_c = full.shape
    words = full.reshape(out_c // 2, 2, kernel_h, kernel_w, in_c // BLOCK, BLOCK)
    return np.ascontiguousarray(words.transpose(0, 2, 4, 3, 1, 5)).reshape(-1)


def pack_linear(weights: np.ndarray) -> np.ndarray:
    """int8 [out_features, in_features] -> bytes of up(out_features, 4) * up(in_features, 4)."""
    return blocks(weights, LANES, BLOCK)


def pack_dwconv2d(weights: np.ndarray) -> np.ndarray:
    """int8 [kernel_h, kernel_w, channels] -> bytes of up(channels, 4) * up(taps, 4)."""
    return blocks(filters(channels_first(weights)), LANES, BLOCK)


def pack_dwconv2d_k4x4(weights: np.ndarray) -> np.ndarray:
    """int8 [kernel_h <= 4, kernel_w <= 4, channels] -> [channels][4 rows][4 columns]."""
    return padded(channels_first(weights), (1, 4, 4)).reshape(-1)


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
