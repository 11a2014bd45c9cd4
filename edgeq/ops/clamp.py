"""clamp: relu, relu6, hardtanh and clamp in one operator; attributes min and max (None: no bound)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import fixed_point, float_layers, rescale, unary_tables
from edgeq.ops.base import Kernel, Operator, Shape, elements_per_sample, same_row
from edgeq.ops.spatial import RowReach

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


def _import(low: float | None, high: float | None) -> Any:
    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x = args["self"] if "self" in args else args["input"]
        return importer.add("clamp", [x], {"min": low, "max": high})

    return convert


def _import_bounds(low_key: str, high_key: str) -> Any:
    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        bounds = {}
        for key, name in (("min", low_key), ("max", high_key)):
            value = args.get(name)
            bounds[key] = None if value is None or math.isinf(value) else float(value)
        return importer.add("clamp", [args["self"]], bounds)

    return convert


def _import_tensors(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.clamp.Tensor with bounds that are constants of one value each."""
    bounds: dict[str, float | None] = {}
    for key in ("min", "max"):
        values = None if args.get(key) is None else importer.constant_array(args[key], "bounds").reshape(-1)
        if values is not None and len(values) != 1:
            raise importer.unsupported(f"bounds of {len(values)} values", "one number each")
        bounds[key] = None if values is None or math.isinf(values[0]) else float(values[0])
    return importer.add("clamp", [args["self"]], bounds)


def _import_tflite(low: float | None, high: float | None) -> Any:
    def convert(importer: Importer, call: TfliteCall) -> str:
        return importer.add("clamp", [call.input(0)], call.attributes(min=low, max=high))

    return convert


def _import_onnx_clip(importer: Importer, call: OnnxCall) -> str:
    """Clip with constant bounds, either of which may be absent."""
    bounds = [call.scalar(index, None, "bounds") for index in (1, 2)]
    return importer.add("clamp", [call.activation()], {"min": bounds[0], "max": bounds[1]})


def _import_onnx_relu(importer: Importer, call: OnnxCall) -> str:
    return importer.add("clamp", [call.activation()], {"min": 0.0, "max": None})


class Clamp(Operator):
    name = "clamp"
    takes_int16 = takes_float = True
    in_place = (0,)
    torch_targets = {
        "aten.relu.default": _import(0.0, None),
        "aten.relu_.default": _import(0.0, None),
        "aten.relu6.default": _import(0.0, 6.0),
        "aten.relu6_.default": _import(0.0, 6.0),
        "aten.hardtanh.default": _import_bounds("min_val", "max_val"),
        "aten.hardtanh_.default": _import_bounds("min_val", "max_val"),
        "aten.clamp.default": _import_bounds("min", "max"),
        "aten.clamp_.default": _import_bounds("min", "max"),
        "aten.clamp_min.default": _import_bounds("min", "-"),
        "aten.clamp_max.default": _import_bounds("-", "max"),
        "aten.clamp.Tensor": _import_tensors,
    }
    tflite_targets = {
        "RELU": _import_tflite(0.0, None),
        "RELU6": _import_tflite(0.0, 6.0),
        "RELU_N1_TO_1": _import_tflite(-1.0, 1.0),
        "RELU_0_TO_1": _import_tflite(0.0, 1.0),
    }
    onnx_targets = {"Clip": _import_onnx_clip, "Relu": _import_onnx_relu}
    kernels = (
        Kernel("eq_clamp_s8_scalar", "scalar", "clamp/eq_clamp_s8_scalar.c", units=elements_per_sample),
        *float_layers.kernels(
            "unary",
            lambda graph, node: {**float_layers.bounds(node.attributes["min"], node.attributes["max"])},
            function="eq_unary_{type}_identity_scalar",
            units=elements_per_sample,
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [apply_activation(inputs[0], node.attributes["min"], node.attributes["max"])]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        bounds = (node.attributes["min"], node.attributes["max"])
        tape.give(node.inputs[0], tape.clamped(node, gradient, *bounds), node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.clip(inputs[0], node.attributes["act_min"], node.attributes["act_max"])]

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        return same_row(graph, node)

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        bounds = (node.attributes["min"], node.attributes["max"])
        assert x.quantization is not None
        assert output.quantization is not None
        if "int16" in (x.dtype, output.dtype):
            ratio = fixed_point.float32_quotient(x.scale, divisor=output.scale)
            rescale.quantize(converter, node, ratio, ratio)
            return
        if node.attributes.get("rounding") == fixed_point.TFLITE:
            table = unary_tables.clamped(x.quantization, output.quantization, node.attributes)
            as_lut = Node(node.name, "lut", node.inputs, node.outputs)
            converter.add(as_lut, (x.name, converter.constant(f"{node.name}.table", table)), output)
            return
        plain = Node(node.name, node.op, node.inputs, node.outputs)
        converter.add_keeping_scale(plain, (x.name,), **converter.integer_bounds(bounds, x))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {"act_min": node.attributes["act_min"], "act_max": node.attributes["act_max"]}

    def requantizes_to_any_scale(self) -> bool:
        return False


def apply_activation(x: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    """x limited to [low, high]; None is no bound."""
    return x if low is None and high is None else np.clip(x, low, high)


OP = Clamp()
