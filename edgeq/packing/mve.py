"""Packing for the Armv8.1-M MVE kernels (*_mve): blocks of 4 channels times 16 filter bytes, see eq_conv2d.h."""

from __future__ import annotations

import numpy as np

from edgeq.packing.blocks import Geometry, blocks, channels_first, filters, padded, patch_bytes, round_up, taps

LANES, BLOCK = 4, 16


def pack_conv2d(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, kernel_h, kernel_w, in_c] -> bytes of up(out_c, 4) * up(K, 16)."""
    return blocks(filters(weights), LANES, BLOCK)


def pack_linear(weights: np.ndarray) -> np.ndarray:
    """int8 [out_features, in_features] -> bytes of up(out_features, 4) * up(in_features, 16)."""
    return blocks(weights, LANES, BLOCK)


def pack_dwconv2d(weights: np.ndarray) -> np.ndarray:
    """int8 [kernel_h, kernel_w, channels] -> [channels/16][taps][16]."""
    full = padded(filters(channels_first(weights)), (16, 1))
    tiles = full.reshape(full.shape[0] // 16, 16, full.shape[1])
    return np.ascontiguousarray(tiles.transpose(0, 2, 1)).reshape(-1)


def pack_dwconv2d_k4x4(weights: np.ndarray) -> np.ndarray:
    """int8 [kernel_h <= 4, kernel_w <= 4, channels] -> [channels][4 rows][4 columns]."""
    return padded(channels_first(weights), (1, 4, 4)).reshape(-1)


def scratch_conv2d(geometry: Geometry) -> int:
    return 2 * round_up(patch_bytes(geometry), BLOCK)


def scratch_conv2d_pointwise(geometry: Geometry) -> int:
    return 0 if geometry["in_c"] % BLOCK == 0 else 2 * round_up(geometry["in_c"], BLOCK)


def scratch_linear(in_features: int) -> int:
    return 0 if in_features % BLOCK == 0 else 2 * round_up(in_features, BLOCK)


def scratch_dwconv2d(geometry: Geometry) -> int:
    return 4 * taps(geometry) + geometry["in_c"]


def scratch_dwconv2d_k4x4(geometry: Geometry) -> int:
    outputs = round_up(min(geometry["out_h"], 32 if geometry["stride_h"] == 1 else 16), 4)
    return 16 + 64 * ((outputs - 1) * geometry["stride_h"] + 3 * geometry["dilation_h"] + 1)
