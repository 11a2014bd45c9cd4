"""Weight orders of the rv32im kernels (plain RISC-V without SIMD), which do two products with one multiplication.

A weight word holds two weights as w2 + 2^16 * w0; the sum of several products is exact while the weights' magnitudes
add up to at most LIMIT (runtime_c/src/common/eq_rv32im_block.h shows why). Quads of weights are sorted by how many fit.
"""

from __future__ import annotations

from itertools import chain

import numpy as np

from edgeq.packing.blocks import Geometry, filters, padded, patch_bytes
from edgeq.packing.order import Order, windows

#: largest sum of weight magnitudes whose products with int8 inputs stay inside 16 bits
LIMIT = 255
#: pixels that a kernel computes together
PIXELS = 6
#: output rows that the depthwise kernel does at a time
BAND_ROWS = 32
#: bytes of spread input from one quad of input bytes to the next
QUAD_BYTES = PIXELS * 8
#: quads whose offsets fit 16 bits
MOST_QUADS = 65535 // QUAD_BYTES + 1
_END = 0xFFFFFFFF


def quads_of(products: int) -> int:
    """Words of four bytes that hold `products` bytes."""
    return -(-products // 4)


def weight_words(weights: np.ndarray) -> np.ndarray:
    """int8 [rows, n] -> uint32 [rows, quads, 2]: for each quad w0..w3 the words w2 + 2^16*w0 and w3 + 2^16*w1."""
    quad = padded(weights.astype(np.int64), (1, 4)).reshape(len(weights), -1, 4)
    return ((quad[:, :, 2:] + (quad[:, :, :2] << 16)) & 0xFFFFFFFF).astype(np.uint32)


def magnitudes(weights: np.ndarray) -> np.ndarray:
    """int8 [rows, n] -> int64 [rows, quads]: sum of each quad's magnitudes."""
    return np.asarray(np.abs(padded(weights.astype(np.int64), (1, 4))).reshape(len(weights), -1, 4).sum(axis=2))


def sort_quads(sums: np.ndarray) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """(doubles, singles, splits) of the quads with magnitudes `sums` [rows, quads] that are computed together.

    The largest quad takes the largest other one that still fits beside it in every row, and so on.
    """
    splits = np.flatnonzero(sums.max(axis=0) > LIMIT)
    order = np.argsort(-sums.max(axis=0), kind="stable")
    waiting = order[np.isin(order, splits, invert=True)]
    doubles: list[tuple[int, int]] = []
    singles: list[int] = []
    while waiting.size:
        first, waiting = int(waiting[0]), waiting[1:]
        together = sums[:, waiting] + sums[:, first : first + 1]
        fits = np.flatnonzero((together <= LIMIT).all(axis=0))
        if fits.size == 0:
            singles.append(first)
            continue
        best = int(fits[np.argmax(together[:, fits].sum(axis=0))])
        doubles.append((first, int(waiting[best])))
        waiting = np.delete(waiting, best)
    return doubles, sorted(singles), [int(quad) for quad in splits]


def stream_of(words: np.ndarray, sums: np.ndarray, quad_bytes: int) -> list[int]:
    """The three lists of the rows (output channels) with weight words [rows, quads, 2] and magnitudes [rows, quads]."""
    # Of one quad: first words of all rows, second words of all rows.
    entries = words.transpose(1, 2, 0).reshape(words.shape[1], -1).tolist()
    doubles, singles, splits = sort_quads(sums)
    stream: list[int] = []
    for first, second in doubles:
        stream += [first * quad_bytes | second * quad_bytes << 16, *entries[first], *entries[second]]
    stream.append(0)
    for quads in (singles, splits):
        for quad in quads:
            stream += [quad * quad_bytes, *entries[quad]]
        stream.append(_END)
    return stream


def streams(weights: np.ndarray, rows: int, quad_bytes: int) -> list[list[int]]:
    """The streams of every `rows` output channels of int8 weights [out_c, ...]."""
    matrix = padded(filters(weights), (rows, 1))
    words, sums = weight_words(matrix), magnitudes(matrix)
    blocks = [slice(begin, begin + rows) for begin in range(0, len(matrix), rows)]
    return [stream_of(words[block], sums[block], quad_bytes) for block in blocks]


def pack_conv2d(weights: np.ndarray) -> np.ndarray:
    """int8 weights [out_c, ...] -> the uint32 stream of eq_conv2d_s8_*_rv32im."""
    return np.fromiter(chain.from_iterable(streams(weights, 2, QUAD_BYTES)), np.uint32)


def scratch_conv2d(geometry: Geometry) -> int:
    """Scratch bytes of eq_conv2d_s8_*_rv32im: the spread patches of a block and one patch before it is spread."""
    return quads_of(patch_bytes(geometry)) * (QUAD_BYTES + 4)


def in_place_conv2d(geometry: Geometry) -> bool:
    """Whether the output may lie over the input: pixel on pixel, because a block is spread before it is computed."""
    pads = geometry["pad_top"], geometry["pad_left"]
    strides = geometry["stride_h"], geometry["stride_w"]
    same = all(geometry[f"in_{axis}"] == geometry[f"out_{axis}"] for axis in "hwc")
    return same and geometry["kernel_h"] * geometry["kernel_w"] == 1 and pads == (0, 0) and strides == (1, 1)


def obstacle(weights: np.ndarray) -> str | None:
    """Why the conv2d and linear kernels can't take these weights [out_c, ...], or None."""
    if quads_of(filters(weights).shape[1]) > MOST_QUADS:
        return f"more than {4 * MOST_QUADS} products a sum"
    return "weights of -128" if int(weights.min()) < -127 else None


def order_dwconv2d_k3x3(shape: tuple[int, ...]) -> Order:
    """int8 [3, 3, channels] as [channels, 3, 3] of eq_dwconv2d_s8_k3x3_*_rv32im."""
    return windows(shape, 3)


def scratch_dwconv2d_k3x3(geometry: Geometry) -> int:
    """Scratch bytes of eq_dwconv2d_s8_k3x3_*_rv32im: four channels of a band of output rows."""
    rows = (min(geometry["out_h"], BAND_ROWS) - 1) * geometry["stride_h"] + 3
    pitch = BAND_ROWS + 4 if geometry["stride_h"] == 1 else rows
    return 4 * pitch * ((geometry["out_w"] - 1) * geometry["stride_w"] + 3)


def in_place_dwconv2d_k3x3(geometry: Geometry) -> bool:
    """Whether the output may lie over the input: a single band, whose channels are copied before they are computed."""
    same = all(geometry[f"in_{axis}"] == geometry[f"out_{axis}"] for axis in "hw")
    return same and geometry["out_h"] <= BAND_ROWS


def pack_linear(weights: np.ndarray) -> np.ndarray:
    """int8 [out_features, in_features] -> the uint32 words of eq_linear_s8_*_rv32im."""
    parts = streams(weights, 4, 8)
    begins = np.cumsum([len(parts), *map(len, parts)])[:-1]
    return np.fromiter(chain(begins, *parts), np.uint32)


def scratch_linear(in_features: int) -> int:
    """Scratch bytes of eq_linear_s8_*_rv32im: a row spread, and before."""
    return 12 * quads_of(in_features)
