"""Products of activations, as TensorFlow Lite files have them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.writer import Network


@st.composite
def matmuls(draw: st.DrawFn) -> Case:
    batches = (1, *draw(st.lists(st.integers(1, 3), max_size=1)))
    rows, inner = draw(st.integers(1, 6)), draw(st.sampled_from((*CHANNELS, 64)))
    columns, adj_x, adj_y = draw(st.sampled_from(CHANNELS)), draw(st.booleans()), draw(st.booleans())
    parts = [(draw(scales()), draw(zero_points())) for _ in range(3)]

    def add(network: Network, rng: np.random.Generator) -> None:
        left = network.input((*batches, *((inner, rows) if adj_x else (rows, inner))), "int8", *parts[0])
        right = network.input((*batches, *((columns, inner) if adj_y else (inner, columns))), "int8", *parts[1])
        scale = float(np.float32(parts[0][0] * parts[1][0] * 100 * np.sqrt(inner)))
        y = network.tensor((*batches, rows, columns), "int8", scale, parts[2][1])
        network.operator("BATCH_MATMUL", [left, right], [y], "BatchMatMulOptions", adj_x=adj_x, adj_y=adj_y)
        network.outputs.append(y)

    return Case(f"BATCH_MATMUL {batches} {rows}x{inner}x{columns} {adj_x=} {adj_y=} {parts}", add)
