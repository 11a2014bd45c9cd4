"""mean: global average over height and width, channels last; [N, H, W, C] -> [N, 1, 1, C]. Importers make it through
ops/reduce.py.

Integer form: acc = sum(x) - H*W*zero_point, requantized with scale_in / (H*W * scale_out), the same for all channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.frontend.onnx import image
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import fixed_point, float_layers
from edgeq.ops.base import Constant, Kernel, Operator, Shape, sum_rounding
from edgeq.ops.float_types import Rounding

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


def import_onnx_global(importer: Importer, call: OnnxCall) -> str:
    """GlobalAveragePool."""
    return image.restored(call, importer.add("mean", [image.stored(call)], {}))


def channels(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).shape[-1]


def pixels(graph: Graph, node: Node) -> int:
    shape = graph.tensor(node.inputs[0]).shape
    return shape[1] * shape[2]


def sizes(graph: Graph, node: Node) -> dict[str, int]:
    return {"pixels": pixels(graph, node), "channels": channels(graph, node)}


def pack_requantization(graph: Graph, node: Node) -> dict[str, Constant]:
    """The one multiplier, and the shift where the form has one."""
    constants = {"multiplier": Constant("int32_t", graph.constant(node.inputs[1]))}
    if fixed_point.form_of(graph.constant(node.inputs[2]), node.attributes["rounding"]) != "high":
        constants["shift"] = Constant("int8_t", graph.constant(node.inputs[2]))
    return constants


#: int16 elements whose sum fits 32 bits
MOST_WIDE = (1 << 15) - 1


def quantize_sum(converter: Converter, node: Node, divisor: int) -> None:
    """Adds the integer form of a sum divided by `divisor`: multiplier and shift as constants. Sums of int16 are
    TensorFlow Lite's, in 32 bits."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    wide = output.dtype == "int16"
    if wide and x.elements // output.elements > MOST_WIDE:
        raise EdgeqError(
            f"layer {node.name}: a mean of {x.elements // output.elements} int16 elements; at most {MOST_WIDE} are "
            "supported"
        )
    rounding = fixed_point.TFLITE if wide else node.attributes.get("rounding", fixed_point.SINGLE)
    if rounding == fixed_point.TFLITE:
        multiplier, shift = tflite_multiplier(x.scale / output.scale, divisor)
    else:
        multiplier, shift = fixed_point.single_multiplier(np.array([x.scale / (divisor * output.scale)]))
    names = (converter.constant(f"{node.name}.multiplier", multiplier), converter.constant(f"{node.name}.shift", shift))
    bounds = converter.activation_range(node, output)
    converter.add(node, (x.name, *names), output, rounding=rounding, **bounds)


def tflite_multiplier(scale: float, divisor: int) -> tuple[np.ndarray, np.ndarray]:
    """(multiplier, exponent) of scale / divisor as TensorFlow Lite makes them: the multiplier of the scale, divided and
    truncated (QuantizedMeanOrSum)."""
    multiplier, exponent = fixed_point.tflite_multiplier(np.array([scale]))
    shift = min(divisor.bit_length() - 1, 32, 31 + int(exponent[0]))
    divided = (int(multiplier[0]) << shift) // divisor
    return np.array([divided], np.int32), (exponent - shift).astype(np.int8)


class Mean(Operator):
    name = "mean"
    takes_int16 = takes_float = True
    onnx_targets = {"GlobalAveragePool": import_onnx_global}
    kernels = (
        Kernel(
            "eq_mean_s8_{form}_mve",
            "mve",
            "mean/eq_mean_s8_mve.c",
            units=channels,
            granule=lambda graph, node: 16,
            pack=pack_requantization,
            why="16 channels side by side",
        ),
        Kernel(
            "eq_mean_s8_{form}_rvv",
            "rvv",
            "mean/eq_mean_s8_rvv.c",
            units=channels,
            pack=pack_requantization,
            why="vectors of channels",
        ),
        Kernel(
            "eq_mean_s8_{form}_scalar", "scalar", "mean/eq_mean_s8_scalar.c", units=channels, pack=pack_requantization
        ),
        *float_layers.kernels("mean", sizes, units=channels),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, _, _, depth = inputs[0].shape
        return [(batch, 1, 1, depth)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].mean(axis=(1, 2), keepdims=True)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(inputs[0].shape[1:3])))

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        x = node.inputs[0]
        tape.give(x, tape.add("mean_gradient", [gradient], node, "igrad", shape=tape.shape(x)), node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, multiplier, shift = inputs
        zero_point = graph.tensor(node.inputs[0]).zero_point
        acc = x.astype(np.int64).sum(axis=(1, 2), keepdims=True) - pixels(graph, node) * zero_point
        k = node.attributes
        output = graph.tensor(node.outputs[0])
        y = fixed_point.requantize(acc, multiplier, shift, k["rounding"], output.zero_point, k["act_min"], k["act_max"])
        return [y]

    def quantize(self, converter: Converter, node: Node) -> None:
        if converter.quantized_output(node).dtype == "int16":
            node = replace(node, op="reduce").with_attributes(function="mean", axes=(1, 2))
        quantize_sum(converter, node, pixels(converter.source, node))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {
            **sizes(graph, node),
            "bias": -pixels(graph, node) * graph.tensor(node.inputs[0]).zero_point,
            "output_zero_point": graph.tensor(node.outputs[0]).zero_point,
            "act_min": node.attributes["act_min"],
            "act_max": node.attributes["act_max"],
        }

    def c_form(self, graph: Graph, node: Node) -> str:
        return fixed_point.form_of(graph.constant(node.inputs[2]), node.attributes["rounding"])


OP = Mean()
