"""conv2d: 2-D convolution, channels last. Weights [out_c, kernel_h, kernel_w, in_c]."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import image
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import (
    cmsis_nn,
    conv2d_cost,
    conv_torch,
    conv_transpose,
    float_layers,
    narrow,
    residual,
    weight_groups,
    weight_offset,
    weighted,
    weighted_float,
    wide_kernels,
    winograd,
)
from edgeq.ops.base import Constant, Kernel, Operator, Shape, output_pixels, sum_rounding
from edgeq.ops.conv2d_cost import Cost
from edgeq.ops.float_types import Rounding
from edgeq.ops.spatial import RowReach, Window, exact_matmul, same_padding, windows
from edgeq.packing import dsp, mve, order, rv32im, rvv, xpulp
from edgeq.packing.order import Order, OrderOf

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape

#: strides, dilations and kernels beyond it are a damaged file
LARGEST_STEP = 1 << 16


def tflite_window(call: TfliteCall, x: str, kernel: tuple[int, int]) -> dict[str, Any]:
    """Window attributes of a TensorFlow Lite operator on `x` with strides, dilations and SAME or VALID padding."""
    importer = call.importer
    if len(importer.shape(x)) != 4:
        raise importer.unsupported(f"an image operator on {importer.shape(x)}", "an input [1, H, W, C]")
    stride = (call.option("stride_h"), call.option("stride_w"))
    dilation = (call.operator.options.get("dilation_h_factor", 1), call.operator.options.get("dilation_w_factor", 1))
    if min(*stride, *dilation, *kernel) < 1 or max(*stride, *dilation, *kernel) > LARGEST_STEP:
        raise importer.unsupported(f"a window {kernel} with stride {stride}, dilation {dilation}", "sizes above 0")
    window = Window(kernel, stride, (0, 0, 0, 0), dilation)
    if call.option("padding") not in (0, 1):
        raise importer.unsupported(f"padding number {call.option('padding')}", "SAME or VALID")
    height, width = importer.shape(x)[1:3]
    padding = same_padding((height, width), window) if call.option("padding") == 0 else (0, 0, 0, 0)
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """CONV_2D: weights OHWI."""
    x, weights = call.input(0), call.input(1, "weights")
    shape, depth = importer.shape(weights), importer.shape(x)[-1]
    if len(shape) != 4 or shape[3] < 1 or depth % shape[3] or shape[0] % (depth // shape[3]):
        raise importer.unsupported(
            f"a convolution of {importer.shape(x)} with weights {shape}", "as many channels in both, or whole groups"
        )
    importer.constant_array(weights, "the weights of a convolution")
    attributes = {**tflite_window(call, x, shape[1:3]), **weighted.tflite_attributes(call)}
    groups, bias = depth // shape[3], weighted.bias_operand(call, 2, shape[0])
    if groups == 1:
        x, weights = weight_offset.symmetric(importer, x, weights, axis=3)
        return importer.add("conv2d", [x, weights, bias], call.attributes(**attributes))
    x, weights = weight_offset.symmetric_groups(importer, x, weights)
    return importer.add("conv2d_grouped", [x, weights, bias], call.attributes(**attributes, groups=groups))


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Conv: weights OIHW (or OIL), input NCHW (or NCL); groups of 1 channel become dwconv2d."""
    x, weights = image.stored(call), call.input(1, "weights")
    shape, in_c = importer.shape(weights), importer.shape(x)[-1]
    importer.constant_array(weights, "the weights of a convolution")
    groups = call.attribute("group", 1)
    if len(shape) != len(call.shape()) or groups < 1 or shape[1] * groups != in_c or shape[0] % groups:
        raise importer.unsupported(f"a convolution with weights {shape} in {groups} groups", "weights that fit")
    window = image.window(call, x, shape[2:])
    kernel, what = window["kernel"], "the weights of a convolution"
    bias = weighted.bias_operand(call, 2, shape[0])
    if groups == 1:
        packed = importer.reordered(
            weights, what, lambda array: array.reshape(*shape[:2], *kernel).transpose(0, 2, 3, 1), axis=0
        )
        return image.restored(call, importer.add("conv2d", [x, packed, bias], window))
    if groups != in_c or shape[0] != in_c:
        packed = importer.reordered(
            weights, what, lambda array: array.reshape(*shape[:2], *kernel).transpose(0, 2, 3, 1), axis=0
        )
        window["groups"] = groups
        return image.restored(call, importer.add("conv2d_grouped", [x, packed, bias], window))
    packed = importer.reordered(weights, what, lambda array: array.reshape(-1, *kernel).transpose(1, 2, 0), axis=2)
    return image.restored(call, importer.add("dwconv2d", [x, packed, bias], window))


