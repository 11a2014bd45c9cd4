"""torch's convolutions over signals and images, in any groups: one node each (conv2d, dwconv2d, conv2d_grouped)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer


def pair(importer: Importer, value: Any, rank: int, one: int) -> tuple[int, int]:
    """A window's number per axis as (h, w); signals (rank 3) are images of one row, whose number is `one`."""
    if rank == 3:
        return (one, int(value if isinstance(value, int) else value[0]))
    return importer.pair(value)


def images(weights: np.ndarray) -> np.ndarray:
    """Weights [a, b, kernel] as [a, b, 1, kernel]; those of images as they are."""
    return weights[:, :, None] if weights.ndim == 3 else weights


def _channels_last(weights: np.ndarray) -> np.ndarray:
    return images(weights).transpose(0, 2, 3, 1)


def _depthwise_order(weights: np.ndarray) -> np.ndarray:
    return images(weights)[:, 0].transpose(1, 2, 0)


def bias_of(importer: Importer, args: Mapping[str, Any], channels: int) -> np.ndarray:
    if args.get("bias") is None:
        return np.zeros(channels, np.float32)
    return importer.constant_array(args["bias"], "the bias of a convolution")


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.conv1d and aten.conv2d: weights [out, in / groups, (H,) W], input [N, C, (H,) W]."""
    weights = importer.constant_array(args["weight"], "the weights of a convolution")
    rank = weights.ndim
    if len(importer.shape(args["input"])) != rank:
        raise importer.unsupported(f"a convolution of {importer.shape(args['input'])}", "an input with a batch axis")
    weights = images(weights)
    out_c, group_c, *kernel = weights.shape
    in_c, groups = importer.shape(args["input"])[1], args.get("groups", 1)
    dilation = pair(importer, args.get("dilation", 1), rank, 1)
    padding = args.get("padding", 0)
    if padding == "same":
        spans = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        sides = (spans[0] // 2, spans[0] - spans[0] // 2, spans[1] // 2, spans[1] - spans[1] // 2)
    else:
        pad_h, pad_w = (0, 0) if padding == "valid" else pair(importer, padding, rank, 0)
        sides = (pad_h, pad_h, pad_w, pad_w)
    attributes = {
        "kernel": tuple(kernel),
        "stride": pair(importer, args.get("stride", 1), rank, 1),
        "padding": sides,
        "dilation": dilation,
    }
    if groups == in_c and out_c == in_c and group_c == 1 and groups > 1:
        op, order, axis = "dwconv2d", _depthwise_order, 2
    else:
        op, order, axis = "conv2d" if groups == 1 else "conv2d_grouped", _channels_last, 0
        attributes |= {"groups": groups} if groups > 1 else {}
    packed = importer.reordered(args["weight"], "the weights of a convolution", order, axis)
    x = importer.channels_last(args["input"])
    bias = bias_of(importer, args, out_c)
    y = importer.add(op, [x, packed, importer.constant(bias)], attributes)
    return importer.channels_first(y, rank)


TARGETS = {
    "aten.conv1d.default": import_torch,
    "aten.conv1d.padding": import_torch,
    "aten.conv2d.default": import_torch,
    "aten.conv2d.padding": import_torch,
}
