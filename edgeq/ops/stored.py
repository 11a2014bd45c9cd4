"""stored: a function of the integers that two operands are stored as, whatever their scales, element by element, with
broadcasting. Both operands have the output's rank, and one may be a constant. Attributes: function (a key of
FUNCTIONS), bits, and scales and zero_points of the two operands and the output, by which real numbers become integers.

Integer form (eq_stored.h), that of TensorFlow Lite's reference kernels: results wrap around. These refuse a divisor of
0 when they meet one; here a division by 0 gives 0. int8 and a constant of one value: a lut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import bitcast_tflite, broadcast, stored_import
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: the operands' names in the kernel's call
OPERANDS = ("input1", "input2")
BYTES = np.arange(-128, 128, dtype=np.int8)


def _floor_div(x: np.ndarray, y: np.ndarray, bits: int) -> np.ndarray:
    return np.where(y == 0, 0, x // np.where(y == 0, 1, y))


def _floor_mod(x: np.ndarray, y: np.ndarray, bits: int) -> np.ndarray:
    return np.where(y == 0, 0, x % np.where(y == 0, 1, y))


#: (x1, x2, bits) -> integers, to be stored modulo 2^bits
FUNCTIONS: Mapping[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "floor_div": _floor_div,
    "floor_mod": _floor_mod,
    "bitwise_xor": lambda x, y, bits: x ^ y,
    "right_shift": lambda x, y, bits: x >> np.clip(y, 0, bits - 1),
}


def function_of(node: Node) -> str:
    return str(node.attributes["function"])


def integer(node: Node, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The function of integers of 8 or 16 bits, in their type."""
    function, bits = FUNCTIONS[function_of(node)], node.attributes["bits"]
    return function(left.astype(np.int64), right.astype(np.int64), bits).astype(f"int{bits}")


def _units(graph: Graph, node: Node) -> int:
    shape = _shape(graph, node)
    return int(shape["size"][shape["split"]])


def _shape(graph: Graph, node: Node) -> dict[str, Any]:
    names = (node.outputs[0], *node.inputs)
    return broadcast.parameters(*(graph.tensor(name).shape for name in names))


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    tensors = zip(OPERANDS, graph.input_tensors(node), strict=True)
    return {key: Constant(f"{tensor.dtype}_t", tensor.data) for key, tensor in tensors if tensor.data is not None}


def _kernel(function: str, bits: int) -> Kernel:
    return Kernel(
        f"eq_stored_s{bits}_{function}_scalar",
        "scalar",
        f"stored/eq_stored_s{bits}_scalar.c",
        units=_units,
        applies=lambda graph, node: None if function_of(node) == function else f"the operator is no {function}",
        pack=_pack,
        in_place=lambda given: not given["first_constant"] and broadcast.reads_whole_first(given["shape"]),
        dtype=f"int{bits}",
    )


class Stored(Operator):
    name = "stored"
    takes_int16 = True
    permutes_constants = True
    tflite_targets = {**stored_import.TFLITE_TARGETS, "BITCAST": bitcast_tflite.bitcast}
    kernels = tuple(_kernel(function, bits) for bits in (8, 16) for function in FUNCTIONS)

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(int(size) for size in np.broadcast_shapes(inputs[0].shape, inputs[1].shape))]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        scales, zeros, bits = (node.attributes[key] for key in ("scales", "zero_points", "bits"))
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        operands = [
            np.clip(np.rint(x / scale) + zero, low, high) for x, scale, zero in zip(inputs, scales, zeros, strict=False)
        ]
        return [((integer(node, *operands).astype(np.float64) - zeros[2]) * scales[2]).astype(np.float32)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [integer(node, *inputs)]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        output = converter.quantized_output(node)
        operands = [converter.operand(name, output.dtype) for name in node.inputs]
        known = [side for side, tensor in enumerate(operands) if tensor.is_constant]
        if output.dtype == "int8" and known and operands[known[0]].elements == 1:
            self._as_lut(converter, node, operands, known[0], output)
            return
        made = replace(node, attributes=MappingProxyType({key: node.attributes[key] for key in ("function", "bits")}))
        converter.add(made, tuple(tensor.name for tensor in operands), output)

    @staticmethod
    def _as_lut(converter: Converter, node: Node, operands: list[Tensor], known: int, output: Tensor) -> None:
        value = operands[known].data
        assert value is not None
        sides = [BYTES, BYTES]
        sides[known] = value.reshape(-1)
        table = converter.constant(f"{node.name}.table", integer(node, *sides))
        plain = replace(node, op="lut", attributes=MappingProxyType({}))
        converter.add(plain, (operands[1 - known].name, table), output)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {"shape": _shape(graph, node), "first_constant": graph.tensor(node.inputs[0]).is_constant}


OP = Stored()
