"""reduce: sums and means along any axes (attributes function and axes). Means over height and width have ops/mean.py.

Integer form: acc = sum(x) - count * zero_point, requantized with scale_in / scale_out, divided by count for a mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import binary_import, fixed_point, float_layers, gradient_parts, mean, reduce_wrapping, reduction
from edgeq.ops.base import Kernel, sum_rounding
from edgeq.ops.float_types import Rounding

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


def torch_mean(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.mean; over both image axes of an NCHW tensor it is the operator mean."""
    x, axes = args["self"], args.get("dim")
    shape = importer.shape(x)
    if len(shape) == 4 and axes and sorted(axis % 4 for axis in axes) == [2, 3]:
        y = importer.channels_first(importer.add("mean", [importer.channels_last(x)], {}))
        return y if args.get("keepdim") else importer.reshape(y, shape[:2])
    return reduction.torch_reduction("reduce", function="mean")(importer, args)


def torch_variance(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.var.correction: the mean of squared distances from the mean, times n / (n - correction)."""
    x, axes, keep = args["self"], args.get("dim"), bool(args.get("keepdim"))
    shape, attributes = importer.shape(x), {"function": "mean"}
    axes = list(axes) if axes else list(range(1, len(shape)))
    count = math.prod(shape[axis] for axis in axes)
    correction = 1 if args.get("correction") is None else args["correction"]
    if count <= correction:
        raise importer.unsupported(f"a variance of {count} value(s)", f"more than {correction}")
    distance = binary_import.combine(
        importer, "sub", x, reduction.reduced(importer, "reduce", x, axes, True, attributes)
    )
    square = importer.add("unary", [distance], {"function": "pow", "exponent": 2.0})
    y = reduction.reduced(importer, "reduce", square, axes, keep, attributes)
    return binary_import.combine(importer, "mul", y, binary_import.operand(importer, count / (count - correction)))


def torch_norm(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.linalg_vector_norm of order 1 or 2."""
    order, axes, keep = args.get("ord", 2), args.get("dim"), bool(args.get("keepdim"))
    if order not in (1, 2):
        raise importer.unsupported(f"a norm of order {order}", "order 1 or 2")
    function = {"function": "abs"} if order == 1 else {"function": "pow", "exponent": 2.0}
    parts = importer.add("unary", [args["self"]], function)
    total = reduction.reduced(importer, "reduce", parts, axes, keep, {"function": "sum"})
    return total if order == 1 else importer.add("unary", [total], {"function": "sqrt"})


def _ordered_norm(order: int, importer: Importer, args: Mapping[str, Any]) -> str:
    return torch_norm(importer, {**args, "ord": order})


def tflite_mean(importer: Importer, call: TfliteCall) -> str:
    """MEAN; over axes 1 and 2 of four it is the operator mean."""
    x, axes = call.input(0), call.integers(1, "the axes of a mean")
    shape = importer.shape(x)
    prescribed = call.output_quantization()
    wide = prescribed is not None and prescribed.dtype == "int16"
    if len(shape) == 4 and sorted(axis % 4 for axis in axes) == [1, 2] and not wide:
        y = importer.add("mean", [x], call.attributes())
        if prescribed is not None:
            importer.prescribe(y, prescribed)
        return y if call.option("keep_dims") else importer.reshape(y, (shape[0], shape[3]))
    return reduction.tflite_reduction("reduce", function="mean")(importer, call)


def tflite_sum(importer: Importer, call: TfliteCall) -> str:
    """SUM: of int16 the stored integers in one scale, modulo 2^16 (ops/reduce_wrapping.py)."""
    source, target = importer.storage(call.input(0)), call.output_quantization()
    if target is None or target.dtype != "int16":
        return reduction.tflite_reduction("reduce", function="sum")(importer, call)
    if source is None or not source.same_as(target):
        raise importer.unsupported("a sum of int16 in another scale than its operand's", "one scale, or int8")
    return reduction.tflite_reduction("reduce", function="sum", wraps=True)(importer, call)


def _onnx_square_sum(importer: Importer, args: Mapping[str, Any]) -> str:
    square = importer.add("unary", [args["self"]], {"function": "pow", "exponent": 2.0})
    return _SUM(importer, {**args, "self": square})


_SUM = reduction.torch_reduction("reduce", function="sum")


def _is_wide(graph: Graph, node: Node) -> bool:
    return graph.tensor(node.inputs[0]).dtype == "int16"


def _divisor(graph: Graph, node: Node) -> int:
    """What the sum is divided by."""
    return reduction.count(graph, node) if node.attributes["function"] == "mean" else 1


def _float_parameters(graph: Graph, node: Node) -> dict[str, Any]:
    divisor = float_layers.c_number(_divisor(graph, node))
    return {"shape": reduction.shape_parameters(graph, node), "divisor": divisor}


class Reduce(reduction.Reduction):
    name = "reduce"
    takes_int16 = takes_float = True
    torch_targets = {
        "aten.mean.dim": torch_mean,
        "aten.mean.default": torch_mean,
        "aten.sum.dim_IntList": _SUM,
        "aten.var.correction": torch_variance,
        "aten.linalg_vector_norm.default": torch_norm,
        "aten.sum.default": _SUM,
    }
    tflite_targets = {"MEAN": tflite_mean, "SUM": tflite_sum}
    onnx_targets = {
        "ReduceL1": reduction.onnx_reduction(partial(_ordered_norm, 1)),
        "ReduceL2": reduction.onnx_reduction(partial(_ordered_norm, 2)),
        "ReduceMean": reduction.onnx_reduction(torch_mean),
        "ReduceSum": reduction.onnx_reduction(_SUM),
        "ReduceSumSquare": reduction.onnx_reduction(_onnx_square_sum),
    }
    kernels = (
        Kernel(
            "eq_reduce_s8_sum_{form}_scalar",
            "scalar",
            "reduce/eq_reduce_s8_sum_scalar.c",
            units=reduction.units,
            pack=mean.pack_requantization,
            family="reduce",
        ),
        Kernel(
            "eq_reduce_wide_sum_scalar",
            "scalar",
            "reduce_wide/eq_reduce_wide_sum_scalar.c",
            units=reduction.units,
            pack=mean.pack_requantization,
            family="reduce_wide",
            dtype="int16",
        ),
        *float_layers.kernels("reduce", _float_parameters, units=reduction.units),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        function = np.mean if node.attributes["function"] == "mean" else np.sum
        return [function(inputs[0], axis=reduction.axes_of(node), keepdims=True)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod([inputs[0].shape[at] for at in reduction.axes_of(node)])))

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        x = node.inputs[0]
        gradient = gradient_parts.scaled(tape, gradient, 1.0 / _divisor(tape.graph, node), node)
        tape.give(x, gradient_parts.repeated(tape, gradient, tape.shape(x), node), node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, multiplier, shift = inputs
        zeros = reduction.count(graph, node) * graph.tensor(node.inputs[0]).zero_point
        acc = x.astype(np.int64).sum(axis=reduction.axes_of(node), keepdims=True) - zeros
        k, zero_point = node.attributes, graph.tensor(node.outputs[0]).zero_point
        y = fixed_point.scale_accumulator(acc, multiplier, shift, k["rounding"]) + zero_point
        return [np.clip(y, k["act_min"], k["act_max"]).astype(x.dtype)]

    def quantize(self, converter: Converter, node: Node) -> None:
        if node.attributes.get("wraps"):
            reduce_wrapping.quantize(converter, node)
            return
        mean.quantize_sum(converter, node, _divisor(converter.source, node))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {
            "record": "eq_reduce_wide_sum_t" if _is_wide(graph, node) else "eq_reduce_sum_s8_t",
            "shape": reduction.shape_parameters(graph, node),
            "bias": -reduction.count(graph, node) * graph.tensor(node.inputs[0]).zero_point,
            "output_zero_point": graph.tensor(node.outputs[0]).zero_point,
            "act_min": node.attributes["act_min"],
            "act_max": node.attributes["act_max"],
        }

    def c_form(self, graph: Graph, node: Node) -> str:
        return fixed_point.form_of(graph.constant(node.inputs[2]), node.attributes["rounding"])


OP = Reduce()
