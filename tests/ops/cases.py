"""Random integer nodes: hypothesis draws their shapes and quantization, a graph collects them, a firmware runs them.

Many independent nodes share one firmware, each with an input and an output of its own, so that one compilation and one
start of the simulator prove dozens of cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq import ops
from edgeq.ir.graph import Boundary, Graph, Node, Quantization, Tensor, constant
from edgeq.ops import fixed_point, residual
from edgeq.ops.add import coefficients
from edgeq.ops.spatial import Window

#: around every SIMD width: 2 (SMLAD), 4 (packed bytes), 8, 16 (MVE)
CHANNELS = (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 33)
FORMS = ("high", "shift", "tflite")


@dataclass
class CaseGraph:
    """Collects nodes; `finish` makes the graph."""

    rng: np.random.Generator
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    def activation(self, shape: tuple[int, ...], zero_point: int, scale: float = 0.05, dtype: str = "int8") -> str:
        name = f"x{len(self.inputs)}"
        quantization = Quantization(np.array([scale]), zero_point, None, dtype)
        self.tensors[name] = Tensor(name, shape, dtype, quantization)
        self.inputs.append(name)
        return name

    def constant(self, name: str, data: np.ndarray, quantization: Quantization | None = None) -> str:
        self.tensors[name] = constant(name, data, quantization)
        return name

    def node(
        self,
        op: str,
        inputs: list[str],
        zero_point: int,
        attributes: dict[str, Any],
        scale: float = 0.1,
        dtype: str = "int8",
        read_inside: bool = False,
    ) -> None:
        """`read_inside`: the result is no output of the graph."""
        name = f"n{len(self.nodes)}_{op}"
        output = f"y{len(self.nodes)}"
        made = Node(name, op, tuple(inputs), (output,), MappingProxyType(attributes))
        (shape,) = ops.get(op).infer(made, [self.tensors[item] for item in inputs])
        quantization = Quantization(np.array([scale]), zero_point, None, dtype)
        self.tensors[output] = Tensor(output, tuple(shape), dtype, quantization)
        self.nodes.append(made)
        if not read_inside:
            self.outputs.append(output)

    def finish(self) -> Graph:
        boundary = {
            name: Boundary(self.tensors[name].shape, tuple(range(len(self.tensors[name].shape))))
            for name in [*self.inputs, *self.outputs]
        }
        graph = Graph(
            "cases", tuple(self.inputs), tuple(self.outputs), (), MappingProxyType({}), MappingProxyType(boundary)
        )
        return graph.with_nodes(self.nodes, self.tensors)


@dataclass(frozen=True)
class Case:
    """One drawn node, or several: what it is, for messages, and how it is added to a graph."""

    text: str
    add: Callable[[CaseGraph], None]
    nodes: int = 1


def _int8s(rng: np.random.Generator, shape: tuple[int, ...], style: str) -> np.ndarray:
    if style == "largest":
        return np.full(shape, 127, np.int8)
    if style == "smallest":
        return np.full(shape, -127, np.int8)
    return rng.integers(-127, 128, shape).astype(np.int8)


def _requant(
    graph: CaseGraph, name: str, channels: int, form: str, products: int, saturate: bool, spread: float = 3000.0
) -> tuple[list[str], dict[str, Any]]:
    """Names of multiplier and shift, and the rounding attribute; scales spread outputs over the int8 range."""
    spread = 1.0 if saturate else spread * np.sqrt(products)
    scale = 100.0 / spread * graph.rng.uniform(0.2, 1.0, channels)
    if form == "high":
        multiplier, shift = fixed_point.single_multiplier(np.minimum(scale, 0.499))
    elif form == "shift":
        scale[0] = 1.5 if products < 64 else 0.6
        multiplier, shift = fixed_point.single_multiplier(scale)
    else:
        multiplier, shift = fixed_point.tflite_multiplier(scale)
    rounding = fixed_point.TFLITE if form == "tflite" else fixed_point.SINGLE
    names = [graph.constant(f"{name}.m", multiplier), graph.constant(f"{name}.s", shift)]
    return names, {"rounding": rounding}


@st.composite
def zero_points(draw: st.DrawFn) -> int:
    return draw(st.sampled_from((-128, -1, 0, 5, 127)) | st.integers(-128, 127))


@st.composite
def activations(draw: st.DrawFn) -> dict[str, int]:
    low = draw(st.sampled_from((-128, -128, -20, 0)))
    return {"act_min": low, "act_max": draw(st.sampled_from((127, 127, 60, low)))}


@st.composite
def windows(draw: st.DrawFn, largest: int = 4) -> tuple[Window, tuple[int, int]]:
    """A window and an image size that it fits."""
    kernel = (draw(st.integers(1, largest)), draw(st.integers(1, largest)))
    if draw(st.booleans()):
        kernel = draw(st.sampled_from(((1, 1), (3, 3))))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    padding = tuple(draw(st.integers(0, size // 2 + 1)) for size in (kernel[0], kernel[0], kernel[1], kernel[1]))
    spans = [(kernel[axis] - 1) * dilation[axis] + 1 for axis in (0, 1)]
    smallest = [max(1, spans[axis] - padding[2 * axis] - padding[2 * axis + 1]) for axis in (0, 1)]
    size = (smallest[0] + draw(st.integers(0, 6)), smallest[1] + draw(st.integers(0, 6)))
    return Window(kernel, stride, padding, dilation), size


def window_attributes(window: Window) -> dict[str, Any]:
    return {
        "kernel": window.kernel,
        "stride": window.stride,
        "padding": window.padding,
        "dilation": window.dilation,
    }


@st.composite
def weighted_parts(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "form": draw(st.sampled_from(FORMS)),
        "style": draw(st.sampled_from(("random", "random", "largest", "smallest"))),
        "saturate": draw(st.integers(0, 5)) == 0,
        "zero_point": draw(zero_points()),
        "output_zero_point": draw(zero_points()),
        **draw(activations()),
    }


def add_weighted(
    graph: CaseGraph,
    op: str,
    x: str,
    weights: np.ndarray,
    axis: int,
    parts: dict[str, Any],
    extra: dict[str, Any],
    residual: tuple[str, ...] = (),
    stored: str = "int8",
    read_inside: bool = False,
) -> None:
    """Adds a node with weights of the type `stored`; `axis`: that of their output channels."""
    name = f"c{len(graph.nodes)}"
    channels = weights.shape[axis]
    products = weights.size // channels
    quantization = Quantization(np.full(channels, 0.01), 0, axis, stored)
    largest = parts.get("largest_bias", 2**20)
    bias = graph.rng.integers(-largest, largest, channels).astype(np.int32)
    spread = parts.get("spread", 3000.0)
    requant, rounding = _requant(graph, name, channels, parts["form"], products, parts["saturate"], spread)
    inputs = [
        x,
        graph.constant(f"{name}.w", weights, quantization),
        graph.constant(f"{name}.b", bias),
        *requant,
        *residual,
    ]
    bounds = {"act_min": parts["act_min"], "act_max": parts["act_max"]}
    attributes = {**extra, **rounding, **bounds}
    graph.node(op, inputs, parts["output_zero_point"], attributes, read_inside=read_inside)


@st.composite
def conv2d_cases(draw: st.DrawFn) -> Case:
    window, size = draw(windows())
    if draw(st.integers(0, 2)) == 0:
        window = Window((1, 1), (1, 1), (0, 0, 0, 0))
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    parts = draw(weighted_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, in_c), parts["zero_point"])
        weights = _int8s(graph.rng, (out_c, *window.kernel, in_c), parts["style"])
        add_weighted(graph, "conv2d", x, weights, 0, parts, window_attributes(window))

    return Case(f"conv2d {size} {in_c}->{out_c} {window} {parts}", add)


@st.composite
def winograd_cases(draw: st.DrawFn) -> Case:
    """3x3 convolutions with stride 1: outputs around every number of tiles of 2x2 and 4x4, and of blocks of 4 tiles."""
    padding = (draw(st.integers(0, 3)), draw(st.integers(0, 3)), draw(st.integers(0, 3)), draw(st.integers(0, 3)))
    if draw(st.booleans()):
        padding = (1, 1, 1, 1)
    window = Window((3, 3), (1, 1), padding, (1, 1))
    outputs = (draw(st.integers(1, 11)), draw(st.integers(1, 11)))
    size = tuple(max(1, outputs[axis] + 2 - padding[2 * axis] - padding[2 * axis + 1]) for axis in (0, 1))
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    parts = draw(weighted_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, in_c), parts["zero_point"])
        weights = _int8s(graph.rng, (out_c, 3, 3, in_c), parts["style"])
        add_weighted(graph, "conv2d", x, weights, 0, parts, window_attributes(window))

    return Case(f"winograd conv2d {size} {in_c}->{out_c} {window} {parts}", add)


@st.composite
def residual_cases(draw: st.DrawFn) -> Case:
    """A convolution with a residual: another tensor, or its own input where that has the output's shape. Half of the
    images are wide enough for bands of one row."""
    window, size = draw(windows())
    size = (size[0], size[1] + draw(st.sampled_from((0, 16))))
    if draw(st.integers(0, 2)) == 0:
        window = Window(*draw(st.sampled_from((((1, 1), (1, 1), (0, 0, 0, 0)), ((4, 3), (1, 1), (3, 2, 1, 1))))))
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    of_input, zero_point, bounds = draw(st.booleans()), draw(zero_points()), draw(activations())
    out_c = in_c if of_input else out_c
    parts = draw(weighted_parts())

    def add(graph: CaseGraph) -> None:
        shape = (1, *window.output_size(*size), out_c)
        x = graph.activation((1, *size, in_c), parts["zero_point"])
        other = x if of_input and shape == (1, *size, in_c) else graph.activation(shape, zero_point, 0.07)
        between = Tensor("between", shape, "int8", Quantization.per_tensor(0.04, parts["output_zero_point"]))
        made = Tensor("made", shape, "int8", Quantization.per_tensor(0.1, 3))
        integers = {**coefficients(between, graph.tensors[other], made), **bounds}
        extra = {
            **window_attributes(window),
            **{f"{residual.PREFIX}{key}": value for key, value in integers.items()},
            "requantized_zero_point": parts["output_zero_point"],
        }
        weights = _int8s(graph.rng, (out_c, *window.kernel, in_c), parts["style"])
        add_weighted(graph, "conv2d", x, weights, 0, {**parts, "output_zero_point": 3}, extra, (other,))

    return Case(f"conv2d + residual {of_input} {size} {in_c}->{out_c} {window} {parts} {bounds}", add)


def pointwise_case(channels: int, size: tuple[int, int], form: str) -> Case:
    """A 1x1 convolution that keeps its channels, so that it may run over its input."""
    window = Window((1, 1), (1, 1), (0, 0, 0, 0))
    bounds = {"act_min": -128, "act_max": 127}
    parts = {"form": form, "saturate": False, "output_zero_point": -3, **bounds}

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, channels), 5)
        weights = _int8s(graph.rng, (channels, 1, 1, channels), "random")
        add_weighted(graph, "conv2d", x, weights, 0, parts, window_attributes(window))

    return Case(f"pointwise conv2d {size} {channels} {form}", add)


def winograd_case(size: tuple[int, int], in_c: int, weight: int) -> Case:
    """A 3x3 convolution to one channel whose weights are all the same."""
    window = Window((3, 3), (1, 1), (1, 1, 1, 1), (1, 1))
    bounds = {"act_min": -128, "act_max": 127}
    parts = {"form": "high", "saturate": False, "output_zero_point": 0, **bounds}

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, in_c), -128)
        weights = np.full((1, 3, 3, in_c), weight, np.int8)
        add_weighted(graph, "conv2d", x, weights, 0, parts, window_attributes(window))

    return Case(f"winograd conv2d {size} {in_c}->1 of {weight}", add)


def conv2d_case(size: tuple[int, int], in_c: int, out_c: int, window: Window) -> Case:
    """A convolution with weights spread as in a trained network, single rounding."""
    parts = {"form": "high", "saturate": False, "output_zero_point": -3, "act_min": -128, "act_max": 127}

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, in_c), 5)
        shape = (out_c, *window.kernel, in_c)
        weights = np.clip(np.rint(graph.rng.normal(0, 30, shape)), -127, 127).astype(np.int8)
        add_weighted(graph, "conv2d", x, weights, 0, parts, window_attributes(window))

    return Case(f"conv2d {size} {in_c}->{out_c} {window}", add)


def linear_case(rows: int, in_features: int, out_features: int) -> Case:
    """A linear layer with weights spread as in a trained network, single rounding."""
    parts = {"form": "high", "saturate": False, "output_zero_point": -3, "act_min": -128, "act_max": 127}

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, in_features) if rows == 1 else (1, rows, in_features), 5)
        weights = np.clip(np.rint(graph.rng.normal(0, 30, (out_features, in_features))), -127, 127).astype(np.int8)
        add_weighted(graph, "linear", x, weights, 0, parts, {})

    return Case(f"linear {rows}x{in_features}->{out_features}", add)


@st.composite
def dwconv2d_cases(draw: st.DrawFn) -> Case:
    window, size = draw(windows())
    channels = draw(st.sampled_from(CHANNELS))
    parts = draw(weighted_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, channels), parts["zero_point"])
        weights = _int8s(graph.rng, (*window.kernel, channels), parts["style"])
        add_weighted(graph, "dwconv2d", x, weights, 2, parts, window_attributes(window))

    return Case(f"dwconv2d {size} {channels} {window} {parts}", add)


@st.composite
def grouped_cases(draw: st.DrawFn) -> Case:
    """Convolutions in groups, from one input channel a group (a depthwise one with several outputs) on."""
    window, size = draw(windows())
    groups = draw(st.sampled_from((1, 2, 3, 4, 8)))
    group_in, group_out = draw(st.sampled_from((1, 1, 2, 3, 4, 5, 8))), draw(st.sampled_from((1, 2, 3, 4, 5, 8, 9)))
    parts = draw(weighted_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, groups * group_in), parts["zero_point"])
        weights = _int8s(graph.rng, (groups * group_out, *window.kernel, group_in), parts["style"])
        add_weighted(graph, "conv2d_grouped", x, weights, 0, parts, {**window_attributes(window), "groups": groups})

    return Case(f"conv2d_grouped {size} {groups} x ({group_in}->{group_out}) {window} {parts}", add)


@st.composite
def linear_cases(draw: st.DrawFn) -> Case:
    rows = draw(st.sampled_from((1, 1, 2, 3, 4, 5, 7, 16, 19)))
    in_features, out_features = draw(st.sampled_from((*CHANNELS, 64, 257))), draw(st.sampled_from(CHANNELS))
    parts = draw(weighted_parts())

    def add(graph: CaseGraph) -> None:
        shape = (1, in_features) if rows == 1 else (1, rows, in_features)
        x = graph.activation(shape, parts["zero_point"])
        weights = _int8s(graph.rng, (out_features, in_features), parts["style"])
        add_weighted(graph, "linear", x, weights, 0, parts, {})

    return Case(f"linear {rows}x{in_features}->{out_features} {parts}", add)


@st.composite
def pool_cases(draw: st.DrawFn) -> Case:
    op = draw(st.sampled_from(("avg_pool2d", "max_pool2d")))
    window, size = draw(windows())
    sides = [min(side, window.kernel[axis // 2] // 2) for axis, side in enumerate(window.padding)]
    if draw(st.integers(0, 3)) == 0:  # all of the image: one output pixel, shared among cores by channels
        window, sides = Window(size, (1, 1), (0, 0, 0, 0)), [0, 0, 0, 0]
    dilation = window.dilation if op == "max_pool2d" else (1, 1)
    if dilation != (1, 1):
        sides = [0, 0, 0, 0]
    spans = [(window.kernel[axis] - 1) * dilation[axis] + 1 for axis in (0, 1)]
    size = (max(size[0], spans[0]), max(size[1], spans[1]))
    window = Window(window.kernel, window.stride, (sides[0], sides[1], sides[2], sides[3]), dilation)
    channels, zero_point, bounds = draw(st.sampled_from(CHANNELS)), draw(zero_points()), draw(activations())
    rounding = {"offset": 128} if op == "avg_pool2d" and draw(st.booleans()) else {}

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, channels), zero_point)
        graph.node(op, [x], zero_point, {**window_attributes(window), **bounds, **rounding}, scale=0.05)

    return Case(f"{op} {size} {channels} {window} {bounds} {rounding}", add)


@st.composite
def mean_cases(draw: st.DrawFn) -> Case:
    size = (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    channels, parts = draw(st.sampled_from(CHANNELS)), draw(weighted_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, *size, channels), parts["zero_point"])
        scale = np.array([{"high": 0.49, "shift": 2.5, "tflite": 1.2}[parts["form"]] / (size[0] * size[1])])
        if parts["form"] == "shift":
            scale = np.maximum(scale, 0.6)
        make = fixed_point.tflite_multiplier if parts["form"] == "tflite" else fixed_point.single_multiplier
        multiplier, shift = make(scale)
        name = f"c{len(graph.nodes)}"
        inputs = [x, graph.constant(f"{name}.m", multiplier), graph.constant(f"{name}.s", shift)]
        rounding = fixed_point.TFLITE if parts["form"] == "tflite" else fixed_point.SINGLE
        attributes = {"rounding": rounding, "act_min": parts["act_min"], "act_max": parts["act_max"]}
        graph.node("mean", inputs, parts["output_zero_point"], attributes)

    return Case(f"mean {size} {channels} {parts}", add)


@st.composite
def elementwise_cases(draw: st.DrawFn) -> Case:
    op = draw(st.sampled_from(("add", "clamp", "lut", "softmax", "concat", "pad")))
    shape = (1, draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.sampled_from(CHANNELS)))
    zero_point, other, bounds = draw(zero_points()), draw(zero_points()), draw(activations())
    scales = (draw(st.sampled_from((0.01, 0.05, 0.2))), draw(st.sampled_from((0.02, 0.05, 0.11))))
    sides = tuple(draw(st.integers(0, 2)) for _ in range(6))
    axis = draw(st.integers(1, 3))

    def add(graph: CaseGraph) -> None:
        x = graph.activation(shape, zero_point, scales[0])
        if op == "add":
            second = graph.activation(shape, other, scales[1])
            made = Tensor("y", shape, "int8", Quantization.per_tensor(0.1, 3))
            attributes = {**coefficients(graph.tensors[x], graph.tensors[second], made), **bounds}
            graph.node(op, [x, second], 3, attributes)
        elif op == "clamp":
            graph.node(op, [x], zero_point, bounds, scale=scales[0])
        elif op == "lut":
            table = graph.constant(f"c{len(graph.nodes)}.t", graph.rng.integers(-128, 128, 256).astype(np.int8))
            graph.node(op, [x, table], other, {})
        elif op == "softmax":
            from edgeq.ops.softmax import exp_table

            table = graph.constant(f"c{len(graph.nodes)}.t", exp_table(scales[0], shape[-1]))
            graph.node(op, [x, table], -128, {}, scale=1 / 256)
        elif op == "concat":
            wider = list(shape)
            wider[axis] += 3
            second = graph.activation(tuple(wider), zero_point, scales[0])
            graph.node(op, [x, second], zero_point, {"axis": axis}, scale=scales[0])
        else:
            graph.node(op, [x], zero_point, {"padding": sides, "value": zero_point}, scale=scales[0])

    return Case(f"{op} {shape} {zero_point} {other} {bounds} {scales} {sides} {axis}", add)
