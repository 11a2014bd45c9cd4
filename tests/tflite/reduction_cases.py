"""Reductions, as TensorFlow Lite files have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.writer import Network

NAMES = ("MEAN", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "ARG_MAX", "ARG_MIN")


@st.composite
def reductions(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(NAMES))
    shape = (1, *draw(st.lists(st.integers(1, 6), min_size=0, max_size=2)), draw(st.sampled_from(CHANNELS)))
    axes = draw(st.sets(st.integers(1, len(shape) - 1), min_size=1))
    if name == "MEAN" and draw(st.booleans()):
        shape, axes = (1, draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.sampled_from(CHANNELS))), {1, 2}
    keep, source, target = (
        draw(st.booleans()),
        (draw(scales()), draw(zero_points())),
        (draw(scales()), draw(zero_points())),
    )
    index = name.startswith("ARG")
    chosen = sorted(axes)[:1] if index else sorted(axes)

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, "int8", *source)
        kept = keep and not index
        result = tuple(1 if axis in chosen else size for axis, size in enumerate(shape) if kept or axis not in chosen)
        if index:
            y = network.tensor(result, "int32")
            network.operator(name, [x, network.integers(*chosen)], [y], "ArgMaxOptions" if name == "ARG_MAX" else
                             "ArgMinOptions", output_type=2)  # fmt: skip
        else:
            scale = target if name == "MEAN" else source
            y = network.tensor(result, "int8", *scale)
            options: dict[str, Any] = {"keep_dims": keep}
            network.operator(name, [x, network.integers(*chosen)], [y], "ReducerOptions", **options)
        network.outputs.append(y)

    return Case(f"{name} {shape} {chosen} {keep=} {source} {target}", add)
