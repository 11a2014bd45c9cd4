"""Weights of the packed kernels for int16 activations, see eq_conv2d_packed_s16.h."""

from __future__ import annotations

import numpy as np

from edgeq.packing.blocks import Geometry, blocks, channels_first, filters, padded, patch_bytes, round_up, taps
from edgeq.packing.xpulp import POINTER_BYTES

#: output channels that constants are filled up to: a vector of eight, or two groups of four
CHANNELS = 8


def pack_xpulp(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, ..] -> halfwords (even + 128) + 256 * odd, as bytes of up(out_c, 4) * up(K, 2)."""
    full = padded(filters(weights), (4, 2)).astype(np.int16)
    halves = full[0::2] + np.int16(128) + np.int16(256) * full[1::2]
    tiles = halves.reshape(full.shape[0] // 4, 2, full.shape[1] // 2, 2)
    return _bytes(tiles.transpose(0, 2, 1, 3))


def pack_dsp(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, ..] -> bytes of up(out_c, 2) * up(K, 4), two channels side by side."""
    full = padded(filters(weights), (2, 4))
    return np.ascontiguousarray(full.reshape(-1, 2, full.shape[1]).transpose(0, 2, 1)).reshape(-1)


def pack_mve(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, ..] -> bytes of up(out_c, 4) * up(K, 8)."""
    return blocks(filters(weights), 4, 8)


def pack_dwconv2d_pairs(weights: np.ndarray) -> np.ndarray:
    """int8 [kernel_h, kernel_w, channels] -> halfwords of four channels' pairs of taps (xpulp, dsp), as bytes."""
    full = padded(filters(channels_first(weights)), (4, 2)).astype(np.int16)
    return _bytes(full.reshape(-1, 4, full.shape[1] // 2, 2).transpose(0, 2, 1, 3))


def pack_dwconv2d_mve(weights: np.ndarray) -> np.ndarray:
    """[kernel_h, kernel_w, channels] of any type -> [up(channels, 8)/8][taps][8]."""
    full = padded(filters(channels_first(weights)), (8, 1))
    return np.ascontiguousarray(full.reshape(-1, 8, full.shape[1]).transpose(0, 2, 1)).reshape(-1)


def mixed_bias(bias: np.ndarray) -> np.ndarray:
    """int32 biases of an even number of channels -> even + 256 * odd modulo 2^32, odd (xpulp)."""
    pairs = bias.astype(np.int64).reshape(-1, 2)
    return np.stack([pairs[:, 0] + 256 * pairs[:, 1], pairs[:, 1]], axis=1).astype(np.int32).reshape(-1)


def scratch(products: int, step: int, pixels: int) -> int:
    """Bytes of the patches of `pixels` pixels with `products` elements, each up to a multiple of `step`."""
    return 2 * pixels * round_up(products, step)


def scratch_conv2d(geometry: Geometry, step: int, pixels: int, in_place: bool) -> int:
    """The same of a convolution; none where it is `in_place` and its patches are its pixels."""
    steps = (geometry[name] for name in ("kernel_h", "kernel_w", "stride_h", "stride_w"))
    pointwise = tuple(steps) == (1, 1, 1, 1) and (geometry["pad_top"], geometry["pad_left"]) == (0, 0)
    same = all(geometry[f"in_{axis}"] == geometry[f"out_{axis}"] for axis in "hw")
    if in_place and pointwise and same and geometry["in_c"] % step == 0:
        return 0
    return scratch(patch_bytes(geometry), step, pixels)


def scratch_dwconv2d(geometry: Geometry) -> int:
    """Bytes of a row of zeros and of the pointers to the taps."""
    return 2 * round_up(geometry["in_c"], 8) + POINTER_BYTES * round_up(taps(geometry), 2)


def _bytes(halves: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(halves.astype("<i2")).reshape(-1).view(np.int8)
