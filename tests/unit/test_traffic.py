"""Bytes and bit operations of layers against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.board import load_board
from edgeq.lower.select import lower
from edgeq.reports import traffic
from tests.ops.cases import CaseGraph, linear_case


@pytest.mark.parametrize("rows", [1, 5])
def test_a_linear_layer(rows: int) -> None:
    builder = CaseGraph(np.random.default_rng(0))
    linear_case(rows, 12, 7).add(builder)
    program = lower(builder.finish(), load_board("host"))
    (layer,) = program.layers
    assert traffic.bit_operations(program.graph, layer) == rows * 12 * 7 * 8 * 8
    assert traffic.bytes_moved(program.graph, layer) == layer.weights_bytes + rows * 12 + rows * 7
