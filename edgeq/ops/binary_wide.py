"""binary_wide: a function of two int16 operands, element by element, with broadcasting. Integer graphs only;
ops/binary.py makes it where activations are int16. Attribute function: a key of its FUNCTIONS.

Integer forms are TensorFlow Lite's (eq_binary_wide.h): sums in three roundings, operands shifted left by 15 before;
where the file says so and all scales are powers of two, operands are only shifted right to the output's scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import add, broadcast, fixed_point
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: signs of the operands of sums
SIGNS: Mapping[str, tuple[int, int]] = {"add": (1, 1), "sub": (1, -1), "rsub": (-1, 1)}
#: the form of every function that has one
FORMS: Mapping[str, str] = {**dict.fromkeys(SIGNS, "sum"), "mul": "product", "minimum": "min", "maximum": "max"}
#: the integers of each form's C record beside its shape
SUM = ("left", "sign1", "m1", "s1", "sign2", "m2", "s2", "sum_m", "sum_s")
PRODUCT = ("m", "s")
BOUNDS = ("act_min", "act_max")


def form(node: Node) -> str:
    return FORMS[node.attributes["function"]]


def quantize(converter: Converter, node: Node, function: str) -> None:
    """Adds the integer form of a float node with int16 operands and result. Raises EdgeqError where there is none."""
    output = converter.quantized_output(node)
    operands = [converter.operand(name, output.dtype) for name in node.inputs[:2]]
    if any(tensor.dtype != "int16" or tensor.zero_point for tensor in (*operands, output)):
        raise EdgeqError(f"layer {node.name}: {function} in int16 needs int16 operands and output with zero points 0")
    if function not in FORMS:
        raise EdgeqError(
            f"layer {node.name}: there is no kernel for {function} on int16 activations; TensorFlow Lite has none "
            "either: convert the model with int8 there"
        )
    if function in ("minimum", "maximum") and node.attributes.get("rounding") != fixed_point.TFLITE:
        assert output.quantization is not None
        made = [converter.rescaled(tensor.name, output.quantization, node.name) for tensor in operands]
        operands = [converter.quantized(name) for name in made]
    integers: dict[str, int] = {}
    if FORMS[function] == "sum":
        by_shifts = bool(node.attributes.get("by_shifts", False))
        integers = add.wide_integers(operands[0], operands[1], output, by_shifts)
        integers |= dict(zip(("sign1", "sign2"), SIGNS[function], strict=True))
    elif function == "mul":
        scale = fixed_point.float32_quotient(operands[0].scale, operands[1].scale, divisor=output.scale)
        m, s = fixed_point.tflite_multiplier(np.array([scale]))
        integers = {"m": int(m[0]), "s": int(s[0])}
    attributes = {**integers, **converter.activation_range(node, output), "function": function}
    names = tuple(tensor.name for tensor in operands)
    converter.add(replace(node, op="binary_wide"), names, output, **attributes)


def _shape(graph: Graph, node: Node) -> dict[str, Any]:
    names = (node.outputs[0], *node.inputs[:2])
    return broadcast.parameters(*(graph.tensor(name).shape for name in names))


def _units(graph: Graph, node: Node) -> int:
    shape = _shape(graph, node)
    return int(shape["size"][shape["split"]])


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    constant = graph.tensor(node.inputs[1]).is_constant
    return {"operand": Constant("int16_t", graph.constant(node.inputs[1]))} if constant else {}


def _needs(wanted: str) -> Callable[[Graph, Node], str | None]:
    return lambda graph, node: None if form(node) == wanted else f"the operator is no {wanted}"


def _kernel(kind: str, file: str) -> Kernel:
    return Kernel(
        f"eq_binary_wide_{kind}_scalar",
        "scalar",
        f"binary_wide/eq_binary_wide_{file}_scalar.c",
        units=_units,
        applies=_needs(kind),
        pack=_pack,
        in_place=lambda parameters: broadcast.reads_whole_first(parameters["shape"]),
        dtype="int16",
    )


class BinaryWide(Operator):
    name = "binary_wide"
    permutes_constants = True
    takes_int16 = True
    kernels = (
        _kernel("sum", "sum"),
        _kernel("product", "product"),
        _kernel("min", "extreme"),
        _kernel("max", "extreme"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(int(size) for size in np.broadcast_shapes(inputs[0].shape, inputs[1].shape))]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k, kind = node.attributes, form(node)
        left, right = (array.astype(np.int64) for array in inputs[:2])
        if kind == "sum":
            return [add.wide_sum(k, left, right, (k["sign1"], k["sign2"]))]
        if kind == "product":
            m, s = (np.array([k[key]]) for key in PRODUCT)
            y = fixed_point.scale_accumulator(left * right, m, s, fixed_point.TFLITE)
        else:
            y = np.minimum(left, right) if kind == "min" else np.maximum(left, right)
        return [np.clip(y, k["act_min"], k["act_max"]).astype(np.int16)]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        kind = form(node)
        record = "extreme" if kind in ("min", "max") else kind
        keys = {"sum": SUM, "product": PRODUCT}.get(kind, ()) + BOUNDS
        return {
            "record": f"eq_binary_wide_{record}_t",
            "shape": _shape(graph, node),
            **{key: node.attributes[key] for key in keys},
        }


OP = BinaryWide()
