"""Functions of two floating-point operands, with broadcasting: their kernels, what float32 arithmetic may lose, and the
gradient rules of sums, differences and products."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import broadcast, float_layers, gradient_parts
from edgeq.ops.base import Constant, Kernel
from edgeq.ops.float_types import FLOAT16, FLOATS, Rounding

if TYPE_CHECKING:
    from edgeq.train.tape import Tape

#: functions with kernels -> their roundings; of squared_difference that of the difference counts twice
ROUNDINGS: Mapping[str, int] = {
    "add": 1, "sub": 1, "rsub": 1, "mul": 1, "minimum": 0, "maximum": 0, "squared_difference": 4, "prelu": 1,
}  # fmt: skip


def rounding(function: str, inputs: Sequence[np.ndarray]) -> Rounding:
    """Of the function of two float64 operands."""
    left, right = (np.abs(array) for array in inputs[:2])
    if function in ("mul", "prelu"):
        return Rounding(ROUNDINGS[function], left * np.maximum(right, 1.0) if function == "prelu" else left * right)
    total = left + right
    return Rounding(ROUNDINGS[function], total**2 if function == "squared_difference" else total)


def add_gradients(tape: Tape, node: Node, function: str, signs: Mapping[str, tuple[int, int]], gradient: str) -> None:
    """Adds the gradients of both operands; `signs`: those of the operands of sums. What broadcasting repeated is
    summed."""
    left, right = node.inputs
    for side, (name, other) in enumerate(((left, right), (right, left))):
        if not tape.wants(name):
            continue
        if function == "mul":
            part = gradient_parts.combined(tape, "mul", gradient, other, node)
        elif function == "squared_difference":
            distance = gradient_parts.combined(tape, "sub", left, right, node)
            product = gradient_parts.combined(tape, "mul", gradient, distance, node)
            part = gradient_parts.scaled(tape, product, 2.0 * signs[function][side], node)
        elif function in signs:
            part = gradient_parts.scaled(tape, gradient, float(signs[function][side]), node)
        else:
            raise NotImplementedError
        tape.give(name, gradient_parts.summed(tape, part, tape.shape(name), node), node)


def _function(node: Node) -> str:
    """The operator add is the function of that name."""
    return str(node.attributes.get("function", "add"))


def _parameters(graph: Graph, node: Node) -> dict[str, Any]:
    names = (node.outputs[0], *node.inputs[:2])
    return {"shape": broadcast.parameters(*(graph.tensor(name).shape for name in names))}


def _units(graph: Graph, node: Node) -> int:
    shape = _parameters(graph, node)["shape"]
    return int(shape["size"][shape["split"]])


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    constant = graph.tensor(node.inputs[1]).is_constant
    return {"operand": float_layers.constant(graph.constant(node.inputs[1]))} if constant else {}


def _only(function: str) -> Callable[[Graph, Node], str | None]:
    return lambda graph, node: None if _function(node) == function else f"the function is not {function}"


def _same_shapes(graph: Graph, node: Node) -> str | None:
    """Why the operands can't be added vector by vector, or None."""
    if _function(node) != "add":
        return "the function is not add"
    one, other = (graph.tensor(name) for name in node.inputs[:2])
    if one.is_constant or other.is_constant:
        return "an operand is constant"
    return None if one.shape == other.shape else "an operand is repeated"


def kernels(functions: Sequence[str] = tuple(ROUNDINGS)) -> tuple[Kernel, ...]:
    """A kernel a function and type, and those that add whole vectors."""
    vectors = [
        Kernel(
            f"eq_binary_f16_add_{isa}",
            isa,
            f"binary/eq_binary_f16_add_{isa}.c",
            units=_units,
            granule=lambda graph, node: 2,
            applies=_same_shapes,
            family="binary_float",
            dtype=FLOAT16,
            parameters=float_layers.with_record("binary", FLOATS[FLOAT16], _parameters),
            in_place=lambda parameters: True,
            why=why,
        )
        for isa, why in (("xpulp", "FP16 pairs"), ("mve", "FP16 vectors"))
    ]
    return *vectors, *(
        kernel
        for function in functions
        for kernel in float_layers.kernels(
            "binary",
            _parameters,
            function=f"eq_binary_{{type}}_{function}_scalar",
            units=_units,
            applies=_only(function),
            pack=_pack,
            in_place=lambda parameters: broadcast.reads_whole_first(parameters["shape"]),
        )
    )
