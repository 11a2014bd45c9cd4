"""dwconv2d: depthwise 2-D convolution, channels last, channel multiplier 1. Weights [kernel_h, kernel_w, channels]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import cmsis_nn, conv2d, float_layers, narrow, weight_offset, weighted, weighted_float, wide_kernels
from edgeq.ops.base import Kernel, Operator, Planes, Shape, output_pixels, sum_rounding
from edgeq.ops.float_types import Rounding
from edgeq.ops.spatial import RowReach, Window, windows
from edgeq.packing import dsp, mve, order, rv32im, rvv, xpulp
from edgeq.packing.blocks import Geometry, is_k3x3, is_k4x4

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


#: windows that have kernels of their own: name -> (condition, in words)
WINDOWS: dict[str, tuple[Callable[[Geometry], bool], str]] = {
    "k3x3": (is_k3x3, "3x3 without dilation"),
    "k4x4": (is_k4x4, "4x4 or smaller"),
}


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """DEPTHWISE_CONV_2D: weights [1, kernel_h, kernel_w, channels]; one input channel makes it a plain convolution,
    several outputs a channel a convolution in groups."""
    x, weights = call.input(0), call.input(1, "weights")
    shape, depth = importer.shape(weights), importer.shape(x)[-1]
    if len(shape) != 4 or shape[0] != 1 or shape[3] % depth:
        raise importer.unsupported(
            f"a depthwise convolution of {importer.shape(x)} with weights {shape}", "1HWC weights"
        )
    window = conv2d.tflite_window(call, x, (shape[1], shape[2]))
    bias = weighted.bias_operand(call, 2, shape[3])
    what = "the weights of a depthwise convolution"
    window |= weighted.tflite_attributes(call)
    offset = weight_offset.centred(importer, weights)
    if shape[3] != depth or (offset is not None and len(weight_offset.parts_of(offset)) > 1):
        filters = importer.reordered(weights, what, lambda array: array.transpose(3, 1, 2, 0), axis=0)
        if depth == 1:
            x, filters = weight_offset.symmetric(importer, x, filters, axis=3)
            return importer.add("conv2d", [x, filters, bias], call.attributes(**window))
        x, filters = weight_offset.symmetric_groups(importer, x, filters)
        return importer.add("conv2d_grouped", [x, filters, bias], call.attributes(**window, groups=depth))
    x, weights = weight_offset.symmetric(importer, x, weights, axis=3)
    packed = importer.reordered(weights, what, lambda array: array[0], axis=2)
    return importer.add("dwconv2d", [x, packed, bias], call.attributes(**window))


def channels(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).shape[-1]


def window_kernel(isa: str, window: str, packing: Any, **details: Any) -> Kernel:
    """A kernel for small windows ("k3x3" or "k4x4") that works channel by channel; `packing` is its module."""
    suits, limit = WINDOWS[window]
    order_of, scratch = (getattr(packing, f"{name}_dwconv2d_{window}") for name in ("order", "scratch"))
    return Kernel(
        f"eq_dwconv2d_s8_{window}_{{form}}_{isa}",
        isa,
        f"dwconv2d/eq_dwconv2d_s8_{window}_{isa}.c",
        units=channels,
        applies=lambda graph, node: None if suits(conv2d.geometry(graph, node)) else f"kernel is not {limit}",
        **conv2d.ordered(order_of, axis=2),
        scratch_bytes=lambda graph, node: scratch(conv2d.geometry(graph, node)),
        **details,
    )


def general_kernel(isa: str, packing: Any, why: str, granule: int = 1) -> Kernel:
    return Kernel(
        f"eq_dwconv2d_s8_{{form}}_{isa}",
        isa,
        f"dwconv2d/eq_dwconv2d_s8_{isa}.c",
        units=output_pixels,
        granule=lambda graph, node: granule,
        **conv2d.ordered(packing.order_dwconv2d, axis=2),
        scratch_bytes=lambda graph, node: packing.scratch_dwconv2d(conv2d.geometry(graph, node)),
        why=why,
    )


#: kernels of int8 activations and weights
KERNELS = (
    window_kernel(
        "xpulp",
        "k4x4",
        xpulp,
        granule=lambda graph, node: 4,
        planes=Planes(channels=4, weight_bytes=16),
        why="packed dot products down kernel columns, channel by channel",
    ),
    general_kernel("xpulp", xpulp, "packed dot products over taps"),
    window_kernel(
        "mve",
        "k4x4",
        mve,
        granule=lambda graph, node: 16,
        planes=Planes(channels=16, weight_bytes=16),
        why="one vector dot product an output, channel by channel",
    ),
    general_kernel("mve", mve, "16 channels a vector"),
    general_kernel("rvv", rvv, "vectors of channels, 2 pixels at a time", rvv.DEPTHWISE_PIXELS),
    window_kernel(
        "dsp",
        "k3x3",
        dsp,
        granule=lambda graph, node: 4,
        planes=Planes(channels=4, weight_bytes=20),
        why="SMLAD down a strip of widened columns, weights in registers",
    ),
    general_kernel("dsp", dsp, "SMLAD on pairs of taps"),
    window_kernel(
        "rv32im",
        "k3x3",
        rv32im,
        granule=lambda graph, node: 4,
        in_place=rv32im.in_place_dwconv2d_k3x3,
        why="planes of 4 channels, weights in registers, two rows at a time",
    ),
    Kernel(
        "eq_dwconv2d_s8_{form}_scalar",
        "scalar",
        "dwconv2d/eq_dwconv2d_s8_scalar.c",
        units=output_pixels,
        **conv2d.ordered(order.plain_depthwise, axis=2),
    ),
)


class DepthwiseConv2d(Operator):
    name = "dwconv2d"
    takes_int16 = takes_float = True
    weight_axis = weight_input_axis = 2
    tflite_targets = {"DEPTHWISE_CONV_2D": import_tflite}
    kernels = (
        *narrow.dwconv2d_kernels(KERNELS, conv2d.OP.c_parameters),
        *KERNELS,
        *wide_kernels.dwconv2d(conv2d.geometry),
        *cmsis_nn.dwconv2d(conv2d.geometry),
        *float_layers.dwconv2d(conv2d.geometry),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, channels = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), channels)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs
        patches = windows(x, Window.of(node.attributes), 0.0)
        out = np.zeros((*patches.shape[:3], x.shape[3]), np.result_type(x, weights))
        for ky, kx in np.ndindex(weights.shape[:2]):
            out += patches[:, :, :, ky, kx] * weights[ky, kx]
        return [out + bias]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        window = Window.of(node.attributes)
        weighted_float.gradient(tape, node, gradient, window, "dwconv2d_wgrad", "dwconv2d_igrad")

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs[:3]
        zero_point = graph.tensor(node.inputs[0]).zero_point
        patches = windows(x.astype(np.int32) - np.int32(zero_point), Window.of(node.attributes), 0)
        acc = np.zeros((*patches.shape[:3], x.shape[3]), bias.dtype) + bias
        for ky, kx in np.ndindex(weights.shape[:2]):
            acc += patches[:, :, :, ky, kx] * weights[ky, kx].astype(np.int32)
        return [weighted.requantize(graph, node, acc)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(inputs[1].shape[:2])))

    def macs(self, graph: Graph, node: Node) -> int:
        return output_pixels(graph, node) * graph.tensor(node.inputs[1]).elements

    def quantize(self, converter: Converter, node: Node) -> None:
        weighted.quantize(converter, node, self.weight_axis)

    def row_reach(self, graph: Graph, node: Node) -> RowReach:
        return Window.of(node.attributes).row_reach()

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return conv2d.OP.c_parameters(graph, node)

    def c_form(self, graph: Graph, node: Node) -> str:
        return weighted.form(graph, node)


OP = DepthwiseConv2d()
