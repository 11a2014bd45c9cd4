"""Packing for the RISC-V vector kernels (*_rvv): the weights of one input byte side by side for all output channels, so
that no layout depends on the length of a vector; see eq_conv2d.h."""

from __future__ import annotations

from edgeq.packing.blocks import Geometry
from edgeq.packing.order import Loop, Order, filter_sizes, plain_depthwise

#: pixels that the kernels compute together
PIXELS, DEPTHWISE_PIXELS = 3, 2
#: output pixels of a row that share a copy of their inputs
SEGMENT = 12


def order_conv2d(shape: tuple[int, ...]) -> Order:
    """int8 [out_c, ..] as [K][out_c]."""
    sizes = filter_sizes(shape)
    return Order(sizes, (Loop(1, sizes[1]), Loop(0, sizes[0])))


def order_linear(shape: tuple[int, ...]) -> Order:
    """int8 [out_features, in_features] as [in_features][out_features]."""
    return order_conv2d(shape)


def order_dwconv2d(shape: tuple[int, ...]) -> Order:
    """int8 [kernel_h, kernel_w, channels] as they are."""
    return plain_depthwise(shape)


def scratch_conv2d(geometry: Geometry) -> int:
    """The rows under a segment of outputs, with what lies outside the image."""
    across = (geometry["kernel_w"] - 1) * geometry["dilation_w"] + 1
    width = (min(geometry["out_w"], SEGMENT) - 1) * geometry["stride_w"] + across
    return geometry["kernel_h"] * width * geometry["in_c"]


def scratch_conv2d_pointwise(geometry: Geometry) -> int:
    """Pixels that may be overwritten."""
    return PIXELS * geometry["in_c"] if geometry["in_c"] == geometry["out_c"] else 0


def scratch_linear(in_features: int) -> int:
    return 0


def scratch_dwconv2d(geometry: Geometry) -> int:
    return scratch_conv2d(geometry)
