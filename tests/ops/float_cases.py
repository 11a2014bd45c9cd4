"""Random nodes with float16 and float32 activations."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ops import binary_float, convert, unary_float
from edgeq.ops.float_types import FLOATS
from edgeq.ops.spatial import Window
from tests.ops.cases import CHANNELS, Case, CaseGraph, window_attributes, windows

TYPES = st.sampled_from(sorted(FLOATS))
ACTIVATIONS = st.sampled_from(((None, None), (None, None), (0.0, None), (0.0, 6.0), (-0.1, 0.7)))
#: parameters of the functions that need some
PARAMETERS: dict[str, dict[str, Any]] = {
    "affine": {"scale": -1.7, "offset": 0.3},
    "elu": {"alpha": 1.3, "scale": 1.05},
    "gelu_tanh": {"approximate": "tanh"},
    "hardshrink": {"lambd": 0.4},
    "leaky_relu": {"alpha": 0.013},
    "square": {"function": "pow", "exponent": 2.0},
    "softshrink": {"lambd": 0.4},
    "threshold": {"threshold": 0.1, "value": -0.3},
}


def values(rng: np.random.Generator, shape: tuple[int, ...], size: float, dtype: str) -> np.ndarray:
    """Normally distributed numbers, some of them 0."""
    drawn = rng.standard_normal(shape) * size
    return np.where(rng.random(shape) < 0.1, 0.0, drawn).astype(dtype)


def add_weighted(
    graph: CaseGraph, op: str, x: str, weights_shape: tuple[int, ...], axis: int, dtype: str, attributes: dict[str, Any]
) -> None:
    name, channels = f"c{len(graph.nodes)}", weights_shape[axis]
    size = (np.prod(weights_shape) / channels) ** -0.5
    operands = [
        x,
        graph.constant(f"{name}.w", values(graph.rng, weights_shape, float(size), dtype)),
        graph.constant(f"{name}.b", values(graph.rng, (channels,), 0.5, "float32")),
    ]
    graph.node(op, operands, 0, attributes, 1.0, dtype)


@st.composite
def weighted_cases(draw: st.DrawFn) -> Case:
    """Layers with weights: channels round every block of 2, 4 and 8, pixels and rows round those of 3 and 4."""
    op, dtype = draw(st.sampled_from(("conv2d", "conv2d", "dwconv2d", "linear", "linear"))), draw(TYPES)
    window, size = draw(windows())
    if draw(st.integers(0, 2)) == 0:
        window = Window((1, 1), (1, 1), (0, 0, 0, 0))
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    rows, activation = draw(st.sampled_from((1, 1, 2, 3, 4, 5, 7, 11))), draw(ACTIVATIONS)
    attributes = {"activation": activation, **({} if op == "linear" else window_attributes(window))}

    def add(graph: CaseGraph) -> None:
        if op == "linear":
            x = graph.activation((1, in_c) if rows == 1 else (1, rows, in_c), 0, 1.0, dtype)
            add_weighted(graph, op, x, (out_c, in_c), 0, dtype, attributes)
            return
        x = graph.activation((1, *size, in_c), 0, 1.0, dtype)
        shape = (out_c, *window.kernel, in_c) if op == "conv2d" else (*window.kernel, in_c)
        add_weighted(graph, op, x, shape, 0 if op == "conv2d" else 2, dtype, attributes)

    return Case(f"{dtype} {op} {size} {in_c}->{out_c} {rows=} {window} {activation}", add)


@st.composite
def element_cases(draw: st.DrawFn) -> Case:
    """Functions of one and of two operands, borders between types."""
    kind, dtype, activation = draw(st.sampled_from(("unary", "binary", "add", "clamp"))), draw(TYPES), draw(ACTIVATIONS)
    output = (1, *draw(st.lists(st.integers(1, 4), max_size=3)), draw(st.sampled_from(CHANNELS)))
    repeated = [tuple(1 if draw(st.booleans()) else size for size in output) for _ in range(2)]
    shapes = draw(st.sampled_from(([output, output], [output, repeated[1]], [repeated[0], output])))
    function = draw(st.sampled_from(sorted(unary_float.FORMS if kind == "unary" else binary_float.ROUNDINGS)))
    constant = draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        attributes: dict[str, Any] = {"activation": activation}
        if kind in ("unary", "clamp"):
            x = graph.activation(output, 0, 1.0, dtype)
            if kind == "unary":
                attributes |= {"function": function.removesuffix("_tanh"), **PARAMETERS.get(function, {})}
            else:
                attributes = {"min": activation[0], "max": activation[1]}
            graph.node(kind, [x], 0, attributes, 1.0, dtype)
            return
        both = [output, output] if kind == "add" else shapes
        x = graph.activation(both[0], 0, 1.0, dtype)
        if constant and kind == "binary":
            y = graph.constant(f"c{len(graph.nodes)}", values(graph.rng, both[1], 1.0, dtype))
        else:
            y = graph.activation(both[1], 0, 1.0, dtype)
        attributes |= {} if kind == "add" else {"function": function}
        graph.node(kind, [x, y], 0, attributes, 1.0, dtype)

    return Case(f"{dtype} {kind} {function} {shapes} {constant=} {activation}", add)


def groupings(channels: int) -> st.SearchStrategy[int]:
    """The attribute groups of a normalization of that many channels."""
    return st.sampled_from((0, *(count for count in range(1, channels + 1) if channels % count == 0)))


@st.composite
def shape_cases(draw: st.DrawFn) -> Case:
    """Pools, means, softmax, and what only moves elements."""
    op = draw(st.sampled_from(("max_pool2d", "avg_pool2d", "mean", "softmax", "pad", "concat", "slice", "transpose")))
    dtype, activation = draw(TYPES), draw(ACTIVATIONS)
    window, size = draw(windows(3))
    window = Window(window.kernel, window.stride, (0, 0, 0, 0), (1, 1) if op == "avg_pool2d" else window.dilation)
    spans = [(window.kernel[axis] - 1) * window.dilation[axis] + 1 for axis in (0, 1)]
    shape = (1, size[0] + spans[0], size[1] + spans[1], draw(st.sampled_from(CHANNELS)))
    sides = tuple(draw(st.integers(0, 2)) for _ in range(6))
    attributes: dict[str, Any] = {
        "max_pool2d": {**window_attributes(window), "activation": activation},
        "avg_pool2d": {**window_attributes(window), "activation": activation},
        "mean": {"activation": activation},
        "softmax": {"beta": draw(st.sampled_from((1.0, 0.5)))},
        "pad": {"padding": sides, "value": 0.7},
        "concat": {"axis": draw(st.integers(1, 3))},
        "slice": {"start": (0, 0, 1, 0), "size": (1, shape[1], shape[2] - 1, shape[3]), "step": (1, 1, 1, 1)},
        "transpose": {"perm": draw(st.sampled_from(((0, 3, 1, 2), (0, 2, 1, 3))))},
    }[op]

    def add(graph: CaseGraph) -> None:
        inputs = [graph.activation(shape, 0, 1.0, dtype)]
        if op == "concat":
            inputs.append(graph.activation(shape, 0, 1.0, dtype))
            inputs.append(graph.constant(f"c{len(graph.nodes)}", values(graph.rng, shape, 1.0, dtype)))
        graph.node(op, inputs, 0, attributes, 1.0, dtype)

    return Case(f"{dtype} {op} {shape} {attributes}", add)


@st.composite
def sums_cases(draw: st.DrawFn, op: str) -> Case:
    """Products of activations, normalizations, and sums along any axes."""
    dtype, activation = draw(TYPES), draw(ACTIVATIONS)
    shape = (1, *draw(st.lists(st.integers(1, 5), min_size=1, max_size=2)), draw(st.sampled_from(CHANNELS)))
    axes = tuple(sorted(draw(st.sets(st.integers(1, len(shape) - 1), min_size=1))))
    columns, transposed, shared = draw(st.sampled_from(CHANNELS)), draw(st.booleans()), draw(st.booleans())
    groups, function = draw(groupings(shape[-1])), draw(st.sampled_from(("mean", "sum")))
    factor, centred = draw(st.sampled_from((1.0, 0.3))), draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        inputs, attributes = [graph.activation(shape, 0, 1.0, dtype)], {"activation": activation}
        if op == "matmul":
            matrix = (columns, shape[-1]) if transposed else (shape[-1], columns)
            batches = (1,) * (len(shape) - 2) if shared else shape[:-2]
            inputs.append(graph.activation((*batches, *matrix), 0, 1.0, dtype))
            attributes |= {"transposed": transposed, "factor": factor}
        elif op == "batch_norm":
            channels = shape[-1]
            for shaped, size in ((channels,), 1.0), ((channels,), 0.5), ((2, channels), 1.0):
                drawn = values(graph.rng, shaped, size, "float32")
                name = f"c{len(graph.nodes)}.{len(inputs)}"
                inputs.append(graph.constant(name, np.abs(drawn) if len(shaped) == 2 else drawn))
            attributes |= {"eps": 1e-5}
        elif op == "normalize":
            inputs += [graph.constant(f"c{len(graph.nodes)}.{what}", values(graph.rng, shape[-1:], 1.0, "float32"))
                       for what in ("gain", "bias")]  # fmt: skip
            attributes |= {"groups": groups, "centred": centred, "eps": 1e-5}
        else:
            attributes |= {"function": function, "axes": axes}
        graph.node(op, inputs, 0, attributes, 1.0, dtype)

    text = f"{dtype} {op} {shape} {columns} {transposed=} {shared=} {groups} {centred=} {function} {axes} {activation}"
    return Case(text, add)


@st.composite
def convert_cases(draw: st.DrawFn) -> Case:
    """Borders between two types, one of them floating point at least."""
    source, target = draw(st.sampled_from([(kernel.dtype, kernel.stores) for kernel in convert.OP.kernels]))
    scale, zero = 2.0 ** draw(st.floats(-12, 2)), draw(st.sampled_from((0, -128, 17)))
    shape = (1, draw(st.sampled_from(CHANNELS)))

    def quantization(dtype: str) -> tuple[int, float]:
        return (0, 1.0) if dtype in FLOATS else (zero if dtype == "int8" else 0, scale)

    def add(graph: CaseGraph) -> None:
        x = graph.activation(shape, *quantization(source), source)
        zero_point, factor = quantization(target)
        graph.node("convert", [x], zero_point, {}, factor, target)

    return Case(f"convert {source}->{target} {shape} {scale} {zero}", add)


#: strategies, and how many cases are drawn of each
CASES: dict[str, tuple[tuple[st.SearchStrategy[Case], int], ...]] = {
    "weighted": ((weighted_cases(), 40),),
    "elements": ((element_cases() | convert_cases(), 40),),
    "shapes": ((shape_cases(), 40),),
    "sums": tuple((sums_cases(op), 12) for op in ("matmul", "normalize", "reduce", "batch_norm")),
}
