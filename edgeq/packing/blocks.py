"""What the packings share: rounding up, padding with zeros, cutting filters into blocks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Geometry = Mapping[str, int]


def round_up(count: int, multiple: int) -> int:
    """`count` rounded up to a multiple of `multiple`."""
    return -(-count // multiple) * multiple


def padded(array: np.ndarray, multiples: tuple[int, ...]) -> np.ndarray:
    """`array` with zeros appended on each axis up to a multiple of that axis's number."""
    margins = [(0, round_up(size, multiple) - size) for size, multiple in zip(array.shape, multiples, strict=True)]
    return np.pad(array, margins)


def filters(weights: np.ndarray) -> np.ndarray:
    """Weights with the output channel first as [out_c, K], K in the order of the remaining axes."""
    return weights.reshape(weights.shape[0], -1)


def channels_first(weights: np.ndarray) -> np.ndarray:
    """Depthwise weights [kernel_h, kernel_w, channels] as [channels, kernel_h, kernel_w]."""
    return weights.transpose(2, 0, 1)


def blocks(matrix: np.ndarray, lanes: int, width: int) -> np.ndarray:
    """[n, K] as [n/lanes][K/width][lanes][width], zero-filled, flattened."""
    full = padded(matrix, (lanes, width))
    tiles = full.reshape(full.shape[0] // lanes, lanes, full.shape[1] // width, width)
    return np.ascontiguousarray(tiles.transpose(0, 2, 1, 3)).reshape(-1)


def patch_bytes(geometry: Geometry) -> int:
    """Bytes of the input patch under one output pixel."""
    return geometry["kernel_h"] * geometry["kernel_w"] * geometry["in_c"]


def taps(geometry: Geometry) -> int:
    return geometry["kernel_h"] * geometry["kernel_w"]


def is_k3x3(geometry: Geometry) -> bool:
    """Kernel 3x3 without dilation."""
    sizes = ("kernel_h", "kernel_w", "dilation_h", "dilation_w")
    return tuple(geometry[name] for name in sizes) == (3, 3, 1, 1)


def is_k4x4(geometry: Geometry) -> bool:
    """Kernel of at most 4x4."""
    return geometry["kernel_h"] <= 4 and geometry["kernel_w"] <= 4
