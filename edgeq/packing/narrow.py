"""Weights of less than 8 bits as fields of bytes: eq_narrow.h for kernels that take `width` bytes of an input vector
at a time, eq_narrow_dsp.h and eq_dwconv2d_narrow.h (all in runtime_c)."""

from __future__ import annotations

import numpy as np

from edgeq.ops.weight_types import POW2, WeightType
from edgeq.packing.blocks import Geometry, padded, patch_bytes, round_up

#: output channels in a group
GROUP = 4
#: bytes of an input vector that a kernel takes at a time
WIDTHS = {"scalar": 1, "xpulp": 4, "mve": 16}
#: bits of a weight -> inputs that a word of the DSP kernels has weights for
DSP_BLOCKS = {4: 4, 2: 8, 1: 16}


def is_odd(stored: WeightType) -> bool:
    """Whether weights are 2 * field + 1."""
    return 0 not in stored.levels and stored is not POW2


def power_fields(weights: np.ndarray, width: int) -> np.ndarray:
    """uint8 fields of powers of two and of zeros, which only fill up: those of MVE or those of the others."""
    exponent = np.log2(np.maximum(np.abs(weights.astype(np.int16)), 1)).astype(np.int8)
    if width == WIDTHS["mve"]:
        codes, zero = np.where(weights < 0, exponent - 7, exponent) & 15, 8
    else:
        codes, zero = np.where(weights < 0, exponent | 8, exponent), 7
    return np.where(weights == 0, zero, codes).astype(np.uint8)


def fields(weights: np.ndarray, stored: WeightType) -> np.ndarray:
    """uint8 fields, in the low bits, of int8 weights."""
    if stored is POW2:
        return power_fields(weights, 1)
    wide = weights.astype(np.int16)
    signed = (wide - 1) // 2 if is_odd(stored) else wide
    return (signed & ((1 << stored.bits) - 1)).astype(np.uint8)


def pack(weights: np.ndarray, stored: WeightType, width: int) -> np.ndarray:
    """int8 [out_c, K] -> the uint8 bytes of eq_narrow.h."""
    blocks_a_row = 2 if stored.bits == 1 else 1
    whole = (GROUP, width * blocks_a_row)
    codes = power_fields(padded(weights, whole), width) if stored is POW2 else padded(fields(weights, stored), whole)
    tiles = codes.reshape(codes.shape[0] // GROUP, GROUP, -1, blocks_a_row, width).transpose(0, 2, 3, 1, 4)
    # [group][row or pair of blocks][block of the pair][channel][width]
    if stored.bits == 4:
        rows = tiles[:, :, 0, 0::2] | tiles[:, :, 0, 1::2] << 4
    elif stored.bits == 2:
        rows = sum((tiles[:, :, 0, channel] << 2 * channel for channel in range(1, GROUP)), tiles[:, :, 0, 0])
    else:
        first, second = (
            sum((tiles[:, :, block, channel] << channel for channel in range(1, GROUP)), tiles[:, :, block, 0])
            for block in (0, 1)
        )
        rows = first << 4 | second
    return np.ascontiguousarray(rows).reshape(-1).astype(np.uint8)


def scratch_vector(products: int, width: int) -> int:
    """Bytes of a zero-filled vector of `products` bytes, whole blocks and an even number of them."""
    return round_up(products, 2 * width)


def scratch_conv2d_xpulp(geometry: Geometry) -> int:
    """Scratch bytes of the xpulp kernels: four patches."""
    return 4 * scratch_vector(patch_bytes(geometry), WIDTHS["xpulp"])


def even_fields(weights: np.ndarray, stored: WeightType) -> np.ndarray:
    """uint8: the unsigned fields of even channels in the order of the DSP kernels."""
    wide = weights.astype(np.int16)
    if stored.bits == 1:
        codes = (1 - wide) // 2
    elif is_odd(stored):
        codes = (wide + 3) // 2
    else:
        codes = wide + (8 if stored.bits == 4 else 1)
    return codes.astype(np.uint8)


def pack_dsp(weights: np.ndarray, stored: WeightType, channels: int) -> np.ndarray:
    """int8 [out_c, K] -> the uint8 bytes of eq_narrow_dsp.h, output channels filled up to a multiple of `channels`."""
    if stored is POW2:
        codes = power_fields(padded(weights, (channels, DSP_BLOCKS[4])), 1)
        quads = codes.reshape(codes.shape[0] // 2, 2, -1, 4).transpose(0, 2, 3, 1)  # [pairs][quads][inputs][channels]
        return np.ascontiguousarray(quads[:, :, :2] | quads[:, :, 2:] << 4).reshape(-1)
    even, odd = (
        padded(codes, (channels, DSP_BLOCKS[stored.bits])).astype(np.uint32)
        for codes in (even_fields(weights, stored), fields(weights, stored))
    )
    both = odd[1::2] << stored.bits | even[0::2]  # [pairs, inputs]
    if stored.bits == 4:
        return both.astype(np.uint8).reshape(-1)
    halves = 8 // stored.bits  # of a word; half h holds bytes h % 2 and h % 2 + 2 of quad h // 2
    lanes = both.reshape(len(both), -1, halves // 2, 2, 2).transpose(0, 1, 3, 2, 4).reshape(len(both), -1, 2, halves)
    shifts = 16 - 2 * stored.bits * (np.arange(halves) + 1)
    words = (lanes << shifts.astype(np.uint32)).sum(axis=3).astype("<u2")
    return np.ascontiguousarray(words).reshape(-1).view(np.uint8)


def scratch_conv2d_dsp(geometry: Geometry) -> int:
    """Scratch bytes of the dsp kernels: a panel, and a patch before it is widened."""
    patch = 0 if geometry["in_c"] % 4 == 0 else round_up(patch_bytes(geometry), 4)
    return 8 * round_up(patch_bytes(geometry), DSP_BLOCKS[1]) + patch


def scratch_linear_dsp(products: int) -> int:
    """Scratch bytes of the dsp kernels: a vector in halfwords."""
    return 2 * round_up(products, DSP_BLOCKS[1])


def fields_an_element(elements: np.ndarray, stored: WeightType) -> int:
    return 8 * elements.itemsize // stored.bits


def packed_words(elements: np.ndarray, stored: WeightType) -> int:
    """Words that hold the fields of int8 or int16 elements, in whole words of elements."""
    return -(-elements.nbytes // (4 * fields_an_element(elements, stored)))


def pack_elements(elements: np.ndarray, stored: WeightType) -> np.ndarray:
    """int8 or int16 elements with values of a type that has 0 -> the uint32 words of eq_dwconv2d_narrow.h."""
    count = fields_an_element(elements, stored)
    unsigned = "<u1" if elements.itemsize == 1 else "<u2"
    flat = padded(fields(elements.reshape(-1), stored).astype(unsigned), (4 * count // elements.itemsize,))
    words = flat.view("<u4").reshape(-1, count)
    shifts = (stored.bits * np.arange(count)).astype(np.uint32)
    return (words << shifts).sum(axis=1, dtype=np.uint32)
