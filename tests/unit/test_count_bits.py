"""Convolutions of signs: counting bits gives what products give, at every border and with every requantization."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from edgeq import reference
from edgeq.quantize.count_bits import count_bits
from tests.ops.cases import Case, CaseGraph
from tests.ops.narrow_cases import binary_conv2d_cases
from tests.ops.test_exact import random_inputs


@settings(max_examples=150, deadline=None, derandomize=True)
@given(case=binary_conv2d_cases())
def test_counting_bits_is_exact(case: Case) -> None:
    builder = CaseGraph(np.random.default_rng(0))
    case.add(builder)
    graph = builder.finish()
    counting = count_bits(graph)
    assert [node.op for node in counting.nodes] == ["binarize", "binary_conv2d"]
    inputs = random_inputs(graph, np.random.default_rng(1))
    expected, found = (reference.run(item, inputs)[graph.outputs[0]] for item in (graph, counting))
    np.testing.assert_array_equal(found, expected)
