"""Packing for the Armv7E-M DSP kernels (*_dsp): two channels share a halfword, see eq_conv2d.h."""

from __future__ import annotations

from edgeq.packing.blocks import Geometry, patch_bytes, round_up, taps
from edgeq.packing.order import HALVES, PAIRS, Loop, Order, filter_sizes, tap_sizes

#: order of four neighbours in two words, as SXTB16 takes bytes 0 and 2, then 1 and 3
QUAD_ORDER = (0, 2, 1, 3)
#: outputs in one strip of the 3x3 depthwise kernel
STRIP_OUTPUTS = 32
#: taps of a 3x3 kernel as that kernel's five words hold them; 9 is a zero
K3X3_ORDER = (0, 1, 3, 4, 6, 7, 2, 5, 8, 9)


def _pairs(sizes: tuple[int, int], lanes: int) -> Order:
    """[n, K] as [n/lanes][K/4][lanes/2][4 halfwords even + 256*odd], quads in QUAD_ORDER."""
    loops = (
        Loop(0, round_up(sizes[0], lanes) // lanes, lanes),
        Loop(1, round_up(sizes[1], 4) // 4, 4),
        Loop(0, lanes // 2, 2),
        Loop(1, 4, 1, QUAD_ORDER),
        Loop(0, 2),
    )
    return Order(sizes, loops, PAIRS)


def order_conv2d(shape: tuple[int, ...]) -> Order:
    """int8 [out_c, ..] as bytes of up(out_c, 2) * up(K, 4)."""
    return _pairs(filter_sizes(shape), 2)


def order_linear(shape: tuple[int, ...]) -> Order:
    """int8 [out_features, in_features] as bytes of up(out_features, 4) * up(in_features, 4)."""
    return _pairs(filter_sizes(shape), 4)


def order_dwconv2d(shape: tuple[int, ...]) -> Order:
    """int8 [kernel_h, kernel_w, channels] as bytes of 2 * up(channels, 4) * up(taps, 2)."""
    sizes = tap_sizes(shape)
    loops = (
        Loop(0, round_up(sizes[0], 4) // 4, 4),
        Loop(1, round_up(sizes[1], 2) // 2, 2),
        Loop(0, 4, 1, QUAD_ORDER),
        Loop(1, 2),
    )
    return Order(sizes, loops, HALVES, channel_axis=2)


def order_dwconv2d_k3x3(shape: tuple[int, ...]) -> Order:
    """int8 [3, 3, channels] as 20 bytes a channel."""
    sizes = tap_sizes(shape)
    return Order(sizes, (Loop(0, sizes[0]), Loop(1, len(K3X3_ORDER), 1, K3X3_ORDER)), HALVES, channel_axis=2)


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
