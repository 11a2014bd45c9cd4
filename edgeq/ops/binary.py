"""binary: a function of two operands, element by element, with broadcasting. The first is an activation, the second an
activation or a constant; both have the output's rank. Attribute function: a key of FUNCTIONS.

Integer forms (those of eq_binary.h), single rounding:

* sums: y = (a * x1 + b * x2 + c) >> n as in ops/add.py; two activations of one shape become an add.
* products: requantize((x1 - zero_point1) * (x2 - zero_point2)) with scale1 * scale2 / scale_out.
* prelu: a product where x1 is negative, else x1 requantized with scale1 / scale_out.
* minimum and maximum: operands are brought to the output's scale by luts, then bytes are compared.
* a constant of one value: a lut, made from the real function.

Rounding "tflite" is that of TensorFlow Lite's reference kernels: three-stage sums, squared differences alike (operands
shifted left by 7), products in double rounding, minimum and maximum of the bytes as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import (
    add,
    binary_float,
    binary_import,
    binary_wide,
    broadcast,
    fixed_point,
    gemmlowp,
    unary_tables,
)
from edgeq.ops.base import Constant, Kernel, Operator, Shape
from edgeq.ops.float_types import Rounding

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape

FUNCTIONS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "add": np.add,
    "sub": np.subtract,
    "rsub": lambda x, y: y - x,
    "mul": np.multiply,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "squared_difference": lambda x, y: (x - y) ** 2,
    "prelu": lambda x, y: np.where(x >= 0, x, x * y),
}
#: signs of the operands of sums
SIGNS = {"add": (1, 1), "sub": (1, -1), "rsub": (-1, 1), "squared_difference": (1, -1)}
#: forms with multipliers
PRODUCTS = {"mul": "product", "prelu": "prelu"}
#: TensorFlow Lite's left shift of a squared difference's operands
SQUARE_SHIFT = 7


def function_of(node: Node) -> str:
    return str(node.attributes["function"])


def _is_tflite(node: Node) -> bool:
    return node.attributes.get("rounding") == fixed_point.TFLITE


def form(graph: Graph, node: Node) -> str:
    """Which kernel an integer node needs: sum, tables, squares, product, prelu, min or max."""
    function = function_of(node)
    if function in ("minimum", "maximum"):
        return function[:3]
    if function in PRODUCTS:
        return PRODUCTS[function]
    if function == "squared_difference":
        return "squares"
    return "sum" if add.cheap_coefficients(graph, node) is not None else "tables"


def _needs(wanted: str) -> Callable[[Graph, Node], str | None]:
    return lambda graph, node: None if form(graph, node) == wanted else f"the operator is no {wanted}"


def _units(graph: Graph, node: Node) -> int:
    shape = _shape(graph, node)
    return int(shape["size"][shape["split"]])


def _shape(graph: Graph, node: Node) -> dict[str, Any]:
    names = (node.outputs[0], *node.inputs[:2])
    return broadcast.parameters(*(graph.tensor(name).shape for name in names))


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    """The constant operand, if any, and what the form reads."""
    constants = {}
    if graph.tensor(node.inputs[1]).is_constant:
        constants["operand"] = Constant("int8_t", graph.constant(node.inputs[1]))
    kind = form(graph, node)
    if kind in ("tables", "squares"):
        constants |= {f"table{side}": Constant("int32_t", graph.constant(node.inputs[1 + side])) for side in (1, 2)}
    if kind in PRODUCTS.values():
        constants["multiplier"] = Constant("int32_t", graph.constant(node.inputs[2]))
        if OP.c_form(graph, node) != "high":
            constants["shift"] = Constant("int8_t", graph.constant(node.inputs[3]))
    return constants


def _kernel(kind: str, file: str, function: str, why: str) -> Kernel:
    return Kernel(
        f"eq_binary_s8_{function}_scalar",
        "scalar",
        f"binary/eq_binary_s8_{file}_scalar.c",
        units=_units,
        applies=_needs(kind),
        pack=_pack,
        in_place=lambda parameters: broadcast.reads_whole_first(parameters["shape"]),
        why=why,
    )


def _overloads(convert: Callable[[Importer, Mapping[str, Any]], str], *names: str) -> dict[str, Any]:
    return {f"aten.{name}": convert for name in names}


#: parameter struct of a form, where it has another name
RECORDS = {"squares": "tables", "prelu": "product", "min": "extreme", "max": "extreme"}


class Binary(Operator):
    name = "binary"
    takes_int16 = takes_float = True
    permutes_constants = True
    torch_targets = {
        **_overloads(binary_import.torch_sum("add"), "add.Tensor", "add_.Tensor", "add.Scalar", "add_.Scalar"),
        **_overloads(binary_import.torch_sum("sub"), "sub.Tensor", "sub_.Tensor", "sub.Scalar", "sub_.Scalar"),
        **_overloads(binary_import.torch_sum("rsub"), "rsub.Tensor", "rsub.Scalar"),
        **_overloads(binary_import.torch_function("mul"), "mul.Tensor", "mul_.Tensor", "mul.Scalar", "mul_.Scalar"),
        **_overloads(binary_import.torch_division, "div.Tensor", "div_.Tensor", "div.Scalar", "div_.Scalar"),
        **_overloads(binary_import.torch_prelu, "prelu.default", "_prelu_kernel.default"),
        **_overloads(binary_import.torch_limit("min"), "maximum.default", "max.other"),
        **_overloads(binary_import.torch_limit("max"), "minimum.default", "min.other"),
    }
    tflite_targets = {
        "ADD": binary_import.tflite_function("add"),
        "ADD_N": binary_import.tflite_sum_of_all,
        "SUB": binary_import.tflite_function("sub"),
        "MUL": binary_import.tflite_function("mul"),
        "MAXIMUM": binary_import.tflite_function("maximum"),
        "MINIMUM": binary_import.tflite_function("minimum"),
        "SQUARED_DIFFERENCE": binary_import.tflite_function("squared_difference"),
        "DIV": binary_import.tflite_division,
        "PRELU": binary_import.tflite_function("prelu"),
    }
    onnx_targets = {
        "Add": binary_import.onnx_function("add"),
        "Sub": binary_import.onnx_function("sub"),
        "Mul": binary_import.onnx_function("mul"),
        "Div": binary_import.onnx_division,
        "Max": binary_import.onnx_function("maximum"),
        "Mean": binary_import.onnx_mean,
        "Min": binary_import.onnx_function("minimum"),
        "PRelu": binary_import.onnx_prelu,
        "Sum": binary_import.onnx_function("add"),
    }
    kernels = (
        _kernel("sum", "sum", "sum", "portable C"),
        _kernel("tables", "tables", "tables", "TensorFlow Lite's three roundings, operands through tables"),
        _kernel("squares", "tables", "squares", "TensorFlow Lite's roundings, operands through tables"),
        _kernel("product", "product", "product_{form}", "portable C"),
        _kernel("prelu", "product", "prelu_{form}", "portable C"),
        _kernel("min", "extreme", "min", "portable C"),
        _kernel("max", "extreme", "max", "portable C"),
        *binary_float.kernels(),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(int(size) for size in np.broadcast_shapes(inputs[0].shape, inputs[1].shape))]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [FUNCTIONS[function_of(node)](inputs[0], inputs[1])]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return binary_float.rounding(function_of(node), inputs)

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        binary_float.add_gradients(tape, node, function_of(node), SIGNS, gradient)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [integer(node, inputs)]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def quantize(self, converter: Converter, node: Node) -> None:
        output = converter.quantized_output(node)
        x, y = (converter.operand(name, output.dtype) for name in node.inputs[:2])
        if "int16" in (x.dtype, y.dtype, output.dtype):
            binary_wide.quantize(converter, node, function_of(node))
            return
        single = y.data is not None and np.all(y.data == y.data.flat[0]) and x.shape == output.shape
        if single and not _is_tflite(node):
            _as_lut(converter, node, x, output, _real_table(converter, node, x, output))
            return
        function = function_of(node)
        if x.shape == y.shape and not y.is_constant and function == "sub":
            add.quantize_sum(converter, replace(node, op="add"), x, y, output, SIGNS[function])
            return
        if function in ("minimum", "maximum") and not _is_tflite(node):
            assert output.quantization is not None
            x, y = (
                converter.quantized(converter.rescaled(item.name, output.quantization, node.name)) for item in (x, y)
            )
        attributes, constants = integers(function, x, y, output, _is_tflite(node))
        made = {**attributes, **converter.activation_range(node, output)}
        if single:
            assert y.data is not None
            operands = (np.arange(-128, 128).astype(np.int8), y.data.reshape(-1)[:1], *constants.values())
            _as_lut(converter, node, x, output, integer(node.with_attributes(**made), operands))
            return
        names = (converter.constant(f"{node.name}.{key}", value) for key, value in constants.items())
        converter.add(node, (x.name, y.name, *names), output, **made)

    def c_form(self, graph: Graph, node: Node) -> str:
        if function_of(node) not in PRODUCTS:
            return ""
        return fixed_point.form_of(graph.constant(node.inputs[3]), node.attributes["rounding"])

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        k, kind = node.attributes, form(graph, node)
        fields: dict[str, Any] = {
            "record": f"eq_binary_{RECORDS.get(kind, kind)}_s8_t",
            "shape": _shape(graph, node),
            "act_min": k["act_min"],
            "act_max": k["act_max"],
        }
        if kind == "sum":
            fields |= add.cheap_coefficients(graph, node) or {}
        elif kind in ("tables", "squares"):
            fields |= {"multiplier1": k["multiplier"], "shift1": k["shift"], "zero_point": k["zero_point"]}
        elif kind in PRODUCTS.values():
            fields |= {key: k[key] for key in ("offset1", "offset2", "output_zero_point")}
        return fields


def integers(
    function: str, left: Tensor, right: Tensor, output: Tensor, tflite: bool
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Attributes and constants of the integer form."""
    if function in ("minimum", "maximum"):
        return {}, {}
    if function in PRODUCTS:
        rounding = fixed_point.TFLITE if tflite else fixed_point.SINGLE
        quotient = fixed_point.float32_quotient if tflite else _quotient
        scale = np.array([quotient(left.scale, right.scale, divisor=output.scale)])
        if function == "prelu":
            scale = np.array([quotient(left.scale, divisor=output.scale), scale[0]])
        multiplier, shift = fixed_point.multiplier(scale, rounding)
        offsets = {"offset1": -left.zero_point, "offset2": -right.zero_point, "output_zero_point": output.zero_point}
        return {"rounding": rounding, **offsets}, {"multiplier": multiplier, "shift": shift}
    signs = SIGNS[function]
    if not tflite:
        return {**add.coefficients(left, right, output, signs), "signs": signs}, {}
    if function == "squared_difference":
        tables, factor, exponent = _tflite_squares(left, right, output)
    else:
        tables, factor, exponent = add.tflite_tables(left, right, output, signs)
    attributes = {"multiplier": factor, "shift": exponent, "zero_point": output.zero_point, "signs": signs}
    return attributes, {"table1": tables[0], "table2": tables[1]}


