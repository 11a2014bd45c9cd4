"""Packing for the Xpulp / CORE-V kernels (*_xpulp): blocks of 4 channels times 4 filter bytes, see eq_conv2d.h."""

from __future__ import annotations

import numpy as np

from edgeq.packing.blocks import Geometry, blocks, channels_first, filters, padded, patch_bytes, round_up, taps

LANES, BLOCK = 4, 4
#: outputs in one strip of the depthwise kernel for small windows
STRIP_OUTPUTS = 32
#: bytes of a pointer on the widest target that runs these kernels (the host)
POINTER_BYTES = 8


def pack_conv2d(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, kernel_h, kernel_w, in_c] -> bytes of up(out_c, 4) * up(K, 4)."""
    return blocks(filters(weights), LANES, BLOCK)


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


def scratch_linear(in_features: int) -> int:
    return 0 if in_features % BLOCK == 0 else round_up(in_features, BLOCK)


def scratch_dwconv2d(geometry: Geometry) -> int:
    return POINTER_BYTES * round_up(taps(geometry), BLOCK) + geometry["in_c"]


def scratch_dwconv2d_k4x4(geometry: Geometry) -> int:
    outputs = min(geometry["out_h"], STRIP_OUTPUTS)
    return 16 + 16 * ((outputs - 1) * geometry["stride_h"] + 3 * geometry["dilation_h"] + 1)
