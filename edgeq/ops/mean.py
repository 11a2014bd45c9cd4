"""mean: global average over height and width, channels last; [N, H, W, C] -> [N, 1, 1, C].

Integer form: acc = sum(x) - H*W*zero_point, requantized with scale_in / (H*W * scale_out), the same for all channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import image
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import fixed_point
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.quantize.convert import Converter


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.mean.dim over both image axes of an NCHW tensor."""
    shape = importer.shape(args["self"])
    axes = sorted(axis % len(shape) for axis in args["dim"])
    if len(shape) != 4 or axes != [2, 3]:
        raise importer.unsupported(f"a mean over axes {axes} of {shape}", "a mean over height and width")
    y = importer.channels_first(importer.add("mean", [importer.channels_last(args["self"])], {}))
    return y if args.get("keepdim") else importer.reshape(y, shape[:2])


def import_onnx_global(importer: Importer, call: OnnxCall) -> str:
    """GlobalAveragePool."""
    return image.restored(call, importer.add("mean", [image.stored(call)], {}))


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """ReduceMean."""
    x, axes = call.activation(), call.axes(1)
    rank = len(importer.shape(x))
    if not axes and call.attribute("noop_with_empty_axes", 0):
        return x
    axes = axes or tuple(range(rank))
    if any(not -rank <= axis < rank for axis in axes):
        raise importer.unsupported(f"a mean over axes {axes} of {rank}", "axes that are there")
    return import_torch(importer, {"self": x, "dim": list(axes), "keepdim": bool(call.attribute("keepdims", 1))})


def channels(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).shape[-1]


def pixels(graph: Graph, node: Node) -> int:
    shape = graph.tensor(node.inputs[0]).shape
    return shape[1] * shape[2]


def pack_scalar(graph: Graph, node: Node) -> dict[str, Constant]:
    constants = {"multiplier": Constant("int32_t", graph.constant(node.inputs[1]))}
    if OP.c_form(graph, node) != "high":
        constants["shift"] = Constant("int8_t", graph.constant(node.inputs[2]))
    return constants


class Mean(Operator):
    name = "mean"
    torch_targets = {"aten.mean.dim": import_torch}
    onnx_targets = {"GlobalAveragePool": import_onnx_global, "ReduceMean": import_onnx}
    kernels = (
        Kernel(
            "eq_mean_s8_{form}_mve",
            "mve",
            "mean/eq_mean_s8_mve.c",
            units=channels,
            granule=lambda graph, node: 16,
            pack=pack_scalar,
            why="16 channels side by side",
        ),
        Kernel("eq_mean_s8_{form}_scalar", "scalar", "mean/eq_mean_s8_scalar.c", units=channels, pack=pack_scalar),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, _, _, depth = inputs[0].shape
        return [(batch, 1, 1, depth)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].mean(axis=(1, 2), keepdims=True)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, multiplier, shift = inputs
        zero_point = graph.tensor(node.inputs[0]).zero_point
        acc = x.astype(np.int64).sum(axis=(1, 2), keepdims=True) - pixels(graph, node) * zero_point
        k = node.attributes
        output = graph.tensor(node.outputs[0])
        y = fixed_point.requantize(acc, multiplier, shift, k["rounding"], output.zero_point, k["act_min"], k["act_max"])
        return [y]

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        scale = np.array([x.scale / (pixels(converter.source, node) * output.scale)])
        multiplier, shift = fixed_point.single_multiplier(scale)
        inputs = (
            x.name,
            converter.constant(f"{node.name}.multiplier", multiplier),
            converter.constant(f"{node.name}.shift", shift),
        )
        converter.add(node, inputs, output, rounding=fixed_point.SINGLE, **converter.activation_range(node, output))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {
            "pixels": pixels(graph, node),
            "channels": channels(graph, node),
            "bias": -pixels(graph, node) * graph.tensor(node.inputs[0]).zero_point,
            "output_zero_point": graph.tensor(node.outputs[0]).zero_point,
            "act_min": node.attributes["act_min"],
            "act_max": node.attributes["act_max"],
        }

    def c_form(self, graph: Graph, node: Node) -> str:
        return fixed_point.form_of(graph.constant(node.inputs[2]), node.attributes["rounding"])


OP = Mean()
