"""compare: 1 where a comparison of two operands holds, else 0, element by element, with broadcasting. The first operand
is an activation, the second an activation or a constant; both have the output's rank. Attribute function: a key of
FUNCTIONS. The output is int8 with scale 1 and zero point 0 (BOOLEAN).

Integer forms (those of eq_compare.h), exact:

* int8: every byte has a rank in the order of the real numbers that both operands' bytes stand for. Rounding "tflite":
  of the integers that TensorFlow Lite's ComparisonWithScaling compares, (x - zero point) * 2^8 times the scale.
* int16: the integers themselves, in one scale (rounding "tflite": as they are stored).
* int8 and a constant of one value: a lut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import BOOLEAN, Graph, Node, Quantization, Tensor
from edgeq.ops import broadcast, compare_import, fixed_point, gemmlowp, unary_tables
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

FUNCTIONS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "not_equal": np.not_equal,
}
#: the kernel's function, and (sign, offset) with which it says the same: sign * left < sign * right + offset
FORMS: Mapping[str, tuple[str, int, int]] = {
    "less": ("less", 1, 0),
    "less_equal": ("less", 1, 1),
    "greater": ("less", -1, 0),
    "greater_equal": ("less", -1, 1),
    "equal": ("equal", 1, 0),
    "not_equal": ("not_equal", 1, 0),
}
BYTES = np.arange(-128, 128)
#: TensorFlow Lite's left shift of the operands
SHIFT = 8


def form(node: Node) -> tuple[str, int, int]:
    return FORMS[node.attributes["function"]]


def ranks(function: str, left: Quantization, right: Quantization, tflite: bool) -> tuple[np.ndarray, np.ndarray]:
    """int16 [256] for each operand: what the kernel compares in the place of a byte."""
    order = [_tflite_order(side) if tflite else (BYTES - side.zero_point) * side.scale[0] for side in (left, right)]
    _, places = np.unique(np.concatenate(order), return_inverse=True)
    _, sign, offset = FORMS[function]
    halves = 2 * sign * places.reshape(2, 256)
    return halves[0].astype(np.int16), (halves[1] + offset).astype(np.int16)


def _tflite_order(side: Quantization) -> np.ndarray:
    return gemmlowp.multiply((BYTES - side.zero_point) << SHIFT, *unary_tables.multiplier(float(side.scale[0])))


def _shape(graph: Graph, node: Node) -> dict[str, Any]:
    names = (node.outputs[0], *node.inputs[:2])
    return broadcast.parameters(*(graph.tensor(name).shape for name in names))


def _units(graph: Graph, node: Node) -> int:
    shape = _shape(graph, node)
    return int(shape["size"][shape["split"]])


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    operand = graph.tensor(node.inputs[1])
    constants = {"operand": Constant(f"{operand.dtype}_t", operand.data)} if operand.data is not None else {}
    return constants | {f"rank{at}": Constant("int16_t", graph.constant(node.inputs[1 + at]))
                        for at in range(1, len(node.inputs) - 1)}  # fmt: skip


def _kernel(function: str, form_: str, dtype: str) -> Kernel:
    return Kernel(
        f"eq_compare_{form_}_{function}_scalar",
        "scalar",
        f"compare/eq_compare_{form_}_scalar.c",
        units=_units,
        applies=lambda graph, node: None if form(node)[0] == function else f"the operator is no {function}",
        pack=_pack,
        in_place=lambda parameters: dtype == "int8" and broadcast.reads_whole_first(parameters["shape"]),
        dtype=dtype,
        stores="int8",
    )


class Compare(Operator):
    name = "compare"
    takes_int16 = True
    permutes_constants = True
    torch_targets = compare_import.TORCH_TARGETS
    tflite_targets = compare_import.TFLITE_TARGETS
    onnx_targets = compare_import.ONNX_TARGETS
    kernels = tuple(
        _kernel(function, form_, dtype)
        for form_, dtype in (("s8", "int8"), ("wide", "int16"))
        for function in ("less", "equal", "not_equal")
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(int(size) for size in np.broadcast_shapes(inputs[0].shape, inputs[1].shape))]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [FUNCTIONS[node.attributes["function"]](inputs[0], inputs[1]).astype(np.float32)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        function, sign, offset = form(node)
        left, right = (array.astype(np.int64) for array in inputs[:2])
        if inputs[0].dtype == np.int8:
            left, right = inputs[2][left + 128], inputs[3][right + 128]
        elif function == "less":
            left, right = sign * left, sign * right + offset
        return [FUNCTIONS[function](left, right).astype(np.int8)]

    def fixed_output(self, node: Node, dtype: str) -> Quantization:
        return BOOLEAN

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        wide = any(converter.operand(name).dtype == "int16" for name in node.inputs[:2])
        if wide:
            self._quantize_wide(converter, node)
            return
        x, y = (converter.operand(name) for name in node.inputs[:2])
        assert x.quantization is not None
        assert y.quantization is not None
        tflite = node.attributes.get("rounding") == fixed_point.TFLITE
        tables = ranks(node.attributes["function"], x.quantization, y.quantization, tflite)
        output = converter.quantized_output(node)
        if y.data is not None and y.elements == 1 and x.shape == output.shape:
            table = FUNCTIONS[form(node)[0]](tables[0], tables[1][y.data.reshape(-1) + 128])
            plain = replace(node, op="lut", attributes=MappingProxyType({}))
            name = converter.constant(f"{node.name}.table", table.astype(np.int8))
            converter.add(plain, (x.name, name), output)
            return
        names = [converter.constant(f"{node.name}.rank{at}", table) for at, table in enumerate(tables, 1)]
        converter.add(node, (x.name, y.name, *names), output)

    def _quantize_wide(self, converter: Converter, node: Node) -> None:
        """int16 operands, brought to the coarser of their scales, or compared as the file stores them."""
        operands = [converter.operand(name, "int16") for name in node.inputs[:2]]
        names = [tensor.name for tensor in operands]
        if node.attributes.get("rounding") != fixed_point.TFLITE:
            coarse = max(operands, key=lambda tensor: (tensor.dtype == "int16", tensor.scale)).quantization
            assert coarse is not None
            names = [converter.rescaled(name, coarse, node.name) for name in names]
        converter.add(node, tuple(names), converter.quantized_output(node))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        if graph.tensor(node.inputs[0]).dtype == "int8":
            return {"record": "eq_compare_s8_t", "shape": _shape(graph, node)}
        _, sign, offset = form(node)
        return {"record": "eq_compare_wide_t", "shape": _shape(graph, node), "sign": sign, "offset": offset}


OP = Compare()
