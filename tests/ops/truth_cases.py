"""Random comparisons, choices and selections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization, Tensor
from edgeq.ops.compare import FUNCTIONS, ranks
from edgeq.ops.topk import INDEX
from tests.ops.cases import CHANNELS, Case, CaseGraph, zero_points


@st.composite
def compare_cases(draw: st.DrawFn) -> Case:
    """Operands of int8 or int16 repeated along any axes, in scales of their own or of one kind; the second maybe a
    constant."""
    function, dtype = draw(st.sampled_from(sorted(FUNCTIONS))), draw(st.sampled_from(("int8", "int8", "int16")))
    output = (1, *draw(st.lists(st.integers(1, 4), max_size=3)), draw(st.sampled_from(CHANNELS)))
    shapes = [tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in output) for _ in range(2)]
    zeros = [draw(zero_points()) if dtype == "int8" else 0 for _ in range(2)]
    scales = draw(st.sampled_from(([0.05, 0.05], [0.05, 0.1], [0.031, 0.083])))
    is_constant, tflite = draw(st.booleans()), draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        name = f"c{len(graph.nodes)}"
        sides = [Quantization(np.array([scale]), zero, None, dtype) for scale, zero in zip(scales, zeros, strict=True)]
        names = [graph.activation(shapes[0], zeros[0], scales[0], dtype)]
        if is_constant:
            info = np.iinfo(dtype)
            values = graph.rng.integers(info.min, info.max + 1, shapes[1]).astype(dtype)
            names.append(graph.constant(f"{name}.operand", values, sides[1]))
        else:
            names.append(graph.activation(shapes[1], zeros[1], scales[1], dtype))
        if dtype == "int8":
            tables = enumerate(ranks(function, sides[0], sides[1], tflite))
            names += [graph.constant(f"{name}.rank{at}", table) for at, table in tables]
        graph.node("compare", names, 0, {"function": function}, 1.0)

    return Case(f"{function} {dtype} {shapes} {is_constant=} {tflite=} {zeros} {scales}", add)


@st.composite
def select_cases(draw: st.DrawFn) -> Case:
    """Each of the three operands repeated along any axes and maybe a constant."""
    dtype = draw(st.sampled_from(("int8", "int16")))
    output = (1, *draw(st.lists(st.integers(1, 4), max_size=3)), draw(st.sampled_from(CHANNELS)))
    shapes = [tuple(1 if draw(st.integers(0, 3)) == 0 else size for size in output) for _ in range(3)]
    constants, threshold = draw(st.sets(st.integers(0, 2), max_size=2)), draw(st.integers(-128, 127))

    def add(graph: CaseGraph) -> None:
        names = []
        for side, (shape, kind) in enumerate(zip(shapes, ("int8", dtype, dtype), strict=True)):
            if side in constants:
                info = np.iinfo(kind)
                values = graph.rng.integers(info.min, info.max + 1, shape).astype(kind)
                quantization = Quantization(np.array([0.1]), 0, None, kind)
                names.append(graph.constant(f"s{len(graph.nodes)}.{side}", values, quantization))
            else:
                names.append(graph.activation(shape, 0, 0.1, kind))
        graph.node("select", names, 0, {"threshold": threshold}, 0.1, dtype)

    return Case(f"select {dtype} {shapes} {constants} {threshold}", add)


@st.composite
def topk_cases(draw: st.DrawFn) -> Case:
    """Rows with equals among them; elements alone or with their indices."""
    function, dtype = draw(st.sampled_from(("max", "min"))), draw(st.sampled_from(("int8", "int16")))
    shape = (1, *draw(st.lists(st.integers(1, 4), max_size=2)), draw(st.sampled_from((*CHANNELS, 128))))
    k, indices = draw(st.integers(1, shape[-1])), draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        number = len(graph.nodes)
        graph.node("topk", [graph.activation(shape, 3, 0.1, dtype)], 3, {"function": function, "k": k}, 0.1, dtype)
        if indices:
            name = f"places{number}"
            graph.tensors[name] = Tensor(name, (*shape[:-1], k), "int8", INDEX)
            graph.nodes[-1] = replace(graph.nodes[-1], outputs=(*graph.nodes[-1].outputs, name))
            graph.outputs.append(name)

    return Case(f"topk {function} {dtype} {shape} {k} {indices=}", add)
