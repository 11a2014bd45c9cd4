"""Transposed convolutions are convolutions with more channels, made when a model is imported; no operator of their own.

With stride s, output pixel q = s*a + r (before its padding is cut off) sums x[a - j] * w[r + s*j] over j: for each of
the s*s remainders a convolution of stride 1 with every s-th weight. All of them are one convolution with s*s*out_c
channels; its channels become pixels by a transpose, and a slice cuts the padding off. No product with an inserted zero
is computed except where s does not divide the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Quantization
from edgeq.ops import conv_torch, pixel_blocks, weight_offset, weighted
from edgeq.ops import slice as slices
from edgeq.ops.spatial import Window, same_padding

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall

LARGEST_STEP = 1 << 16


@dataclass(frozen=True)
class Axis:
    """One axis of a transposed convolution: output o sums x[i] * w[k] with i*stride + k = o + cut."""

    length: int
    kernel: int
    stride: int
    cut: int
    output: int

    @property
    def taps(self) -> int:
        """Length of the convolution's kernel."""
        return -(-self.kernel // self.stride)

    @property
    def first(self) -> int:
        """The least a that is computed."""
        return min(self.cut // self.stride, self.taps - 1)

    @property
    def padding(self) -> tuple[int, int]:
        last = (self.cut + self.output - 1) // self.stride
        return (self.taps - 1 - self.first, max(0, last - (self.length - 1)))

    @property
    def begin(self) -> int:
        """Where the output begins among the computed pixels."""
        return self.cut - self.stride * self.first


def phases(weights: np.ndarray, axes: tuple[Axis, Axis]) -> np.ndarray:
    """Weights [out_c, kernel_h, kernel_w, in_c] as the convolution's, [s_h * s_w * out_c, taps_h, taps_w, in_c]."""
    (rows, columns), (out_c, _, _, in_c) = axes, weights.shape
    full = np.zeros((out_c, rows.taps * rows.stride, columns.taps * columns.stride, in_c), weights.dtype)
    full[:, : rows.kernel, : columns.kernel] = weights
    split = full.reshape(out_c, rows.taps, rows.stride, columns.taps, columns.stride, in_c)[:, ::-1, :, ::-1]
    shape = (rows.stride * columns.stride * out_c, rows.taps, columns.taps, in_c)
    return np.ascontiguousarray(split.transpose(2, 4, 0, 1, 3, 5)).reshape(shape)


def build(
    importer: Importer,
    operands: list[str],
    axes: tuple[Axis, Axis],
    attributes: Mapping[str, Any],
    quantization: Quantization | None = None,
) -> str:
    """The nodes of a transposed convolution; `operands` are those of the convolution in its place, `quantization` that
    of its outputs if it is prescribed."""
    window = {
        "kernel": (axes[0].taps, axes[1].taps),
        "stride": (1, 1),
        "padding": (*axes[0].padding, *axes[1].padding),
        "dilation": (1, 1),
    }
    y = importer.add("conv2d", operands, {**attributes, **window})
    if quantization is not None:
        importer.prescribe(y, quantization)
    y = pixel_blocks.to_pixels(importer, y, (axes[0].stride, axes[1].stride))
    start = (0, axes[0].begin, axes[1].begin, 0)
    size = (1, axes[0].output, axes[1].output, importer.shape(y)[3])
    return slices.box(importer, y, start, size, (1, 1, 1, 1))


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.conv_transpose1d and aten.conv_transpose2d: weights [in, out, (H,) W], without groups and dilation."""
    weights = importer.constant_array(args["weight"], "the weights of a convolution")
    rank = weights.ndim
    shape = importer.shape(args["input"])
    stride, cut = conv_torch.pair(importer, args.get("stride", 1), rank, 1), args.get("padding", 0)
    dilation = conv_torch.pair(importer, args.get("dilation", 1), rank, 1)
    if args.get("groups", 1) != 1 or dilation != (1, 1) or len(shape) != rank:
        raise importer.unsupported(
            f"a transposed convolution of {shape} with {args.get('groups', 1)} groups and dilation {dilation}",
            "groups=1, dilation=1 and an input with a batch axis",
        )
    cuts = conv_torch.pair(importer, cut, rank, 0)
    added = conv_torch.pair(importer, args.get("output_padding", 0), rank, 0)
    weights = conv_torch.images(weights).transpose(1, 2, 3, 0)
    x = importer.channels_last(args["input"])
    axes = []
    for at in (0, 1):
        length, kernel = importer.shape(x)[1 + at], weights.shape[1 + at]
        output = (length - 1) * stride[at] - 2 * cuts[at] + kernel + added[at]
        if output < 1:
            raise importer.unsupported(f"a transposed convolution with an output of {output} pixels", "less padding")
        axes.append(Axis(length, kernel, stride[at], cuts[at], output))
    pair = (axes[0], axes[1])
    bias = np.tile(conv_torch.bias_of(importer, args, weights.shape[0]), stride[0] * stride[1])
    y = build(importer, [x, importer.constant(phases(weights, pair)), importer.constant(bias)], pair, {})
    return importer.channels_first(y, rank)


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """TRANSPOSE_CONV (output shape, weights OHWI, input, bias)."""
    sizes, weights, x = call.integers(0, "the shape of the output"), call.input(1, "weights"), call.input(2)
    shape, source = importer.shape(weights), importer.shape(x)
    stride = (call.option("stride_h"), call.option("stride_w"))
    if len(source) != 4 or len(shape) != 4 or len(sizes) != 4 or shape[3] != source[3] or sizes[3] != shape[0]:
        raise importer.unsupported(f"a transposed convolution of {source} with weights {shape}", "weights OHWI")
    if not 0 < min(*stride, *sizes) <= max(*stride, *sizes) <= LARGEST_STEP or call.option("padding") not in (0, 1):
        raise importer.unsupported(f"a transposed convolution to {sizes} with stride {stride}", "sizes above 0")
    same = call.option("padding") == 0
    window = Window((shape[1], shape[2]), stride, (0, 0, 0, 0))
    cuts = same_padding((sizes[1], sizes[2]), window)[::2] if same else (0, 0)
    rows, columns = (Axis(source[1 + at], shape[1 + at], stride[at], cuts[at], sizes[1 + at]) for at in (0, 1))
    copies = stride[0] * stride[1]
    importer.constant_array(weights, "the weights of a convolution")
    x, weights = weight_offset.symmetric(importer, x, weights, axis=3)
    filters = importer.reordered(
        weights, "the weights of a convolution", lambda array: phases(array, (rows, columns)), axis=0, copies=copies
    )
    bias = weighted.bias_operand(call, 3, shape[0])
    bias = importer.reordered(bias, "a bias", lambda array: np.tile(array, copies), axis=0, copies=copies)
    attributes = call.attributes(**weighted.tflite_attributes(call))
    if call.optional(3) is None:
        attributes["narrow_sums"] = True
    return build(importer, [x, filters, bias], (rows, columns), attributes, call.output_quantization())


TORCH_TARGETS = {
    "aten.conv_transpose1d.default": import_torch,
    "aten.conv_transpose2d.input": import_torch,
}
TFLITE_TARGETS = {"TRANSPOSE_CONV": import_tflite}
