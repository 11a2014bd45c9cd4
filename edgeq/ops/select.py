"""select: an element of one of two operands, by a condition, with broadcasting. Inputs: condition (real numbers from
0.5 are true), what is taken where it is true, what else; all have the output's rank, and each may be a constant.

Integer form (eq_select.h): both choices have the output's scale and their integers are copied. Under rounding "tflite"
they are copied as the file stores them, whatever their scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import BOOLEAN, Graph, Node, Quantization, Tensor
from edgeq.ops import broadcast, fixed_point, moves, placement_tflite, select_import
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: the operands' names in the kernel's call
OPERANDS = ("condition", "input1", "input2")
TRUE = select_import.TRUE


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
    torch_targets = {f"aten.where.{kind}": select_import.torch for kind in ("self", "ScalarOther", "ScalarSelf")}
    tflite_targets = dict.fromkeys(("SELECT", "SELECT_V2"), select_import.tflite) | placement_tflite.TARGETS
    onnx_targets = {"Where": select_import.onnx}
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
            key: [axis[part] for axis in merged] for part, key in enumerate(("size", "stride0", "stride1", "stride2"))
        }
        return {**fields, "split": moves.split_axis(fields["size"]), "threshold": node.attributes["threshold"]}


def threshold(condition: Quantization) -> int:
    """The least integer of a condition that is true."""
    return int(np.ceil(TRUE / condition.scale[0])) + condition.zero_point


OP = Select()
