"""Weights of 4 bits in groups: runtime_c/include/eq_weight_groups.h, for linear layers eq_linear_groups.h.

A group's multiplier is not kept in the graph, whose weights are the products of it and fields: it is the least that
divides them into levels of int4.
"""

from __future__ import annotations

import numpy as np

from edgeq.ops.weight_types import INT4, LARGEST_MULTIPLIER
from edgeq.packing import narrow
from edgeq.packing.blocks import padded, round_up
from edgeq.packing.narrow import WIDTHS

#: instruction set -> the function that unpacks for its int8 convolutions, channels of a unit, products of a block
UNPACKED = {
    "scalar": ("rows", 1, 1),
    "xpulp": ("blocks4", 4, 4),
    "mve": ("blocks16", 4, 16),
    "dsp": ("pairs", 2, 4),
}
#: channels of a unit of linear kernels
LINEAR_UNIT = 4


def split(rows: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
    """int8 weights [channels, K] as levels of int4 [channels, K] and multipliers uint8 [channels, groups]."""
    wide = padded(rows.astype(np.int16), (1, group)).reshape(len(rows), -1, group)
    largest = np.abs(wide).max(axis=2)
    multipliers = np.zeros(largest.shape, np.uint8)
    for multiplier in range(LARGEST_MULTIPLIER, 0, -1):
        fits = (wide % multiplier == 0).all(axis=2) & (largest <= INT4.largest * multiplier)
        multipliers[fits] = multiplier
    assert multipliers.all(), "weights that are no levels of int4 times a multiplier"
    levels = wide // multipliers[:, :, None]
    return levels.reshape(len(rows), -1)[:, : rows.shape[1]].astype(np.int8), multipliers


def multiplier_words(channels: int, products: int, group: int, unit: int) -> int:
    """Words before the fields."""
    return -(-round_up(channels, unit) * -(-products // group) // 4)


def unpacked_bytes(isa: str, channels: int, products: int) -> int:
    """Bytes of the int8 weights that the convolutions of an instruction set read."""
    _, unit, width = UNPACKED[isa]
    return round_up(channels, unit) * round_up(products, width)


def pack_conv2d(rows: np.ndarray, group: int, isa: str) -> np.ndarray:
    """int8 [out_c, K] as the uint32 words for the kernels of an instruction set."""
    levels, multipliers = split(rows, group)
    _, unit, width = UNPACKED[isa]
    if isa == "scalar":
        width = 2  # a byte of fields
    codes = (padded(levels, (unit, width)) + 8).astype(np.uint8)
    if isa == "scalar":
        fields = codes[:, 0::2] | codes[:, 1::2] << 4
    elif isa == "dsp":
        fields = codes[0::2] | codes[1::2] << 4
    else:
        tiles = codes.reshape(len(codes) // unit, 2, 2, -1, width)  # [units][rows][halves][blocks][products]
        fields = (tiles[:, :, 0] | tiles[:, :, 1] << 4).transpose(0, 2, 1, 3)
    return _joined(multipliers, unit, fields)


def pack_linear(rows: np.ndarray, group: int, isa: str) -> np.ndarray:
    """int8 [out_features, in_features] as the uint32 words for the linear kernels of an instruction set."""
    levels, multipliers = split(rows, group)
    parts = []
    for start in range(0, rows.shape[1], group):
        part = levels[:, start : start + group]
        of_group = narrow.pack_dsp(part, INT4, LINEAR_UNIT) if isa == "dsp" else narrow.pack(part, INT4, WIDTHS[isa])
        parts.append(of_group.reshape(-(-len(rows) // LINEAR_UNIT), -1))
    return _joined(multipliers, LINEAR_UNIT, np.concatenate(parts, axis=1))


def _joined(multipliers: np.ndarray, unit: int, fields: np.ndarray) -> np.ndarray:
    """Multipliers [channels, groups] as [units][groups][channels], and fields, each in whole words."""
    whole = padded(multipliers, (unit, 1))
    ordered = whole.reshape(-1, unit, whole.shape[1]).transpose(0, 2, 1).reshape(-1)
    first, second = (padded(np.ascontiguousarray(part).reshape(-1), (4,)).view("<u4") for part in (ordered, fields))
    return np.concatenate([first, second]).astype(np.uint32)
