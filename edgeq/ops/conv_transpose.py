"""Transposed convolutions are convolutions with more channels, made when a model is imported; no operator of their own.

With stride s, output pixel q = s*a + r (before its padding is cut off) sums x[a - j] * w[r + s*j] over j: for each of
the s*s remainders a convolution of stride 1 with every s-th weight. All of them are one convolution with s*s*out_c
channels; its channels become pixels by a transpose, and a slice cuts the padding off. No product with an inserted zero
is computed except where s does not divide the kernel, or the kernel is dilated. Groups make a convolution in groups.
"""

from __future__ import annotations

import math
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
    from edgeq.frontend.onnx.call import OnnxCall
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


def _require_size(
    importer: Importer, channels: int, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> None:
    """Raises EdgeqError where the weights with their zeros, those of dilation and of taps that are not there, are too
    many; `channels`: those of input times those of output."""
    spans = [(size - 1) * wide + 1 for size, wide in zip(kernel, dilation, strict=True)]
    count = channels * math.prod(-(-span // by) * by for span, by in zip(spans, stride, strict=True))
    importer.require_elements(count, f"a transposed convolution with stride {stride} and dilation {dilation}")


def build(
    importer: Importer,
    operands: list[str],
    axes: tuple[Axis, Axis],
    attributes: Mapping[str, Any],
    quantization: Quantization | None = None,
    groups: int = 1,
) -> str:
    """The nodes of a transposed convolution; `operands` are those of the convolution in its place (its channels group
    by group), `quantization` that of its outputs if it is prescribed."""
    window = {
        "kernel": (axes[0].taps, axes[1].taps),
        "stride": (1, 1),
        "padding": (*axes[0].padding, *axes[1].padding),
        "dilation": (1, 1),
    }
    if groups == 1:
        y = importer.add("conv2d", operands, {**attributes, **window})
    else:
        y = importer.add("conv2d_grouped", operands, {**attributes, **window, "groups": groups})
    if quantization is not None:
        importer.prescribe(y, quantization)
    if groups > 1:  # remainders before groups
        _, height, width, channels = importer.shape(y)
        remainders = axes[0].stride * axes[1].stride
        split = importer.reshape(y, (1, height, width, groups, remainders, channels // groups // remainders))
        y = importer.reshape(importer.transpose(split, (0, 1, 2, 4, 3, 5)), (1, height, width, channels))
    y = pixel_blocks.to_pixels(importer, y, (axes[0].stride, axes[1].stride))
    start = (0, axes[0].begin, axes[1].begin, 0)
    size = (1, axes[0].output, axes[1].output, importer.shape(y)[3])
    return slices.box(importer, y, start, size, (1, 1, 1, 1))


def _filters(weights: np.ndarray, groups: int) -> np.ndarray:
    """torch's weights [in, out / groups, h, w] as [out, h, w, in / groups]."""
    in_c, out_c, height, width = weights.shape
    split = weights.reshape(groups, in_c // groups, out_c, height, width)
    return split.transpose(0, 2, 3, 4, 1).reshape(groups * out_c, height, width, in_c // groups)


def dilated(weights: np.ndarray, dilation: tuple[int, int]) -> np.ndarray:
    """Weights [out, h, w, in] with zeros between their rows and columns."""
    out_c, height, width, in_c = weights.shape
    size = ((height - 1) * dilation[0] + 1, (width - 1) * dilation[1] + 1)
    result = np.zeros((out_c, *size, in_c), weights.dtype)
    result[:, :: dilation[0], :: dilation[1]] = weights
    return result


def by_group(array: np.ndarray, remainders: int, groups: int) -> np.ndarray:
    """What lies by remainder, group and channel of the group (first axis), by group first."""
    split = array.reshape(remainders, groups, -1, *array.shape[1:])
    return np.ascontiguousarray(split.swapaxes(0, 1)).reshape(array.shape)


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.conv_transpose1d and aten.conv_transpose2d: weights [in, out / groups, (H,) W]."""
    weights = importer.constant_array(args["weight"], "the weights of a convolution")
    rank = weights.ndim
    shape = importer.shape(args["input"])
    stride, cut = conv_torch.pair(importer, args.get("stride", 1), rank, 1), args.get("padding", 0)
    dilation = conv_torch.pair(importer, args.get("dilation", 1), rank, 1)
    groups = args.get("groups", 1)
    if len(shape) != rank:
        raise importer.unsupported(f"a transposed convolution of {shape}", "an input with a batch axis")
    if not 1 <= groups <= weights.shape[0] == shape[1] or weights.shape[0] % groups:
        raise importer.unsupported(
            f"a transposed convolution of {shape} with weights {weights.shape} in {groups} groups", "weights that fit"
        )
    cuts = conv_torch.pair(importer, cut, rank, 0)
    added = conv_torch.pair(importer, args.get("output_padding", 0), rank, 0)
    in_c, out_c, height, width = conv_torch.images(weights).shape
    _require_size(importer, in_c * out_c, (height, width), stride, dilation)
    weights = dilated(_filters(conv_torch.images(weights), groups), dilation)
    x = importer.channels_last(args["input"])
    axes = []
    for at in (0, 1):
        length, kernel = importer.shape(x)[1 + at], weights.shape[1 + at]
        output = (length - 1) * stride[at] - 2 * cuts[at] + kernel + added[at]
        if output < 1:
            raise importer.unsupported(f"a transposed convolution with an output of {output} pixels", "less padding")
        axes.append(Axis(length, kernel, stride[at], cuts[at], output))
    pair = (axes[0], axes[1])
    remainders = stride[0] * stride[1]
    bias = np.tile(conv_torch.bias_of(importer, args, weights.shape[0]), remainders)
    filters, bias = (by_group(array, remainders, groups) for array in (phases(weights, pair), bias))
    y = build(importer, [x, importer.constant(filters), importer.constant(bias)], pair, {}, groups=groups)
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
    _require_size(importer, shape[0] * shape[3], (shape[1], shape[2]), stride, (1, 1))
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


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """ConvTranspose: weights [in, out / groups, (H,) W], pads or an output shape."""
    weights = call.values(1, "the weights of a convolution")
    rank, x = weights.ndim, call.activation()
    if rank not in (3, 4) or len(importer.shape(x)) != rank:
        raise importer.unsupported(f"a transposed convolution of {importer.shape(x)}", "one or two axes")
    kernel, length = weights.shape[2:], importer.shape(x)[2:]
    count, how = rank - 2, call.attribute("auto_pad", "NOTSET")
    strides, dilations = (call.attribute(key, (1,) * count) for key in ("strides", "dilations"))
    added, pads = call.attribute("output_padding", (0,) * count), call.attribute("pads", (0,) * (2 * count))
    wanted = call.attribute("output_shape", (1,) * count)
    if not {len(numbers) for numbers in (strides, dilations, added, wanted)} == {count} == {len(pads) // 2}:
        raise importer.unsupported("a transposed convolution whose numbers aren't one an axis", f"{count} of each")
    whole = [
        (size - 1) * by + (k - 1) * wide + 1
        for size, by, k, wide in zip(length, strides, kernel, dilations, strict=True)
    ]
    if "output_shape" in call.node.attributes or how in ("SAME_UPPER", "SAME_LOWER"):
        wanted = call.attribute("output_shape", tuple(size * by for size, by in zip(length, strides, strict=True)))
        total = [max(0, size + more - want) for size, more, want in zip(whole, added, wanted, strict=True)]
        first = [part // 2 if how == "SAME_UPPER" else part - part // 2 for part in total]
        pads = (*first, *(part - begin for part, begin in zip(total, first, strict=True)))
    elif how not in ("NOTSET", "VALID"):
        raise importer.unsupported(f"auto_pad = {how!r}", "SAME_UPPER, SAME_LOWER or explicit pads")
    steps = (*strides, *dilations, *kernel)
    if min(*steps, 1) < 1 or max(*steps, *added, *pads) > LARGEST_STEP or min(*pads, 0) < 0:
        raise importer.unsupported(f"a transposed convolution with steps {steps} and pads {pads}", "sizes above 0")
    more = tuple(begin - end + extra for begin, end, extra in zip(pads[:count], pads[count:], added, strict=True))
    args = {
        "input": x, "weight": call.input(1), "bias": call.optional(2), "stride": list(strides),
        "padding": list(pads[:count]), "output_padding": list(more), "dilation": list(dilations),
        "groups": call.attribute("group", 1),
    }  # fmt: skip
    return import_torch(importer, args)


ONNX_TARGETS = {"ConvTranspose": import_onnx}
TORCH_TARGETS = {
    "aten.conv_transpose1d.default": import_torch,
    "aten.conv_transpose2d.input": import_torch,
}
TFLITE_TARGETS = {"TRANSPOSE_CONV": import_tflite}
