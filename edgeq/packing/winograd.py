"""Weights of the exact integer Winograd kernels of 3x3 convolutions with stride 1 (runtime_c/src/common/eq_winograd.h).

F(n x n, 3x3) computes n x n outputs from (n + 2)^2 products a channel instead of 9 * n^2. With the fractions of the
usual matrices (Lavin and Gray, arXiv 1509.09308) moved out of G, everything is an integer and the result is a multiple
of the direct convolution's sum: 4 times for F(2x2), 576 times for F(4x4), of which the kernel takes 9 out by a
multiplication modulo 2^32, leaving 64. That is exact where it stays within int32, which `obstacle` checks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.packing.blocks import Geometry, is_k3x3, padded, round_up

#: tiles that kernels compute together (EQ_WINOGRAD_TILES)
TILES = 4


@dataclass(frozen=True, eq=False)
class Form:
    """F(side x side, 3x3): the weight transform G, and the bits that a sum of products may have with its sign."""

    side: int
    g: np.ndarray
    sum_bits: int

    @property
    def positions(self) -> int:
        """Products a channel and tile."""
        return (self.side + 2) ** 2


F2 = Form(2, np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]), 30)
F4 = Form(4, np.array([[6, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 6]]), 26)


def transformed(weights: np.ndarray, form: Form) -> np.ndarray:
    """int8 weights [out_c, 3, 3, in_c] -> G g G^T as int64 [out_c, side + 2, side + 2, in_c]."""
    return np.asarray(np.einsum("ia,oabk,jb->oijk", form.g, weights.astype(np.int64), form.g))


def obstacle(geometry: Geometry, weights: np.ndarray, form: Form) -> str | None:
    """Why the kernels of `form` can't compute this layer, or None. Inputs are -128 to 127."""
    if not is_k3x3(geometry) or (geometry["stride_h"], geometry["stride_w"]) != (1, 1):
        return "not 3x3 with stride 1 and without dilation"
    if 128 * int(np.abs(weights.astype(np.int64)).sum(axis=(1, 2, 3)).max()) >= 2 ** (form.sum_bits - 1):
        return f"a channel's weights are too many for sums of {form.sum_bits} bits"
    if int(np.abs(transformed(weights, form)).max()) >= 2**15:
        return "transformed weights leave 16 bits"
    return None


def granule(geometry: Geometry, form: Form) -> int:
    """Output pixels in a row of tiles."""
    return form.side * geometry["out_w"]


def pack_dsp(weights: np.ndarray) -> np.ndarray:
    """int8 [out_c, 3, 3, in_c] -> int16 [up(out_c,2)/2][4 columns][4 rows][up(in_c,4)/2][2 out_c][2 in_c] of
    eq_conv2d_s8_winograd2x2_*_dsp; the pairs of input channels of a quad are 0 and 2, then 1 and 3."""
    full = padded(transformed(weights, F2), (2, 1, 1, 4))
    out_c, rows, columns, in_c = full.shape
    quads = full.reshape(out_c // 2, 2, rows, columns, in_c // 4, 2, 2)
    return np.ascontiguousarray(quads.transpose(0, 3, 2, 4, 6, 1, 5).astype(np.int16)).reshape(-1)


def scratch_dsp(geometry: Geometry) -> int:
    """Scratch bytes of eq_conv2d_s8_winograd2x2_*_dsp: words of a quad's tail may be read beyond a tile's input."""
    channels = round_up(geometry["in_c"], 4)
    return F2.positions * TILES * (2 * channels + 2 * 4) + _rest(geometry, F2, 4)


def _rest(geometry: Geometry, form: Form, beyond: int) -> int:
    """Bytes of one tile's input with the zero point around the image and `beyond`; later of the outputs of tiles that
    are not whole."""
    return max(form.positions * geometry["in_c"] + beyond, TILES * form.side**2 * geometry["out_c"])


def pack_rv32im(weights: np.ndarray, form: Form) -> np.ndarray:
    """int8 [out_c, 3, 3, in_c] -> int16 [up(out_c,4)/4][positions][in_c][4 out_c] of
    eq_conv2d_s8_winograd2x2_*_rv32im and eq_conv2d_s8_winograd4x4_*_rv32im."""
    full = padded(transformed(weights, form), (4, 1, 1, 1))
    groups = full.reshape(full.shape[0] // 4, 4, form.positions, full.shape[3])
    return np.ascontiguousarray(groups.transpose(0, 2, 3, 1).astype(np.int16)).reshape(-1)


def scratch_rv32im(geometry: Geometry, form: Form) -> int:
    """Scratch bytes of the rv32im kernels: products and transformed inputs of four tiles, and the rest."""
    return form.positions * TILES * (2 * geometry["in_c"] + 4 * 4) + _rest(geometry, form, 0)