def geometry(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_conv2d_s8_t, also used for depthwise convolutions and pools."""
    x, y = graph.tensor(node.inputs[0]), graph.tensor(node.outputs[0])
    return {
        "in_h": x.shape[1],
        "in_w": x.shape[2],
        "in_c": x.shape[3],
        "out_h": y.shape[1],
        "out_w": y.shape[2],
        "out_c": y.shape[3],
        **Window.of(node.attributes).fields(),
    }


def unless_pointwise(graph: Graph, node: Node) -> str | None:
    """Obstacle for pointwise kernels: None for 1x1, stride 1, no padding."""
    return None if Window.of(node.attributes).is_pointwise() else "not 1x1 with stride 1"


def patch_bytes(graph: Graph, node: Node) -> int:
    """Bytes of one filter, and of the input patch under it."""
    return int(graph.constant(node.inputs[1])[0].size)


def packed(pack: Callable[[np.ndarray], np.ndarray], axis: int = 0) -> Callable[[Graph, Node], dict[str, Constant]]:
    """Constants of a kernel that reads weights in the order of `pack`; `axis` is that of the output channels."""

    def constants(graph: Graph, node: Node) -> dict[str, Constant]:
        weights = pack(graph.constant(node.inputs[1]))
        return {
            "weights": Constant(f"{weights.dtype}_t", weights),
            "bias": Constant("int32_t", weighted.folded_bias(graph, node, axis)),
            **weighted.requant_constants(graph, node),
        }

    return constants


def ordered(order_of: OrderOf, axis: int = 0) -> dict[str, Any]:
    """Entries of a kernel that reads weights in an order that their shape decides: its constants, and the order."""

    def order_of_node(graph: Graph, node: Node) -> Order:
        return order_of(graph.tensor(node.inputs[1]).shape)

    return {"pack": packed(order.into(order_of), axis), "order": order_of_node}


def keeps_channels(parameters: Mapping[str, Any]) -> bool:
    """Pixels keep their size: a pointwise kernel that reads before it writes may run over its input."""
    return bool(parameters["in_c"] == parameters["out_c"])


def estimate(cost: Cost | None) -> Callable[[Graph, Node], int] | None:
    """Estimated instructions, where there is a formula."""
    return None if cost is None else lambda graph, node: cost(geometry(graph, node))


def simd_kernels(
    isa: str,
    packing: Any,
    granule: int,
    why: str,
    in_place: bool = False,
    costs: tuple[Cost | None, Cost | None] = (None, None),
    code_bytes: tuple[int, int] = (0, 0),
) -> tuple[Kernel, Kernel]:
    """The pointwise and the general kernel of an instruction set; `packing` is its module in edgeq.packing. `in_place`:
    the pointwise one may run over its input. `costs` and `code_bytes`: estimates of the two."""
    return (
        Kernel(
            f"eq_conv2d_s8_pointwise_{{form}}_{isa}",
            isa,
            f"conv2d/eq_conv2d_s8_pointwise_{isa}.c",
            units=output_pixels,
            granule=lambda graph, node: granule,
            applies=unless_pointwise,
            **ordered(packing.order_conv2d),
            scratch_bytes=lambda graph, node: packing.scratch_conv2d_pointwise(geometry(graph, node)),
            in_place=keeps_channels if in_place else lambda parameters: False,
            why=f"{why}, no patches to gather",
            instructions=estimate(costs[0]),
            code_bytes=code_bytes[0],
        ),
        Kernel(
            f"eq_conv2d_s8_{{form}}_{isa}",
            isa,
            f"conv2d/eq_conv2d_s8_{isa}.c",
            units=output_pixels,
            granule=lambda graph, node: granule,
            **ordered(packing.order_conv2d),
            scratch_bytes=lambda graph, node: packing.scratch_conv2d(geometry(graph, node)),
            why=why,
            instructions=estimate(costs[1]),
            code_bytes=code_bytes[1],
        ),
    )


#: int8 kernels that read weights in blocks of whole filters
IN_BLOCKS = (
    *simd_kernels("xpulp", xpulp, 4, "packed dot products, 4 pixels x 4 channels"),
    *simd_kernels("mve", mve, 2, "vector dot products, 2 pixels x 4 channels", in_place=True),
    *simd_kernels(
        "dsp",
        dsp,
        4,
        "SMLAD on channel pairs, 4 pixels x 2 channels",
        in_place=True,
        costs=(conv2d_cost.pointwise_dsp, conv2d_cost.dsp),
        code_bytes=(2100, 3800),
    ),
    Kernel(
        "eq_conv2d_s8_pointwise_{form}_scalar",
        "scalar",
        "conv2d/eq_conv2d_s8_pointwise_scalar.c",
        units=output_pixels,
        granule=lambda graph, node: 2,
        applies=unless_pointwise,
        **ordered(order.plain),
        why="portable C, 2 pixels x 4 channels, no patches to gather",
        instructions=estimate(conv2d_cost.pointwise_scalar),
        code_bytes=1700,
    ),
    Kernel(
        "eq_conv2d_s8_{form}_scalar",
        "scalar",
        "conv2d/eq_conv2d_s8_scalar.c",
        units=output_pixels,
        granule=lambda graph, node: 2,
        scratch_bytes=lambda graph, node: 2 * patch_bytes(graph, node),
        **ordered(order.plain),
        why="portable C, 2 pixels x 4 channels",
        instructions=estimate(conv2d_cost.scalar),
        code_bytes=2400,
    ),
)


class Convolution(Operator):
    """What conv2d and conv2d_grouped share: weights [out_c, kernel_h, kernel_w, in_c of a group]."""

    weight_axis = 0

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, _ = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), inputs[1].shape[0])]

    def macs(self, graph: Graph, node: Node) -> int:
        return output_pixels(graph, node) * graph.tensor(node.inputs[1]).elements

    def quantize(self, converter: Converter, node: Node) -> None:
        weighted.quantize(converter, node, self.weight_axis)

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(inputs[1][0].size))

    def row_reach(self, graph: Graph, node: Node) -> RowReach:
        return Window.of(node.attributes).row_reach()

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        fields = {**geometry(graph, node), **weighted.requant_parameters(graph, node)}
        if graph.tensor(node.inputs[0]).dtype != "int16":
            fields["input_zero_point"] = graph.tensor(node.inputs[0]).zero_point
        return fields

    def c_form(self, graph: Graph, node: Node) -> str:
        return weighted.form(graph, node)


class Conv2d(Convolution):
    name = "conv2d"
    takes_int16 = takes_float = True
    weight_input_axis = 3
    torch_targets = {**conv_torch.TARGETS, **conv_transpose.TORCH_TARGETS}
    tflite_targets = {"CONV_2D": import_tflite, **conv_transpose.TFLITE_TARGETS}
    onnx_targets = {"Conv": import_onnx, **conv_transpose.ONNX_TARGETS}
    kernels = (
        *narrow.conv2d_kernels(geometry),
        *weight_groups.conv2d_kernels(IN_BLOCKS),
        *winograd.kernels(geometry, packed),
        Kernel(
            "eq_conv2d_s8_kx3_{form}_xpulp",
            "xpulp",
            "conv2d/eq_conv2d_s8_kx3_xpulp.c",
            units=output_pixels,
            granule=lambda graph, node: xpulp.granule_conv2d_kx3(geometry(graph, node)),
            applies=lambda graph, node: xpulp.obstacle_conv2d_kx3(geometry(graph, node)),
            **ordered(xpulp.order_conv2d_kx3),
            scratch_bytes=lambda graph, node: xpulp.scratch_conv2d_kx3(geometry(graph, node)),
            why="packed dot products, 8 pixels of a row x 2 channels, each input word used three times",
        ),
        *simd_kernels("rvv", rvv, rvv.PIXELS, "vectors of channels, 3 pixels at a time", in_place=True),
        *IN_BLOCKS,
        Kernel(
            "eq_conv2d_s8_{form}_rv32im",
            "rv32im",
            "conv2d/eq_conv2d_s8_rv32im.c",
            units=output_pixels,
            granule=lambda graph, node: rv32im.PIXELS,
            applies=lambda graph, node: rv32im.obstacle(graph.constant(node.inputs[1])),
            pack=packed(rv32im.pack_conv2d),
            scratch_bytes=lambda graph, node: rv32im.scratch_conv2d(geometry(graph, node)),
            in_place=rv32im.in_place_conv2d,
            why="two products a multiplication, 6 pixels x 2 channels",
            instructions=estimate(conv2d_cost.rv32im),
            code_bytes=4500,
        ),
        *wide_kernels.conv2d(geometry),
        *cmsis_nn.conv2d(geometry),
        *float_layers.conv2d(geometry),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs
        patches = windows(x, Window.of(node.attributes), 0.0)
        columns = patches.reshape(*patches.shape[:3], -1)
        return [columns @ weights.reshape(weights.shape[0], -1).T + bias]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        window = Window.of(node.attributes)
        weighted_float.gradient(tape, node, gradient, window, "conv2d_wgrad", "conv2d_igrad")

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs[:3]
        patches = windows(weighted.centred(graph, node, x), Window.of(node.attributes), 0)
        columns = patches.reshape(-1, weights[0].size)
        acc = exact_matmul(columns, weights.reshape(weights.shape[0], -1).T) + bias
        y = weighted.requantize(graph, node, acc.reshape(*patches.shape[:3], -1))
        return [residual.added(node, y, inputs)]

    def weight_columns(self, node: Node, x: np.ndarray) -> np.ndarray:
        patches = windows(x, Window.of(node.attributes), 0.0)
        return patches.reshape(-1, int(np.prod(patches.shape[3:])))


OP = Conv2d()
