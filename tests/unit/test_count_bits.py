"""Convolutions of signs: counting bits gives what products give, at every border and with every requantization."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from edgeq import reference
from edgeq.ops.spatial import Window
from edgeq.ops.weight_types import BINARY
from edgeq.quantize.count_bits import count_bits
from tests.ops.cases import Case, CaseGraph, add_weighted, window_attributes
from tests.ops.narrow_cases import add_signs, binary_conv2d_cases, levels
from tests.ops.test_exact import random_inputs


@settings(max_examples=150, deadline=None, derandomize=True)
@given(case=binary_conv2d_cases())
def test_counting_bits_is_exact(case: Case) -> None:
    builder = CaseGraph(np.random.default_rng(0))
    case.add(builder)
    graph = builder.finish()
    counting = count_bits(graph)
    assert [node.op for node in counting.nodes] == ["binarize", *["binary_conv2d"] * (case.nodes - 1)]
    inputs = random_inputs(graph, np.random.default_rng(1))
    expected, found = (reference.run(item, inputs)[graph.outputs[0]] for item in (graph, counting))
    np.testing.assert_array_equal(found, expected)


def test_more_ways_to_stick_out_than_a_byte_holds_stay_products() -> None:
    graph = CaseGraph(np.random.default_rng(0))
    window = Window((1, 301), (1, 1), (0, 0, 150, 150))
    x = graph.activation((1, 1, 300, 2), 0)
    signs = add_signs(graph, x)
    weights = levels(graph.rng, (3, 1, 301, 2), BINARY, "random")
    parts = {"form": "high", "saturate": False, "output_zero_point": 0, "act_min": -128, "act_max": 127}
    add_weighted(graph, "conv2d", signs, weights, 0, parts, window_attributes(window), stored="binary")
    assert [node.op for node in count_bits(graph.finish()).nodes] == ["binarize", "conv2d"]
