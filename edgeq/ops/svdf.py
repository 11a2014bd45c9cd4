"""svdf: the time filters of an SVDF layer (https://research.google.com/pubs/archive/43813.pdf): an output for each
group of `rank` neighbouring rows of a window, the sum of all its elements times their weights.

Inputs: (window [1, units * rank * length], weights [units, rank * length], bias [units]); integer nodes (window,
weights int8 or int16 like the window, bias int32, multiplier int32, shift int8). Sums wrap modulo 2^32.

A whole SVDF layer is a linear layer (its feature filters), a push of the features into the window, which is the layer's
state, and this operator. TensorFlow Lite stores the window shifted on by one already, with zeros for the features to
come: the same state at another time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import conv2d, fixed_point, weighted
from edgeq.ops.base import Kernel, Operator, Shape
from edgeq.packing import order

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """SVDF: input [1, in], feature weights [rows, in], time weights [rows, length], bias [units], state."""
    x, features, filters = call.input(0), call.input(1, "feature weights"), call.input(2, "time weights")
    window, rank = call.variable(4, "a state"), call.option("rank")
    for name in (features, filters):
        importer.constant_array(name, "the weights of an SVDF layer")
    rows, length = importer.shape(features)[0], importer.shape(filters)[-1]
    shapes = [importer.shape(name) for name in (x, features, filters, window)]
    fits = shapes == [(1, shapes[1][-1]), (rows, shapes[1][-1]), (rows, length), (1, rows * length)]
    if rank < 1 or rows % max(rank, 1) or not fits:
        raise importer.unsupported(f"an SVDF layer of rank {rank} on {shapes}", "shapes that fit")
    attributes = call.attributes()
    # The integer reference kernel admits no other activation and leaves it to the output's zero point.
    if call.output_quantization() is not None and attributes.pop("activation", None) != (0.0, None):
        raise importer.unsupported("an integer SVDF layer without RELU", "a model as its converter writes it")
    plain = {key: value for key, value in attributes.items() if key == "rounding"}
    stored = importer.quantization(window)
    bias = weighted.bias_operand(call, 3, rows // rank)
    no_bias = importer.constant(np.zeros(rows, np.float32))
    column = importer.add("linear", [x, features, no_bias], plain, suffix=".features")
    pushed = importer.add("push", [window, column], {}, suffix=".window")
    if stored is not None:
        importer.prescribe(column, stored)
        importer.prescribe(pushed, stored)
    call.keep(4, pushed)
    weights = importer.reordered(filters, "time weights", lambda array: array.reshape(rows // rank, -1), axis=0)
    return importer.add("svdf", [pushed, weights, bias], attributes)


def _units(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).elements


class Svdf(Operator):
    name = "svdf"
    takes_int16 = True
    tflite_targets = {"SVDF": import_tflite}
    kernels = tuple(
        Kernel(
            f"eq_svdf_s{bits}_{{form}}_scalar",
            "scalar",
            f"svdf/eq_svdf_s{bits}_scalar.c",
            units=_units,
            **conv2d.ordered(order.plain),
            dtype=f"int{bits}",
            stores="int8",
        )
        for bits in (8, 16)
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(1, inputs[1].shape[0])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        window, weights, bias = inputs
        products = window.reshape(-1, *weights.shape) * weights
        return [products.sum(axis=-1) + bias]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        window, weights, bias = inputs[:3]
        centred = weighted.centred(graph, node, window).astype(np.int64)
        acc = (centred.reshape(-1, *weights.shape) * weights).sum(axis=-1) + bias
        return [weighted.requantize(graph, node, acc.astype(np.int32))]

    def macs(self, graph: Graph, node: Node) -> int:
        return graph.tensor(node.inputs[1]).elements

    def quantize(self, converter: Converter, node: Node) -> None:
        if converter.quantized(node.inputs[0]).dtype == "int8":
            weighted.quantize(converter, node, axis=0)
        else:
            _quantize_wide(converter, node)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        inputs = graph.tensor(node.inputs[1]).shape[1]
        return {"length": inputs, **weighted.requant_parameters(graph, node)}

    def c_form(self, graph: Graph, node: Node) -> str:
        return weighted.form(graph, node)


def _quantize_wide(converter: Converter, node: Node) -> None:
    """The form with an int16 window and int16 weights, as files prescribe it."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    weights, bias = (converter.source.tensor(name) for name in node.inputs[1:3])
    scale = weights.quantization
    if weights.dtype != "int16" or scale is None or scale.axis is not None or scale.zero_point or x.zero_point:
        raise EdgeqError(
            f"layer {node.name}: a state of int16 needs time weights of int16 with one scale, both with zero point 0; "
            "convert the model anew"
        )
    assert weights.data is not None
    factor = x.scale * float(scale.scale[0])
    stored = bias.data if bias.quantization is not None else np.rint(converter.source.real_constant(bias.name) / factor)
    assert stored is not None
    rounding = node.attributes.get("rounding", fixed_point.SINGLE)
    multiplier, shift = fixed_point.multiplier(np.full(len(stored), factor / output.scale), rounding)
    name = node.name
    inputs = (
        x.name,
        converter.constant(f"{name}.weights", weights.data, scale),
        converter.constant(f"{name}.bias", stored.astype(np.int32), Quantization(np.array([factor]), 0, None, "int32")),
        converter.constant(f"{name}.multiplier", multiplier),
        converter.constant(f"{name}.shift", shift),
    )
    bounds = converter.activation_range(node, output)
    converter.add(node, inputs, output, **{**bounds, "rounding": rounding})


OP = Svdf()
