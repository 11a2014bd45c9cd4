"""argmax: the index of the largest element along one axis (attributes function, "max" or "min", and axes with one
entry), of the first one among equals. The index is an int8 with scale 1 and zero point 0, so that at most 128 elements
are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization
from edgeq.ops import reduction

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter

#: elements whose indices fit
LIMIT = 128


def _torch(function: str) -> Any:
    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        if args.get("dim") is None:
            raise importer.unsupported("the index in a flattened tensor", "an axis (dim)")
        return reduction.torch_reduction("argmax", function=function)(importer, args)

    return convert


def _tflite(function: str) -> Any:
    """ARG_MAX and ARG_MIN along a constant axis, which disappears."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        axes = call.integers(1, "the axis of an index")
        if len(axes) != 1:
            raise importer.unsupported(f"an index along the axes {axes}", "one axis")
        return reduction.reduced(importer, "argmax", call.input(0), axes, False, {"function": function})

    return convert


def _onnx(function: str) -> Any:
    """ArgMax and ArgMin, of the first among equals."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        if call.attribute("select_last_index", 0):
            raise importer.unsupported("the index of the last of equals", "select_last_index = 0")
        keep = bool(call.attribute("keepdims", 1))
        return reduction.reduced(importer, "argmax", call.activation(), [call.axis(0)], keep, {"function": function})

    return convert


class Argmax(reduction.Reduction):
    name = "argmax"
    torch_targets = {"aten.argmax.default": _torch("max"), "aten.argmin.default": _torch("min")}
    tflite_targets = {"ARG_MAX": _tflite("max"), "ARG_MIN": _tflite("min")}
    onnx_targets = {"ArgMax": _onnx("max"), "ArgMin": _onnx("min")}
    kernels = reduction.directed_kernels("eq_reduce_s8_arg", "reduce/eq_reduce_s8_index_scalar.c")

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        function = np.argmax if node.attributes["function"] == "max" else np.argmin
        return [function(inputs[0], axis=node.attributes["axes"][0], keepdims=True)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [self.run_float(node, inputs)[0].astype(np.int8)]

    def quantize(self, converter: Converter, node: Node) -> None:
        length = reduction.count(converter.source, node)
        if length > LIMIT:
            raise EdgeqError(
                f"layer {node.name}: the index of one of {length} elements does not fit int8, which takes at most "
                f"{LIMIT}; leave the argmax to the firmware's own code"
            )
        converter.add(node, (converter.quantized(node.inputs[0]).name,), converter.quantized_output(node))

    def fixed_output(self, node: Node, dtype: str) -> Quantization:
        return Quantization.per_tensor(1.0, 0)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {"record": "eq_reduce_index_s8_t", "shape": reduction.shape_parameters(graph, node)}


OP = Argmax()
