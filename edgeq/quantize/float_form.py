"""The form of a layer whose activations are stored as floating point: the float node with constants of that type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Node
from edgeq.ops.float_types import FLOATS, stored

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter


def applies(converter: Converter, node: Node) -> bool:
    """Whether the node computes in floating point: what it makes is stored so, and so is what it reads."""
    dtype = converter.integer(node.output).dtype
    given = (name for name in node.inputs if not converter.source.tensor(name).is_constant)
    return dtype in FLOATS and all(converter.integer(name).dtype == dtype for name in given)


def add(converter: Converter, node: Node) -> None:
    """Adds the node. Raises EdgeqError for an operator without such a form and for numbers beyond the type's range."""
    operator, output = ops.get(node.op), converter.quantized_output(node)
    if not (operator.takes_float or operator.is_view):
        raise EdgeqError(f"layer {node.name}: there is no kernel for {node.op} on {output.dtype} activations")
    low, high = converter.ranges.get(node.output, (0.0, 0.0))
    _require_within(node, "outputs", max(abs(low), abs(high)), output.dtype)
    names = []
    for index, name in enumerate(node.inputs):
        if converter.source.tensor(name).is_constant:
            real = converter.source.real_constant(name)
            dtype = operator.constant_dtype(index, output.dtype)
            _require_within(node, "constants", float(np.abs(real).max(initial=0.0)), dtype)
            names.append(converter.constant(f"{node.name}.{index}.{dtype}", stored(real, dtype)))
        else:
            names.append(converter.quantized(name).name)
    converter.add_unchanged(node, tuple(names), output)


def _require_within(node: Node, what: str, largest: float, dtype: str) -> None:
    if not largest <= FLOATS[dtype].largest:
        raise EdgeqError(
            f"layer {node.name}: its {what} reach {largest:.4g}, and {dtype} ends at {FLOATS[dtype].largest:.6g}"
        )
