"""Random integer nodes of the operators with int16 activations that have forms of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Quantization, Tensor
from edgeq.ops import add as add_operator
from edgeq.ops import binary_wide, curve, fixed_point, rescale, softmax_wide
from edgeq.ops.resize_bilinear import ONE
from tests.ops.cases import CHANNELS, Case, CaseGraph, zero_points

WIDE_BOUNDS = st.sampled_from(
    ({"act_min": -32768, "act_max": 32767}, {"act_min": 0, "act_max": 32767}, {"act_min": -700, "act_max": 5000})
)


@st.composite
def rescale_cases(draw: st.DrawFn) -> Case:
    """Two lines between int8 and int16, of either sign, folded or not."""
    source, target = draw(st.sampled_from((("int16", "int16"), ("int16", "int8"), ("int8", "int16"))))
    count, fold = draw(st.sampled_from(CHANNELS)), draw(st.booleans())
    zeros = [draw(zero_points()) if kind == "int8" else 0 for kind in (source, target)]
    ratio = {"int16int16": 1.0, "int16int8": 1 / 256, "int8int16": 200.0}[source + target] * 2.0 ** draw(
        st.floats(-3, 1)
    )
    below = draw(st.sampled_from((1.0, -0.4, 0.1, 0.0)))
    bounds = draw(WIDE_BOUNDS) if target == "int16" else {"act_min": -128, "act_max": draw(st.sampled_from((127, 60)))}

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, 3, count), zeros[0], 0.01, source)
        graph.node("rescale", [x], zeros[1], {**rescale.lines(ratio, ratio * below, fold), **bounds}, 0.02, target)

    return Case(f"rescale {source}->{target} {count} {ratio} {below} {fold=} {zeros} {bounds}", add)


@st.composite
def curve_cases(draw: st.DrawFn) -> Case:
    form = draw(st.sampled_from(("sigmoid", "tanh", "table")))
    shape = (1, draw(st.integers(1, 300)), draw(st.sampled_from(CHANNELS)))
    scale = 2.0 ** draw(st.floats(-16, -1) | st.integers(-13, -11).map(float))

    def add(graph: CaseGraph) -> None:
        x, name = graph.activation(shape, 0, scale, "int16"), f"c{len(graph.nodes)}.t"
        if form == "table":
            table = graph.rng.integers(-32768, 32768, 513).astype(np.int16)
            graph.node("curve", [x, graph.constant(name, table)], 0, {"form": form}, 2.0**-15, "int16")
            return
        multiplier, shift = curve.position_scale(scale, form)
        fields = {"form": form, "multiplier": multiplier, "right_shift": shift}
        graph.node("curve", [x, graph.constant(name, curve.sigmoid_table())], 0, fields, 2.0**-15, "int16")

    return Case(f"curve {form} {shape} {scale}", add)


@st.composite
def binary_wide_cases(draw: st.DrawFn) -> Case:
    function = draw(st.sampled_from(sorted(binary_wide.FORMS)))
    output = (1, *draw(st.lists(st.integers(1, 4), max_size=3)), draw(st.sampled_from(CHANNELS)))
    repeated = [tuple(1 if draw(st.booleans()) else size for size in output) for _ in range(2)]
    shapes = draw(st.sampled_from(([output, output], [output, repeated[1]], [repeated[0], output])))
    constant, by_shifts = draw(st.booleans()), draw(st.booleans())
    scales = [2.0**-12, 2.0 ** -draw(st.integers(12, 14)), 2.0**-12] if by_shifts else [0.01, 0.023, 0.03]
    bounds = draw(WIDE_BOUNDS)

    def add(graph: CaseGraph) -> None:
        tensors = [
            Tensor(name, output, "int16", Quantization(np.array([scale]), 0, None, "int16"))
            for name, scale in zip("abc", scales, strict=True)
        ]
        x = graph.activation(shapes[0], 0, scales[0], "int16")
        if constant:
            values = graph.rng.integers(-32768, 32768, shapes[1]).astype(np.int16)
            y = graph.constant(f"c{len(graph.nodes)}", values, tensors[1].quantization)
        else:
            y = graph.activation(shapes[1], 0, scales[1], "int16")
        made: dict[str, Any] = {"function": function, **bounds}
        if function in binary_wide.SIGNS:
            made |= add_operator.wide_integers(*tensors, by_shifts)
            made |= dict(zip(("sign1", "sign2"), binary_wide.SIGNS[function], strict=True))
        elif function == "mul":
            m, s = fixed_point.tflite_multiplier(np.array([2.0**-15 * graph.rng.uniform(0.3, 1.5)]))
            made |= {"m": int(m[0]), "s": int(s[0])}
        graph.node("binary_wide", [x, y], 0, made, scales[2], "int16")

    return Case(f"binary_wide {function} {shapes} {constant=} {by_shifts=} {scales} {bounds}", add)


@st.composite
def softmax_wide_cases(draw: st.DrawFn) -> Case:
    shape = (1, draw(st.integers(1, 5)), draw(st.sampled_from((*CHANNELS, 100, 1000))))
    scale = 2.0 ** draw(st.floats(-17, -3))

    def add(graph: CaseGraph) -> None:
        x, name = graph.activation(shape, 0, scale, "int16"), f"c{len(graph.nodes)}"
        tables = [
            graph.constant(f"{name}.e", softmax_wide.exp_table()),
            graph.constant(f"{name}.r", softmax_wide.reciprocal_table()),
        ]
        scaling = softmax_wide.input_scaling(scale, 1.0)
        graph.node("softmax_wide", [x, *tables], 0, scaling, softmax_wide.OUTPUT_SCALE, "int16")

    return Case(f"softmax_wide {shape} {scale}", add)


@st.composite
def shaped_wide_cases(draw: st.DrawFn) -> Case:
    """Reductions, padding, resizing and products of matrices."""
    op = draw(st.sampled_from(("reduce", "reduce_extreme", "pad", "resize_bilinear", "matmul")))
    shape = (1, *(draw(st.integers(1, 5)) for _ in range(2)), draw(st.sampled_from(CHANNELS)))
    axes = tuple(sorted(draw(st.sets(st.integers(1, 3), min_size=1, max_size=3))))
    sides = tuple(draw(st.integers(0, 2)) for _ in range(6))
    function, transposed = draw(st.sampled_from(("max", "min"))), draw(st.booleans())
    rows, columns, bounds = draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(WIDE_BOUNDS)

    def places(graph: CaseGraph, length: int, count: int) -> tuple[tuple[int, ...], ...]:
        lower = graph.rng.integers(0, length, count)
        upper = np.minimum(lower + 1, length - 1)
        share = graph.rng.integers(0, ONE + 1, count)
        return tuple(tuple(int(value) for value in values) for values in (lower, upper, share))

    def add(graph: CaseGraph) -> None:
        x, name = graph.activation(shape, 0, 0.01, "int16"), f"c{len(graph.nodes)}"
        attributes: dict[str, Any] = {"padding": sides, "value": int(graph.rng.integers(-32768, 32768))}
        inputs = [x]
        if op == "reduce_extreme":
            attributes = {"function": function, "axes": axes}
        elif op == "resize_bilinear":
            attributes = {"rows": places(graph, shape[1], rows), "columns": places(graph, shape[2], columns)}
        elif op in ("reduce", "matmul"):
            count = int(np.prod([shape[axis] for axis in axes])) if op == "reduce" else shape[3] * 20000
            scale = np.array([1.4 / count])
            wide = op == "matmul"
            m, s = fixed_point.wide_multiplier(scale) if wide else fixed_point.tflite_multiplier(scale)
            if wide:
                other = (1, shape[1], *((columns, shape[3]) if transposed else (shape[3], columns)))
                inputs.append(graph.activation(other, 0, 0.01, "int16"))
            inputs += [graph.constant(f"{name}.m", m), graph.constant(f"{name}.s", s)]
            attributes = {"rounding": "wide" if wide else "tflite", **bounds}
            attributes |= {"transposed": transposed, "factor": 1.0} if wide else {"function": "mean", "axes": axes}
        graph.node(op, inputs, 0, attributes, 0.02, "int16")

    return Case(f"int16 {op} {shape} {axes} {sides} {function} {transposed=} {rows} {columns} {bounds}", add)
