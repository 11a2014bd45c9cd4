"""Bytes of the buffers that functions of Arm's CMSIS-NN want: the formulas of its `*_get_buffer_size` functions.

They depend on the instructions that the library is compiled for: "mve" (Helium), "dsp" (SMLAD and its kin) or "scalar".
The formulas are those of CMSIS-NN's main branch of March 2026 compiled by GCC; older ones ask for as much or less.
"""

from __future__ import annotations

import math

from edgeq.packing.blocks import Geometry, round_up

MVE, DSP, SCALAR = "mve", "dsp", "scalar"
CORES = (MVE, DSP, SCALAR)

#: channels that the depthwise kernel for Helium takes at a time, times the columns that it gathers
DEPTHWISE_BLOCK_MVE = 4 * 124
INT16_BYTES, INT32_BYTES = 2, 4


def is_pointwise(g: Geometry) -> bool:
    """Whether arm_convolve_wrapper_s8 takes a convolution for one of 1x1, with any stride."""
    unpadded = g["pad_top"] == g["pad_left"] == 0
    return unpadded and all(g[key] == 1 for key in ("kernel_h", "kernel_w", "dilation_h", "dilation_w"))


def is_one_row(g: Geometry) -> bool:
    """Whether it takes it for one of a single row."""
    single = g["in_h"] == g["kernel_h"] == g["dilation_w"] == 1
    return single and g["stride_w"] * g["in_c"] % 4 == 0


def overhang(g: Geometry) -> int:
    """Columns of the last window that lie behind the image; negative where columns of the image lie behind it."""
    return (g["out_w"] - 1) * g["stride_w"] + (g["kernel_w"] - 1) * g["dilation_w"] + 1 - g["pad_left"] - g["in_w"]


def takes_one_row(g: Geometry) -> bool:
    """Whether arm_convolve_1_x_n_s8 for Helium is right. It wants the padding before and behind alike, or one column
    more behind; it takes the first window that reaches behind the image for one that does so by one column, and, where
    the sides differ, copies no more columns of padding than there are such windows."""
    behind = overhang(g)
    if behind not in (g["pad_left"], g["pad_left"] + 1):
        return False
    right, left = -(-behind // g["stride_w"]), -(-g["pad_left"] // g["stride_w"])
    if behind == 0 or left + right > g["out_w"]:
        return True  # there is none, or the general function does it
    begin = g["stride_w"] * (g["out_w"] - right) - g["pad_left"]
    return g["in_w"] - begin == g["kernel_w"] - 1 and (behind == g["pad_left"] or behind <= right)


def is_small_depthwise(g: Geometry) -> bool:
    """Whether arm_depthwise_conv_wrapper_s8 has a function of its own for the window, on cores without Helium."""
    dense = g["dilation_h"] == g["dilation_w"] == 1
    return dense and g["kernel_h"] == g["kernel_w"] == 3 and max(g["pad_top"], g["pad_left"]) <= 1


def scratch_conv2d(g: Geometry, core: str) -> int:
    """Of arm_convolve_wrapper_s8."""
    if is_pointwise(g):
        return 0
    patch = g["kernel_h"] * g["kernel_w"] * g["in_c"]
    if core != MVE:
        return 2 * INT16_BYTES * round_up(patch, 4)
    whole = 4 * round_up(patch, 16)
    return _scratch_one_row(g, whole) if is_one_row(g) else whole


def _scratch_one_row(g: Geometry, whole: int) -> int:
    """Of arm_convolve_1_x_n_s8 for Helium, which copies the windows that reach into the padding; `whole`: of the
    general function, which it may hand the layer to."""
    width, stride, pad = g["in_w"], g["stride_w"], g["pad_left"]
    odd = math.fmod((g["out_w"] - 1) * stride + g["kernel_w"] - width, 2)  # truncated, as C's %
    behind = pad + int(odd)
    right = max(1, int((behind + stride - 1) / stride)) if behind else 0
    left = max(1, (pad + stride - 1) // stride) if pad else 0
    if left + right > g["out_w"]:
        return whole
    before = pad * g["in_c"]
    after = right * g["in_c"] if odd else before
    window = g["kernel_w"] * g["in_c"]
    return max(window + before, window - g["in_c"] + after)


def scratch_dwconv2d(g: Geometry, core: str) -> int:
    """Of arm_depthwise_conv_wrapper_s8 with as many output as input channels."""
    if core == SCALAR or g["dilation_h"] != 1 or g["dilation_w"] != 1:
        return 0
    taps = g["kernel_h"] * g["kernel_w"]
    if core == MVE:
        return DEPTHWISE_BLOCK_MVE * taps
    if is_small_depthwise(g):
        return 0
    return INT16_BYTES * taps * g["in_c"]


def scratch_avg_pool2d(channels: int, core: str) -> int:
    """Of arm_avgpool_s8."""
    return INT32_BYTES * channels if core == DSP else 0
