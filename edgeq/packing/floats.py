"""Packing of float32 and float16 weights, see eq_conv2d_float.h. Arrays keep their type."""

from __future__ import annotations

import numpy as np

from edgeq.ops.spatial import Window
from edgeq.packing.blocks import filters, padded, round_up

#: output channels and pixels of the block that portable kernels compute; products a turn of their loop
LANES, PIXELS, STEP = 4, 4, 2


def padded_bias(bias: np.ndarray, lanes: int) -> np.ndarray:
    """float32 [channels] -> zeros behind it up to a multiple of `lanes`."""
    return padded(bias, (lanes,))


def tiles(weights: np.ndarray, lanes: int, step: int) -> np.ndarray:
    """[out_c, ..] -> [up(out_c, lanes)/lanes][up(K, step)][lanes], zero-filled, flattened."""
    full = padded(filters(weights), (lanes, step))
    return np.ascontiguousarray(full.reshape(-1, lanes, full.shape[1]).transpose(0, 2, 1)).reshape(-1)


def pack_scalar(weights: np.ndarray) -> np.ndarray:
    """The order of the portable kernels."""
    return tiles(weights, LANES, STEP)


def scratch_scalar(patch: int) -> int:
    """Bytes of the float32 patches of PIXELS pixels, `patch` numbers each."""
    return 4 * PIXELS * round_up(patch, STEP)


#: products of a turn of the xpulp kernels' loop, which takes pairs
XPULP_STEP = 4


def pack_xpulp(weights: np.ndarray) -> np.ndarray:
    """float16 [out_c, ..] -> [up(out_c, 4)/4][up(K, 4)/2][4][2], zero-filled, flattened."""
    full = padded(filters(weights), (LANES, XPULP_STEP))
    pairs = full.reshape(-1, LANES, full.shape[1] // 2, 2)
    return np.ascontiguousarray(pairs.transpose(0, 2, 1, 3)).reshape(-1)


def scratch_xpulp(patch: int) -> int:
    """Bytes of the FP16 patches of PIXELS pixels."""
    return 2 * PIXELS * round_up(patch, XPULP_STEP)


def scratch_dwconv2d_xpulp(taps: int) -> int:
    """Bytes of the weights of two channels, each in a pair with 0."""
    return 8 * taps


#: output channels and pixels of the block that MVE kernels compute
MVE_LANES, MVE_PIXELS = 8, 3


def pack_mve(weights: np.ndarray) -> np.ndarray:
    """[out_c, ..] -> [up(out_c, 8)/8][K][8], zero-filled, flattened."""
    return tiles(weights, MVE_LANES, 1)


def scratch_mve(patch: int) -> int:
    """Bytes of the float32 patches of MVE_PIXELS pixels."""
    return 4 * MVE_PIXELS * patch


def pack_half_mve(weights: np.ndarray) -> np.ndarray:
    """[out_c, ..] -> [up(out_c, 8)/8][up(K, 8)][8], zero-filled, flattened: of kernels that sum 8 products in FP16."""
    return tiles(weights, MVE_LANES, 8)


def taps_of_phases(window: Window) -> list[int]:
    """Taps of every phase of input pixels (edgeq/ops/conv2d_igrad.py), row by row."""
    down, across = (_taps(window, axis) for axis in (0, 1))
    return [len(ky) * len(kx) for ky in down for kx in across]


def most_taps(window: Window) -> int:
    """Taps of the phase that has most."""
    return max(taps_of_phases(window))


def _taps(window: Window, axis: int) -> list[list[int]]:
    """Along an axis: phase -> its taps, from the last to the first: so they lie in the gradient in rising order."""
    kernel, stride, dilation = window.kernel[axis], window.stride[axis], window.dilation[axis]
    return [[k for k in reversed(range(kernel)) if (phase - k * dilation) % stride == 0] for phase in range(stride)]


def pack_transposed(weights: np.ndarray, window: Window, lanes: int, step: int, pair: int) -> np.ndarray:
    """[out_c, kernel_h, kernel_w, in_c] -> phase by phase [up(in_c, lanes)/lanes][up(taps * out_c, step)/pair][lanes]
    [pair], zero-filled, flattened; the sums of a phase run over its taps, the last one first, then output channels."""
    parts = []
    for ky in _taps(window, 0):
        for kx in _taps(window, 1):
            chosen = weights[:, ky][:, :, kx].transpose(3, 1, 2, 0).reshape(weights.shape[3], -1)
            full = padded(chosen, (lanes, step))
            blocks = full.reshape(len(full) // lanes, lanes, full.shape[1] // pair, pair)
            parts.append(blocks.transpose(0, 2, 1, 3).reshape(-1))
    return np.concatenate(parts)


def pack_flipped(weights: np.ndarray, window: Window) -> np.ndarray:
    """[kernel_h, kernel_w, channels] -> phase by phase [taps][channels], the last tap first, flattened."""
    return np.concatenate([weights[ky][:, kx].reshape(-1) for ky in _taps(window, 0) for kx in _taps(window, 1)])
