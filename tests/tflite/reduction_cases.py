"""Reductions, as TensorFlow Lite files have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.writer import Network

#: options of the operators that give an index, and the type of it
INDEX_OPTIONS = {"ARG_MAX": "ArgMaxOptions", "ARG_MIN": "ArgMinOptions"}
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
            network.operator(name, [x, network.integers(*chosen)], [y], INDEX_OPTIONS[name], output_type=2)
        else:
            scale = target if name == "MEAN" else source
            y = network.tensor(result, "int8", *scale)
            options: dict[str, Any] = {"keep_dims": keep}
            network.operator(name, [x, network.integers(*chosen)], [y], "ReducerOptions", **options)
        network.outputs.append(y)

    return Case(f"{name} {shape} {chosen} {keep=} {source} {target}", add)


@st.composite
def selections(draw: st.DrawFn, kind: str) -> Case:
    """TOPK_V2, its elements and their indices, with equals among them."""
    shape = (1, *draw(st.lists(st.integers(1, 4), max_size=2)), draw(st.sampled_from((*CHANNELS, 100))))
    k, limit = draw(st.integers(1, shape[-1])), draw(st.sampled_from((3, 100)))
    scale, zero = draw(scales()), draw(zero_points()) if kind == "int8" else 0

    def add(network: Network, rng: np.random.Generator) -> None:
        x, y = network.input(shape, kind, scale, zero), network.tensor((*shape[:-1], k), kind, scale, zero)
        if limit == 3:  # few different ones
            bounds = [network.tensor((1,), kind, scale, zero, np.array([end]).astype(kind)) for end in (-limit, limit)]
            low, clamped = (network.tensor(shape, kind, scale, zero) for _ in range(2))
            network.operator("MAXIMUM", [x, bounds[0]], [low])
            network.operator("MINIMUM", [low, bounds[1]], [clamped])
            x = clamped
        indices = network.tensor((*shape[:-1], k), "int32")
        count = network.tensor((), "int32", data=np.array(k, np.int32))
        network.operator("TOPK_V2", [x, count], [y, indices])
        network.outputs.append(y if rng.integers(2) else indices)

    return Case(f"TOPK_V2 {kind} {shape} {k} {limit}", add)


@st.composite
def products(draw: st.DrawFn, kind: str) -> Case:
    """REDUCE_PROD of few factors, whose product stays in 32 bits."""
    most = 3 if kind == "int8" else 2
    shape = (1, draw(st.integers(1, most)), draw(st.integers(1, most)), draw(st.sampled_from(CHANNELS)))
    axes, keep = sorted(draw(st.sets(st.integers(1, 2), min_size=1))), draw(st.booleans())
    wide = 256 if kind == "int16" else 1
    source = (float(np.float32(draw(st.floats(0.004, 0.02)) / wide)), draw(zero_points()) if kind == "int8" else 0)
    target = (float(np.float32(draw(st.floats(0.02, 0.1)) / wide)), draw(zero_points()) if kind == "int8" else 0)

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, kind, *source)
        result = tuple(1 if axis in axes else size for axis, size in enumerate(shape) if keep or axis not in axes)
        y = network.tensor(result, kind, *target)
        network.operator("REDUCE_PROD", [x, network.integers(*axes)], [y], "ReducerOptions", keep_dims=keep)
        network.outputs.append(y)

    return Case(f"REDUCE_PROD {kind} {shape} {axes} {keep=} {source} {target}", add)
