"""Packing for the Armv7E-M DSP kernels (*_dsp): two channels share a halfword, see eq_conv2d.h."""

from __future__ import annotations

import numpy as np

from edgeq.packing.blocks import Geometry, channels_first, filters, padded, patch_bytes, round_up, taps

#: order of four neighbours in two words, as SXTB16 takes bytes 0 and 2, then 1 and 3
QUAD_ORDER = (0, 2, 1, 3)
#: outputs in one strip of the 3x3 depthwise kernel
STRIP_OUTPUTS = 32
#: taps of a 3x3 kernel as that kernel's five words hold them; 9 is a zero
K3X3_ORDER = (0, 1, 3, 4, 6, 7, 2, 5, 8, 9)


def _bytes(halves: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(halves.astype("<i2")).reshape(-1).view(np.int8)


def _pairs(matrix: np.ndarray, lanes: int) -> np.ndarray:
    """[n, K] as [n/lanes][K/4][lanes/2][4 halfwords even + 256*odd], quads in QUAD_ORDER."""
    full = padded(matrix, (lanes, 4)).astype(np.int16)
    halves = full[0::2] + np.int16(256) * full[1::2]
    quads = halves.reshape(full.shape[0] // lanes, lanes // 2, full.shape[1] // 4, 4)[..., QUAD_ORDER]
    return _bytes(quads.transpose(0, 2, 1, 3))


def pack_conv2d(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, kernel_h, kernel_w, in_c] -> bytes of up(out_c, 2) * up(K, 4)."""
    return _pairs(filters(weights), 2)


def pack_linear(weights: np.ndarray) -> np.ndarray:
    """int8 [out_features, in_features] -> bytes of up(out_features, 4) * up(in_features, 4)."""
    return _pairs(weights, 4)


def pack_dwconv2d(weights: np.ndarray) -> np.ndarray:
    """int8 [kernel_h, kernel_w, channels] -> bytes of 2 * up(channels, 4) * up(taps, 2)."""
    full = padded(filters(channels_first(weights)), (4, 2)).astype(np.int16)
    tiles = full.reshape(full.shape[0] // 4, 4, full.shape[1] // 2, 2)[:, QUAD_ORDER]
    return _bytes(tiles.transpose(0, 2, 1, 3))


def pack_dwconv2d_k3x3(weights: np.ndarray) -> np.ndarray:
    """int8 [3, 3, channels] -> 20 bytes a channel."""
    full = padded(filters(channels_first(weights)), (1, 10)).astype(np.int16)
    return _bytes(full[:, K3X3_ORDER])


def scratch_conv2d(geometry: Geometry) -> int:
    k = round_up(patch_bytes(geometry), 4)
    return 8 * k if geometry["in_c"] % 4 == 0 else 9 * k


def scratch_conv2d_pointwise(geometry: Geometry) -> int:
    return 8 * round_up(geometry["in_c"], 4)


def scratch_linear(in_features: int) -> int:
    return 2 * round_up(in_features, 4)


def scratch_dwconv2d(geometry: Geometry) -> int:
    return 4 * round_up(taps(geometry), 2) + round_up(geometry["in_c"], 4)


def scratch_dwconv2d_k3x3(geometry: Geometry) -> int:
    outputs = min(geometry["out_h"], STRIP_OUTPUTS)
    return 8 + 32 * ((outputs - 1) * geometry["stride_h"] + 3)
