"""linear: fully connected layer over the last axis. Weights [out_features, in_features]."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import (
    cmsis_nn,
    conv2d,
    conv2d_cost,
    einsum_onnx,
    float_layers,
    matmul,
    narrow,
    running_sum,
    weight_groups,
    weight_offset,
    weighted,
    weighted_float,
    wide_kernels,
)
from edgeq.ops.base import Constant, Kernel, Operator, Shape, sum_rounding
from edgeq.ops.conv2d_cost import Cost
from edgeq.ops.float_types import FLOAT32, Rounding
from edgeq.ops.spatial import SAME_ROW, RowReach, Window, exact_matmul
from edgeq.packing import dsp, mve, order, rv32im, rvv, xpulp
from edgeq.packing.blocks import Geometry

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.linear: weights [out, in]."""
    weights = importer.reordered(args["weight"], "the weights of a linear layer", lambda array: array, axis=0)
    bias = np.zeros(importer.shape(weights)[0], np.float32)
    if args.get("bias") is not None:
        bias = importer.constant_array(args["bias"], "the bias of a linear layer")
    return importer.add("linear", [args["input"], weights, importer.constant(bias)], {})


def import_addmm(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.addmm: beta * bias + alpha * (x @ matrix) with a constant matrix [in, out] and bias."""
    weights = importer.constant_array(args["mat2"], "the weights of a linear layer").T * np.float32(args["alpha"])
    bias = importer.constant_array(args["self"], "the bias of a linear layer") * np.float32(args["beta"])
    bias = np.broadcast_to(bias.reshape(-1), len(weights))
    return importer.add("linear", [args["mat1"], importer.constant(weights), importer.constant(bias)], {})


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """FULLY_CONNECTED: weights [out, in]; the input is flattened to rows of `in` unless keep_num_dims."""
    x, weights = call.input(0), call.input(1, "weights")
    shape = importer.shape(weights)
    importer.constant_array(weights, "the weights of a linear layer")
    if len(shape) != 2 or call.option("weights_format") != 0 or np.prod(importer.shape(x)) % shape[-1]:
        raise importer.unsupported(f"a linear layer of {importer.shape(x)} with weights {shape}", "weights [out, in]")
    if importer.shape(x)[-1] != shape[1] or (len(importer.shape(x)) > 2 and not call.option("keep_num_dims")):
        x = importer.viewed(x, (int(np.prod(importer.shape(x))) // shape[1], shape[1]))
    attributes = weighted.tflite_attributes(call, importer.quantization(weights))
    if call.optional(2) is None:
        attributes["narrow_sums"] = True
    x, weights = weight_offset.symmetric(importer, x, weights, axis=1)
    bias = weighted.bias_operand(call, 2, shape[0])
    return importer.add("linear", [x, weights, bias], call.attributes(**attributes))


def import_gemm(importer: Importer, call: OnnxCall) -> str:
    """Gemm: alpha * A B + beta * C with constant B and C."""
    alpha, beta = call.attribute("alpha", 1.0), call.attribute("beta", 1.0)
    x = call.activation()
    if len(call.model_shape(0)) != 2 or len(call.shape(1)) != 2 or call.attribute("transA", 0):
        raise importer.unsupported(f"a product of {call.shape(0)} and {call.shape(1)}", "matrices, A not transposed")
    weights = _onnx_weights(call, transposed=bool(call.attribute("transB", 0)))
    channels = importer.shape(weights)[0]
    if alpha != 1.0:
        weights = importer.constant(importer.constant_array(weights, "weights") * np.float32(alpha))
    offset = call.constant(2)
    if offset is None and call.optional(2) is not None:
        raise importer.unsupported("a product with a summand that depends on the input", "a constant bias")
    if offset is not None and (beta != 1.0 or offset.data.shape != (channels,)):
        if offset.data.size not in (1, channels) or (offset.data.size > 1 and offset.data.shape[-1] != channels):
            raise importer.unsupported(f"a bias of shape {offset.data.shape}", f"{channels} values, one per channel")
        values = call.values(2, "the bias of a layer").reshape(-1) * np.float32(beta)
        bias = importer.constant(np.broadcast_to(values, channels))
    else:
        bias = weighted.bias_operand(call, 2, channels)
    return importer.add("linear", [x, weights, bias], {})


def import_matmul(importer: Importer, call: OnnxCall) -> str:
    """MatMul: by a constant matrix a linear layer, of two activations the operator matmul."""
    x = call.activation()
    if call.constant(1) is None:
        return matmul.product(importer, x, call.input(1), False, {})
    if len(call.shape(1)) != 2 or len(call.shape(0)) < 2:
        raise importer.unsupported(f"a product of {call.shape(0)} and {call.shape(1)}", "a constant matrix")
    weights = _onnx_weights(call, transposed=False)
    bias = importer.constant(np.zeros(importer.shape(weights)[0], np.float32))
    return importer.add("linear", [x, weights, bias], {})


def _onnx_weights(call: OnnxCall, transposed: bool) -> str:
    """The second operand as [out, in]; `transposed`: it is so already."""
    name = call.input(1, "weights")
    call.importer.constant_array(name, "the weights of a linear layer")
    rows = call.importer.shape(name)[1 if transposed else 0]
    if rows != call.shape(0)[-1]:
        raise call.importer.unsupported(f"a product of {call.shape(0)} and {call.shape(1)}", "matrices that fit")
    if transposed:
        return name
    return call.importer.reordered(name, "the weights of a linear layer", lambda array: array.T, axis=0)


#: four rows a time on fewer cores than the board has lose against channels on all of them
ROWS_XPULP = 16


def out_features(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).shape[-1]


def rows_of(graph: Graph, node: Node) -> int:
    return int(np.prod(graph.tensor(node.outputs[0]).shape[1:-1], dtype=np.int64))


def sizes(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_linear_s8_t and of its kin for other types."""
    return {
        "rows": rows_of(graph, node),
        "in_features": graph.tensor(node.inputs[0]).shape[-1],
        "out_features": out_features(graph, node),
    }


def geometry(graph: Graph, node: Node) -> dict[str, int]:
    """The layer as a convolution 1x1 of as many pixels as it has rows."""
    rows = rows_of(graph, node)
    sizes = {"in_h": rows, "in_w": 1, "in_c": graph.tensor(node.inputs[0]).shape[-1]}
    sizes |= {"out_h": rows, "out_w": 1, "out_c": out_features(graph, node), "kernel_h": 1, "kernel_w": 1}
    return {
        **sizes,
        **dict.fromkeys(("stride_h", "stride_w", "dilation_h", "dilation_w"), 1),
        "pad_top": 0,
        "pad_left": 0,
    }


def c_parameters(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_linear_s8_t."""
    return {**sizes(graph, node), **weighted.requant_parameters(graph, node)}


def estimate(cost: Cost) -> Callable[[Graph, Node], int]:
    """Estimated instructions."""
    return lambda graph, node: cost(geometry(graph, node))


def simd_kernel(isa: str, packing: Any, granule: int, why: str, **details: Any) -> Kernel:
    return Kernel(
        f"eq_linear_s8_{{form}}_{isa}",
        isa,
        f"linear/eq_linear_s8_{isa}.c",
        units=out_features,
        granule=lambda graph, node: granule,
        **conv2d.ordered(packing.order_linear),
        scratch_bytes=lambda graph, node: packing.scratch_linear(graph.tensor(node.inputs[0]).shape[-1]),
        why=why,
        **details,
    )


def _pointwise(graph: Graph, node: Node) -> dict[str, int]:
    """The C parameters of the layer as a convolution."""
    zero_point = graph.tensor(node.inputs[0]).zero_point
    return {**geometry(graph, node), "input_zero_point": zero_point, **weighted.requant_parameters(graph, node)}


def rows_kernel(
    isa: str,
    name: str,
    fewest_rows: int,
    granule: int,
    scratch_bytes: Callable[[Geometry], int],
    obstacle: Callable[[np.ndarray], str | None] = lambda weights: None,
    **details: Any,
) -> Kernel:
    """A kernel of 1x1 convolutions for layers of at least `fewest_rows` rows, which it multiplies `granule` at a
    time."""

    def applies(graph: Graph, node: Node) -> str | None:
        if rows_of(graph, node) < fewest_rows:
            return f"fewer than {fewest_rows} rows"
        return obstacle(graph.constant(node.inputs[1]))

    return Kernel(
        f"eq_conv2d_s8_{name}{{form}}_{isa}",
        isa,
        f"conv2d/eq_conv2d_s8_{name}{isa}.c",
        units=rows_of,
        granule=lambda graph, node: granule,
        applies=applies,
        scratch_bytes=lambda graph, node: scratch_bytes(geometry(graph, node)),
        family="conv2d",
        parameters=_pointwise,
        **details,
    )


def _filters(pack: Callable[[np.ndarray], np.ndarray]) -> Callable[[Graph, Node], dict[str, Constant]]:
    """Constants of a kernel of convolutions: weights [out, in] as filters [out, 1, 1, in]."""
    return conv2d.packed(lambda weights: pack(weights.reshape(len(weights), 1, 1, -1)))


class Linear(Operator):
    name = "linear"
    takes_int16 = takes_float = True
    weight_axis, weight_input_axis = 0, 1
    torch_targets = {
        "aten.linear.default": import_torch,
        "aten.addmm.default": import_addmm,
        "aten.cumsum.default": running_sum.torch,
    }
    tflite_targets = {"FULLY_CONNECTED": import_tflite, "CUMSUM": running_sum.tflite}
    onnx_targets = {
        "Gemm": import_gemm,
        "MatMul": import_matmul,
        "CumSum": running_sum.onnx,
        **einsum_onnx.TARGETS,
    }
    kernels = (
        *narrow.linear_kernels(out_features),
        *weight_groups.linear_kernels(narrow.linear_kernels(out_features), c_parameters),
        rows_kernel(
            "xpulp",
            "pointwise_",
            ROWS_XPULP,
            4,
            xpulp.scratch_conv2d_pointwise,
            **conv2d.ordered(xpulp.order_conv2d),
            why="packed dot products, 4 rows x 4 channels",
        ),
        rows_kernel(
            "dsp",
            "pointwise_",
            3,
            4,
            dsp.scratch_conv2d_pointwise,
            **conv2d.ordered(dsp.order_conv2d),
            why="SMLAD on channel pairs, 4 rows x 2 channels",
            instructions=estimate(conv2d_cost.pointwise_dsp),
            code_bytes=2100,
        ),
        rows_kernel(
            "rv32im",
            "",
            4,
            rv32im.PIXELS,
            rv32im.scratch_conv2d,
            obstacle=rv32im.obstacle,
            pack=_filters(rv32im.pack_conv2d),
            why="two products a multiplication, 6 rows x 2 channels",
            instructions=estimate(conv2d_cost.rv32im),
            code_bytes=4500,
        ),
        simd_kernel("xpulp", xpulp, 8, "packed dot products, 8 channels"),
        simd_kernel("mve", mve, 4, "vector dot products, 4 channels"),
        simd_kernel("rvv", rvv, 1, "vectors of channels, 3 rows at a time"),
        simd_kernel(
            "dsp",
            dsp,
            4,
            "SMLAD on channel pairs, 4 channels",
            instructions=estimate(conv2d_cost.linear_dsp),
            code_bytes=700,
        ),
        Kernel(
            "eq_linear_s8_{form}_rv32im",
            "rv32im",
            "linear/eq_linear_s8_rv32im.c",
            units=out_features,
            granule=lambda graph, node: 4,
            applies=lambda graph, node: rv32im.obstacle(graph.constant(node.inputs[1])),
            pack=conv2d.packed(rv32im.pack_linear),
            scratch_bytes=lambda graph, node: rv32im.scratch_linear(graph.tensor(node.inputs[0]).shape[-1]),
            why="two products a multiplication, 4 channels",
            instructions=estimate(conv2d_cost.linear_rv32im),
            code_bytes=1400,
        ),
        Kernel(
            "eq_linear_s8_{form}_scalar",
            "scalar",
            "linear/eq_linear_s8_scalar.c",
            units=out_features,
            granule=lambda graph, node: 4,
            **conv2d.ordered(order.plain),
            instructions=estimate(conv2d_cost.linear_scalar),
            code_bytes=1000,
        ),
        *wide_kernels.linear(sizes, out_features),
        *cmsis_nn.linear(sizes),
        Kernel(
            "eq_linear_s8_s16_tflite_scalar",
            "scalar",
            "linear/eq_linear_s8_s16_scalar.c",
            units=out_features,
            granule=lambda graph, node: 4,
            **conv2d.ordered(order.plain),
            family="linear_s8_s16",
            stores="int16",
            why="portable C, int16 outputs",
        ),
        *float_layers.linear(sizes, out_features),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(*inputs[0].shape[:-1], inputs[1].shape[0])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs
        return [x @ weights.T + bias]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        """That of a convolution 1x1 of as many pixels as the layer has rows."""
        x, weights, bias = node.inputs
        rows, (out, depth) = rows_of(tape.graph, node), tape.shape(weights)
        dy = tape.view(gradient, (1, rows, 1, out), node, "dy")
        point = weighted_float.attributes(Window((1, 1), (1, 1), (0, 0, 0, 0)))
        if tape.wants(bias):
            part = tape.trained_channels(dy, bias, node)
            tape.give(bias, tape.add("bias_gradient", [part], node, "bias_gradient", FLOAT32), node)
        if tape.wants(weights):
            operands = [tape.view(x, (1, rows, 1, depth), node, "pixels"), tape.trained_channels(dy, weights, node)]
            tape.give(weights, tape.add("conv2d_wgrad", operands, node, "wgrad", FLOAT32, **point), node)
        if tape.wants(x):
            filters = tape.operand(weights, node, (out, 1, 1, depth))
            shape = (1, rows, 1, depth)
            dx = tape.add("conv2d_igrad", [dy, filters], node, "igrad", shape=shape, **point)
            tape.give(x, tape.view(dx, tape.shape(x), node, "dx"), node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, weights, bias = inputs[:3]
        centred = weighted.centred(graph, node, x)
        acc = exact_matmul(centred.reshape(-1, x.shape[-1]), weights.T) + bias
        return [weighted.requantize(graph, node, acc.reshape(*x.shape[:-1], -1))]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, inputs[1].shape[1])

    def step_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return SAME_ROW if len(graph.tensor(node.output).shape) > 2 else None

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node if perm[-1] == len(perm) - 1 else None

    def macs(self, graph: Graph, node: Node) -> int:
        return rows_of(graph, node) * graph.tensor(node.inputs[1]).elements

    def weight_columns(self, node: Node, x: np.ndarray) -> np.ndarray:
        return x.reshape(-1, x.shape[-1])

    def quantize(self, converter: Converter, node: Node) -> None:
        weighted.quantize(converter, node, self.weight_axis, widens=True)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return c_parameters(graph, node)

    def c_form(self, graph: Graph, node: Node) -> str:
        return weighted.form(graph, node)


OP = Linear()
