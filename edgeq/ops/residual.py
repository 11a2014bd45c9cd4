"""A convolution that adds a residual to its output at once.

In the integer graph such a node has the residual as its last input and the integers of the add among its attributes. It
means exactly add(convolution(x), residual) with the convolution's own int8 output in between, rounded and clamped as if
it were stored; only that this tensor never exists as a whole (eq_conv2d_s8_residual).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import add

PREFIX = "residual_"
#: where the residual is among the inputs of a node that has one
INPUT = 5


def is_fused(node: Node) -> bool:
    return f"{PREFIX}a" in node.attributes


def fused(graph: Graph, layer: Node, sum_: Node) -> Node:
    """`layer` with `sum_`, an add that alone reads it, put behind it."""
    first = sum_.inputs[0] == layer.output
    residual = sum_.inputs[1 if first else 0]
    k = add.OP.c_parameters(graph, sum_)
    own, other = ("a", "b") if first else ("b", "a")
    integers = {**{key: k[key] for key in add.INTEGERS}, "a": k[own], "b": k[other]}
    attributes = {f"{PREFIX}{key}": value for key, value in integers.items()}
    zero_point = graph.tensor(layer.output).zero_point
    made = layer.with_attributes(**attributes, requantized_zero_point=zero_point)
    return replace(made, inputs=(*layer.inputs, residual), outputs=sum_.outputs)


def integers_of(node: Node) -> dict[str, int]:
    """The integers of eq_add_s8_t; the convolution's output is the first operand."""
    return {key: node.attributes[f"{PREFIX}{key}"] for key in add.INTEGERS}


def added(node: Node, y: np.ndarray, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """The node's output: y, with the residual where it has one."""
    return add.integer_sum(integers_of(node), y, inputs[INPUT]) if is_fused(node) else y
