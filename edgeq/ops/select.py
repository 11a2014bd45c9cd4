"""select: an element of one of two operands, by a condition, with broadcasting. Inputs: condition (real numbers from
0.5 are true), what is taken where it is true, what else; all have the output's rank, and each may be a constant.

Integer form (eq_select.h): both choices have the output's scale and their integers are copied. Under rounding "tflite"
they are copied as the file stores them, whatever their scales.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import BOOLEAN, Graph, Node, Quantization, Tensor
from edgeq.ops import binary_import, broadcast, fixed_point, masked_softmax, moves
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter

#: the operands' names in the kernel's call
OPERANDS = ("condition", "input1", "input2")
TRUE = 0.5


def choose(importer: Importer, names: Sequence[str], attributes: Mapping[str, Any] | None = None) -> str:
    """The node of (condition, chosen, else)."""
    both = broadcast.shape_of(importer, names[1], names[2])
    shape = broadcast.joined(importer, (both, importer.shape(names[0])))
    wide = [broadcast.with_rank(importer, name, len(shape)) for name in names]
    return importer.add("select", wide, attributes or {})


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.where, and what masked_fill becomes. A constant condition may hide entries from the softmax that follows."""
    condition, choices = args["condition"], [binary_import.operand(importer, args[key]) for key in ("self", "other")]
    if importer.is_constant(condition):
        chosen = importer.constant_array(condition, "a condition") >= TRUE
        for index, all_of_it in ((0, chosen.all()), (1, not chosen.any())):
            if all_of_it and importer.shape(choices[index]) == broadcast.shape_of(importer, *choices):
                return choices[index]
        for x, other, hidden in ((*choices, ~chosen), (*choices[::-1], chosen)):
            if not importer.is_constant(x) and importer.is_constant(other):
                values = importer.constant_array(other, "a choice")
                if values.size and values.max() <= masked_softmax.HIDDEN:
                    return masked_softmax.hide(importer, x, ~hidden)
    return choose(importer, (condition, *choices))


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """SELECT and SELECT_V2."""
    names, attributes = [call.input(index) for index in range(3)], call.attributes()
    stored = call.output_quantization()
    if stored is not None:
        for name in names[1:]:
            known = importer.storage(name)
            if known is None or known.dtype != stored.dtype:
                raise importer.unsupported(f"a choice that is not {stored.dtype} as the result is", "one type")
    return choose(importer, names, attributes)


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Where (condition, chosen, else)."""
    return import_torch(importer, {"condition": call.input(0), "self": call.mask(1), "other": call.mask(2)})


def _units(graph: Graph, node: Node) -> int:
    fields = OP.c_parameters(graph, node)
    return int(fields["size"][fields["split"]])


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    tensors = zip(OPERANDS, graph.input_tensors(node), strict=True)
    return {key: Constant(f"{tensor.dtype}_t", tensor.data) for key, tensor in tensors if tensor.data is not None}


class Select(Operator):
    name = "select"
    takes_int16 = True
    permutes_constants = True
    torch_targets = {f"aten.where.{kind}": import_torch for kind in ("self", "ScalarOther", "ScalarSelf")}
    tflite_targets = {"SELECT": import_tflite, "SELECT_V2": import_tflite}
    onnx_targets = {"Where": import_onnx}
    kernels = tuple(
        Kernel(
            f"eq_select_b{size}_scalar",
            "scalar",
            f"select/eq_select_b{size}_scalar.c",
            units=_units,
            pack=_pack,
            dtype="int8",
            stores=stores,
        )
        for size, stores in ((1, "int8"), (2, "int16"))
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(int(size) for size in np.broadcast_shapes(*(tensor.shape for tensor in inputs)))]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.where(inputs[0] >= TRUE, inputs[1], inputs[2]).astype(np.float32)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.where(inputs[0] >= node.attributes["threshold"], inputs[1], inputs[2])]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        output = converter.quantized_output(node)
        assert output.quantization is not None
        condition = converter.source.tensor(node.inputs[0])
        known = BOOLEAN if condition.is_constant else converter.quantized(condition.name).quantization
        assert known is not None
        if condition.is_constant:
            truth = converter.source.real_constant(condition.name) >= TRUE
            names = [converter.constant(f"{node.name}.condition", truth.astype(np.int8))]
        elif known.dtype == "int16":
            names, known = [converter.rescaled(condition.name, BOOLEAN, node.name)], BOOLEAN
        else:
            names = [condition.name]
        for index, name in enumerate(node.inputs[1:], 1):
            if node.attributes.get("rounding") == fixed_point.TFLITE:
                names.append(converter.operand(name, output.dtype).name)
            elif converter.source.tensor(name).is_constant:
                names.append(converter.stored_constant(name, output.quantization, f"{node.name}.{index}"))
            else:
                names.append(converter.rescaled(name, output.quantization, node.name))
        converter.add(node, tuple(names), output, threshold=threshold(known))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        output = graph.tensor(node.outputs[0]).shape
        steps = [broadcast.strides(tensor.shape) for tensor in graph.input_tensors(node)]
        merged = moves.merged_axes(zip(output, *steps, strict=True), broadcast.AXES)
        fields = {
            key: [axis[part] for axis in merged]
            for part, key in enumerate(("size", "stride0", "stride1", "stride2"))
        }
        return {**fields, "split": moves.split_axis(fields["size"]), "threshold": node.attributes["threshold"]}


def threshold(condition: Quantization) -> int:
    """The least integer of a condition that is true."""
    return int(np.ceil(TRUE / condition.scale[0])) + condition.zero_point


OP = Select()
