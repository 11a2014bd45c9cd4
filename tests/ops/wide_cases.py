"""Random integer nodes with int16 activations."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization, Tensor
from edgeq.ops import add as add_operator
from edgeq.ops import fixed_point
from tests.ops.cases import CHANNELS, Case, CaseGraph, window_attributes, windows


@st.composite
def wide_cases(draw: st.DrawFn) -> Case:
    """Every operator with an int16 kernel; weights and sums are random, multipliers spread outputs over int16."""
    op = draw(
        st.sampled_from(("conv2d", "dwconv2d", "linear", "add", "avg_pool2d", "max_pool2d", "concat", "transpose"))
    )
    window, size = draw(windows())
    if op.endswith("pool2d"):
        sides = [min(side, window.kernel[axis // 2] // 2) for axis, side in enumerate(window.padding)]
        window = type(window)(window.kernel, window.stride, (sides[0], sides[1], sides[2], sides[3]))
        size = (max(size[0], window.kernel[0]), max(size[1], window.kernel[1]))
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    low = draw(st.sampled_from((-32768, -32768, 0, -700)))
    rows = draw(st.sampled_from(((), (1,), (2,), (5,))))
    bounds = {"act_min": low, "act_max": draw(st.sampled_from((32767, 5000)))}

    def add(graph: CaseGraph) -> None:
        shape = (1, *rows, in_c) if op == "linear" else (1, *size, in_c)
        x = graph.activation(shape, 0, 0.01, "int16")
        attributes: dict[str, Any] = {**window_attributes(window), **bounds}
        if op in ("conv2d", "dwconv2d", "linear"):
            _add_weighted(graph, op, x, in_c, out_c, attributes)
        elif op == "add":
            other = graph.activation(shape, 0, 0.023, "int16")
            made = Tensor("y", shape, "int16", Quantization(np.array([0.03]), 0, None, "int16"))
            integers = add_operator.wide_integers(graph.tensors[x], graph.tensors[other], made)
            graph.node(op, [x, other], 0, {**integers, **bounds, "rounding": "wide"}, 0.03, "int16")
        elif op == "concat":
            graph.node(op, [x, graph.activation(shape, 0, 0.01, "int16")], 0, {"axis": 2}, 0.01, "int16")
        elif op == "transpose":
            graph.node(op, [x], 0, {"perm": (0, 3, 1, 2)}, 0.01, "int16")
        else:
            graph.node(op, [x], 0, attributes, 0.01, "int16")

    return Case(f"int16 {op} {rows if op == 'linear' else size} {in_c}->{out_c} {window} {bounds}", add)


def widest_case(weight: int, bias: int) -> Case:
    """A linear layer of 516 products with weights of one magnitude."""

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, 516), 0, 0.01, "int16")
        multiplier, shift = fixed_point.wide_multiplier(np.full(3, 2.0**-17))
        inputs = [
            x,
            graph.constant("w", np.full((3, 516), weight, np.int8), Quantization(np.full(3, 0.01), 0, 0)),
            graph.constant("b", np.full(3, bias, np.int64)),
            graph.constant("m", multiplier),
            graph.constant("s", shift),
        ]
        attributes = {"act_min": -32768, "act_max": 32767, "rounding": "wide"}
        graph.node("linear", inputs, 0, attributes, 0.05, "int16")

    return Case(f"int16 linear of weights {weight}, bias {bias}", add)


def _add_weighted(graph: CaseGraph, op: str, x: str, in_c: int, out_c: int, attributes: dict[str, Any]) -> None:
    kernel = attributes["kernel"]
    channels = in_c if op == "dwconv2d" else out_c
    shape = {"conv2d": (out_c, *kernel, in_c), "dwconv2d": (*kernel, in_c), "linear": (out_c, in_c)}[op]
    axis = 2 if op == "dwconv2d" else 0
    name = f"c{len(graph.nodes)}"
    products = int(np.prod(shape)) // channels
    twice = bool(graph.rng.integers(0, 2))
    scale = 0.02 * graph.rng.uniform(0.2, 1.0, channels) / np.sqrt(products)
    multiplier, shift = (fixed_point.tflite_multiplier if twice else fixed_point.wide_multiplier)(scale)
    weights = graph.rng.integers(-127, 128, shape).astype(np.int8)
    bias = graph.rng.integers(-(2**34), 2**34, channels) >> int(graph.rng.integers(0, 20))
    bias = bias >> 5 if twice else bias
    inputs = [
        x,
        graph.constant(f"{name}.w", weights, Quantization(np.full(channels, 0.01), 0, axis)),
        graph.constant(f"{name}.b", bias.astype(np.int64)),
        graph.constant(f"{name}.m", multiplier),
        graph.constant(f"{name}.s", shift),
    ]
    graph.node(op, inputs, 0, {**attributes, "rounding": "wide_twice" if twice else "wide"}, 0.05, "int16")
