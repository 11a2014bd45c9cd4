"""concat along one axis (never the batch), of activations and constants (a transformer's class token). All operands
share the output's scale; the quantizer sees to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import broadcast, gradient_parts
from edgeq.ops.base import Constant, Kernel, Operator, Shape, same_row
from edgeq.ops.spatial import RowReach

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


def aligned(importer: Importer, names: list[str]) -> list[str]:
    """Operands of one rank: behind a batch, constants lack it before their axes."""
    rank = max((len(importer.shape(name)) for name in names), default=0)
    return [broadcast.with_rank(importer, name, rank) for name in names]


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.cat."""
    names = list(args["tensors"])
    if len(names) == 1:
        return names[0]
    names = aligned(importer, names)
    axis = args.get("dim", 0) % len(importer.shape(names[0]))
    if axis == 0:
        raise importer.unsupported("a concatenation along the batch", "a concatenation along another axis")
    return importer.add("concat", names, {"axis": axis})


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """CONCATENATION; the converter gives all operands the output's scale."""
    names = [call.input(index) for index in range(len(call.inputs))]
    shapes = [importer.shape(name) for name in names]
    rank = len(shapes[0]) if shapes else 0
    axis = call.option("axis")
    if not -rank <= axis < rank or any(len(shape) != rank for shape in shapes):
        raise importer.unsupported(f"a concatenation of {shapes} along axis {axis}", "operands of one rank")
    axis %= rank
    others = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    if axis == 0 or len(others) > 1:
        raise importer.unsupported(f"a concatenation of {shapes} along axis {axis}", "operands along another axis")
    return importer.add("concat", names, call.attributes(axis=axis))


def stacked(importer: Importer, names: list[str], axis: int) -> list[str]:
    """The operands of a stack as those of a concatenation: each with a new axis of size 1."""
    shapes = {importer.shape(name) for name in names}
    if axis == 0 or len(shapes) != 1 or any(importer.is_constant(name) for name in names):
        raise importer.unsupported(f"a stack of {sorted(shapes)} along axis {axis}", "activations along another axis")
    shape = shapes.pop()
    return [importer.reshape(name, (*shape[:axis], 1, *shape[axis:])) for name in names]


def import_stack(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.stack of activations along a new axis."""
    names = list(args["tensors"])
    axis = args.get("dim", 0) % (len(importer.shape(names[0])) + 1)
    return importer.add("concat", stacked(importer, names, axis), {"axis": axis})


def tflite_pack(importer: Importer, call: TfliteCall) -> str:
    """PACK along a new axis."""
    names = [call.input(index) for index in range(len(call.inputs))]
    rank = len(importer.shape(names[0])) + 1 if names else 0
    axis = call.option("axis")
    if not -rank <= axis < rank:
        raise importer.unsupported(f"a stack along axis {axis}", "one of the result's axes")
    return importer.add("concat", stacked(importer, names, axis % rank), call.attributes(axis=axis % rank))


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Concat."""
    names = aligned(importer, [call.input(index) for index in range(call.count())])
    shapes, axis = [importer.shape(name) for name in names], call.axis(0)
    if len({len(shape) for shape in shapes}) > 1 or len({(*s[:axis], *s[axis + 1 :]) for s in shapes}) > 1:
        raise importer.unsupported(f"a concatenation of {shapes} along axis {axis}", "operands that fit")
    return import_torch(importer, {"tensors": names, "dim": axis})


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    """The bytes of constant operands, by position."""
    return {
        f"operand{index}": Constant("int8_t", graph.constant(name).view(np.int8).reshape(-1))
        for index, name in enumerate(node.inputs)
        if graph.tensor(name).is_constant
    }


def outer(graph: Graph, node: Node) -> int:
    return int(np.prod(graph.tensor(node.outputs[0]).shape[1 : node.attributes["axis"]], dtype=np.int64))


class Concat(Operator):
    name = "concat"
    joins = True
    takes_int16 = takes_float = True
    permutes_constants = True
    torch_targets = {"aten.cat.default": import_torch, "aten.stack.default": import_stack}
    tflite_targets = {"CONCATENATION": import_tflite, "PACK": tflite_pack}
    onnx_targets = {"Concat": import_onnx}
    kernels = (
        Kernel("eq_concat_s8_scalar", "scalar", "concat/eq_concat_s8_scalar.c", units=outer, pack=_pack, dtype="bytes"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        axis = node.attributes["axis"]
        shape = list(inputs[0].shape)
        shape[axis] = sum(tensor.shape[axis] for tensor in inputs)
        return [tuple(shape)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        samples = max(len(array) for array in inputs)
        whole = [np.broadcast_to(array, (samples, *array.shape[1:])) for array in inputs]  # constants have one sample
        return [np.concatenate(whole, axis=node.attributes["axis"])]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        axis, start = node.attributes["axis"], 0
        for name in node.inputs:
            size = tape.shape(name)[axis]
            if tape.wants(name):
                tape.give(name, gradient_parts.along(tape, gradient, axis, start, size, node), node)
            start += size

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.run_float(node, inputs)

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        whole = any(tensor.is_constant for tensor in graph.input_tensors(node))  # constants have no bands of rows
        return same_row(graph, node) if node.attributes["axis"] == 3 and not whole else None

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node.with_attributes(axis=perm[node.attributes["axis"]])

    def quantize(self, converter: Converter, node: Node) -> None:
        output = converter.quantized_output(node)
        assert output.quantization is not None
        names = tuple(
            converter.stored_constant(name, output.quantization, node.name)
            if converter.source.tensor(name).is_constant
            else converter.rescaled(name, output.quantization, node.name)
            for name in node.inputs
        )
        converter.add(node, names, output)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        inner = [tensor.size_bytes // outer(graph, node) for tensor in graph.input_tensors(node)]
        offsets = [sum(inner[:index]) for index in range(len(inner))]
        return {"outer": outer(graph, node), "inner": inner, "offsets": offsets, "output_inner": sum(inner)}


OP = Concat()
