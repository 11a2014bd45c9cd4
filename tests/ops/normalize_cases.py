"""Random normalizations and logarithms of softmaxes."""

from __future__ import annotations

import math
from types import MappingProxyType

from hypothesis import strategies as st

from edgeq.ir.graph import Node, Quantization, Tensor
from edgeq.ops import log_softmax
from edgeq.ops.normalize import integers
from edgeq.ops.softmax import exp_table
from tests.ops.cases import CHANNELS, Case, CaseGraph, activations, zero_points


@st.composite
def normalize_cases(draw: st.DrawFn) -> Case:
    """Over the last axis or in groups of channels, with and without a mean, epsilons from nothing to all there is."""
    shape = (1, *draw(st.lists(st.integers(1, 5), max_size=3)), draw(st.sampled_from((*CHANNELS, 100))))
    divisors = [count for count in range(1, shape[-1] + 1) if shape[-1] % count == 0]
    groups = draw(st.sampled_from((0, 0, *divisors)))
    centred, eps = draw(st.booleans()), draw(st.sampled_from((0.0, 1e-5, 0.1, None, None)))
    scale, zeros, bounds = 2.0 ** draw(st.floats(-9, -1)), [draw(zero_points()) for _ in range(2)], draw(activations())
    target = draw(st.sampled_from((0.03, 1e-4, 1e-5)))
    if eps is None:  # so much that the root of W has no room for all of its bits
        eps = 2.0**41 * (scale / (shape[-1] if groups == 0 else math.prod(shape) // groups)) ** 2

    def add(graph: CaseGraph) -> None:
        x, name = graph.activation(shape, zeros[0], scale), f"c{len(graph.nodes)}"
        gain, bias = graph.rng.uniform(-1.5, 1.5, shape[-1]), graph.rng.normal(0, 0.5, shape[-1])
        made = Tensor("y", shape, "int8", Quantization.per_tensor(target, zeros[1]))
        values = {"groups": groups, "centred": centred, "eps": eps}
        node = Node("n", "normalize", (x,), ("y",), MappingProxyType(values))
        attributes, constants = integers(node, graph.tensors[x], made, gain, bias)
        names = [x, *(graph.constant(f"{name}.{key}", value) for key, value in constants.items())]
        graph.node("normalize", names, zeros[1], {**values, **attributes, **bounds}, target)

    return Case(f"normalize {shape} {groups=} {centred=} {eps} {scale} {zeros} {target} {bounds}", add)


@st.composite
def log_softmax_cases(draw: st.DrawFn) -> Case:
    shape = (1, draw(st.integers(1, 5)), draw(st.sampled_from((*CHANNELS, 1000))))
    scale, target = 2.0 ** draw(st.floats(-9, 1)), 2.0 ** draw(st.floats(-9, 0))
    zeros = [draw(zero_points()) for _ in range(2)]

    def add(graph: CaseGraph) -> None:
        x = graph.activation(shape, zeros[0], scale)
        made = Tensor("y", shape, "int8", Quantization.per_tensor(target, zeros[1]))
        table = graph.constant(f"c{len(graph.nodes)}.t", exp_table(scale, shape[-1]))
        graph.node("log_softmax", [x, table], zeros[1], log_softmax.integers(graph.tensors[x], made), target)

    return Case(f"log_softmax {shape} {scale} {target} {zeros}", add)


@st.composite
def tflite_log_softmax_cases(draw: st.DrawFn) -> Case:
    shape = (1, draw(st.integers(1, 5)), draw(st.sampled_from((*CHANNELS, 1000))))
    scale, zero = 2.0 ** draw(st.floats(-9, 1)), draw(zero_points())

    def add(graph: CaseGraph) -> None:
        x, name = graph.activation(shape, zero, scale), f"c{len(graph.nodes)}"
        exponentials, differences, integers_ = log_softmax.tflite_tables(scale)
        tables = [graph.constant(f"{name}.e", exponentials), graph.constant(f"{name}.d", differences)]
        graph.node("log_softmax", [x, *tables], 127, {"rounding": "tflite", **integers_}, 1 / 16)

    return Case(f"tflite log_softmax {shape} {scale} {zero}", add)


@st.composite
def l2_normalize_cases(draw: st.DrawFn) -> Case:
    """Rows down to one element, whose squares' sums are small; and long ones."""
    shape, zero = (1, draw(st.integers(1, 5)), draw(st.sampled_from((*CHANNELS, 9000)))), draw(zero_points())

    def add(graph: CaseGraph) -> None:
        graph.node("l2_normalize", [graph.activation(shape, zero)], 0, {}, 1 / 128)

    return Case(f"l2_normalize {shape} {zero}", add)