def _quotient(*factors: float, divisor: float) -> float:
    return float(np.prod(factors)) / divisor


def _tflite_squares(left: Tensor, right: Tensor, output: Tensor) -> tuple[list[np.ndarray], int, int]:
    """(scaled operands as two int32 [256], the second negated; multiplier, exponent of their squared sum)."""
    twice = 2.0 * max(left.scale, right.scale)
    tables = []
    for side in (left, right):
        scaling = unary_tables.multiplier(side.scale / twice)
        centred = (np.arange(-128, 128) - side.zero_point) << SQUARE_SHIFT
        tables.append(gemmlowp.multiply(centred, *scaling).astype(np.int32))
    return [tables[0], -tables[1]], *unary_tables.multiplier(twice * twice / (2.0 ** (2 * SQUARE_SHIFT) * output.scale))


def integer(node: Node, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """int8 outputs of an integer node: the definition."""
    k, function = node.attributes, function_of(node)
    left, right = inputs[:2]
    if function in ("minimum", "maximum"):
        return np.clip(FUNCTIONS[function](left, right), k["act_min"], k["act_max"])
    if function in PRODUCTS:
        x, ends = left.astype(np.int64) + k["offset1"], (k["output_zero_point"], k["act_min"], k["act_max"])
        multiplier, shift = inputs[2:4]
        product = x * (right.astype(np.int64) + k["offset2"])
        y = fixed_point.requantize(product, multiplier[-1:], shift[-1:], k["rounding"], *ends)
        if function == "mul":
            return y
        return np.where(x >= 0, fixed_point.requantize(x, multiplier[:1], shift[:1], k["rounding"], *ends), y)
    if not _is_tflite(node):
        return add.integer_sum(k, left, right)
    total = inputs[2][left.astype(np.int16) + 128].astype(np.int64) + inputs[3][right.astype(np.int16) + 128]
    total = total * total if function == "squared_difference" else total
    y = gemmlowp.multiply(total, k["multiplier"], k["shift"]) + k["zero_point"]
    return np.clip(y, k["act_min"], k["act_max"]).astype(np.int8)


def _real_table(converter: Converter, node: Node, x: Tensor, output: Tensor) -> np.ndarray:
    """int8 [256] of the real function with the constant's one value."""
    assert x.quantization is not None
    value = converter.source.real_constant(node.inputs[1]).reshape(-1)[0]
    real = FUNCTIONS[function_of(node)](x.quantization.real(np.arange(-128, 128)).astype(np.float64), value)
    bounds = converter.activation_range(node, output)
    steps = np.rint(real / output.scale) + output.zero_point
    return np.clip(steps, bounds["act_min"], bounds["act_max"]).astype(np.int8)


def _as_lut(converter: Converter, node: Node, x: Tensor, output: Tensor, table: np.ndarray) -> None:
    plain = replace(node, op="lut", attributes=MappingProxyType({}))
    converter.add(plain, (x.name, converter.constant(f"{node.name}.table", table.astype(np.int8))), output)


OP = Binary()
