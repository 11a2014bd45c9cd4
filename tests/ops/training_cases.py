"""Random nodes of training steps with float16 and float32 activations: gradients of layers with windows and of what
lies between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ops.float_types import FLOATS
from edgeq.ops.spatial import Window
from edgeq.ops.step_control import CONFIGURATION
from edgeq.ops.unary_gradient import SLOPES
from tests.ops.cases import CHANNELS, Case, CaseGraph, window_attributes, windows
from tests.ops.float_cases import PARAMETERS, groupings

TYPES = st.sampled_from(sorted(FLOATS))
WEIGHT_GRADIENTS = ("conv2d_wgrad", "conv2d_wgrad", "dwconv2d_wgrad")
INPUT_GRADIENTS = ("conv2d_igrad", "conv2d_igrad", "dwconv2d_igrad")
PER_CHANNEL = ("gain_gradient", "batch_statistics")
ELEMENTS = ("normalize_gradient", "gain_gradient", "softmax_gradient", "batch_statistics")
OTHERS = ("bias_gradient", "clamp_gradient", "mean_gradient", "avg_pool2d_gradient", "max_pool2d_gradient")


@st.composite
def layer_cases(draw: st.DrawFn) -> Case:
    """Weight and input gradients; weights of the latter are constants here, packed by the host."""
    op, dtype = draw(st.sampled_from(WEIGHT_GRADIENTS + INPUT_GRADIENTS)), draw(TYPES)
    window, size = draw(windows())
    if draw(st.integers(0, 2)) == 0:
        window = Window((1, 1), (1, 1), (0, 0, 0, 0))
    elif draw(st.integers(0, 4)) == 0:
        size = (max(size[0], 17), max(size[1], 18))  # more pixels than kernels gather at a time
    in_c = draw(st.sampled_from(CHANNELS))
    out_c = in_c if op.startswith("dw") else draw(st.sampled_from(CHANNELS))
    out = (1, *window.output_size(*size), out_c)
    image = (1, *size, in_c)
    attributes = window_attributes(window)

    def add(graph: CaseGraph) -> None:
        if op.endswith("wgrad"):
            inputs = [graph.activation(image, 0, 1.0, dtype), graph.activation(out, 0, 1.0, dtype)]
            graph.node(op, inputs, 0, attributes, 1.0, "float32")
            return
        shape = (*window.kernel, in_c) if op.startswith("dw") else (out_c, *window.kernel, in_c)
        weights = (graph.rng.standard_normal(shape) * (np.prod(shape) / in_c) ** -0.5).astype(dtype)
        inputs = [graph.activation(out, 0, 1.0, dtype), graph.constant(f"c{len(graph.nodes)}", weights)]
        graph.node(op, inputs, 0, {**attributes, "shape": image}, 1.0, dtype)

    return Case(f"{dtype} {op} {image} -> {out} {window}", add)


@st.composite
def other_cases(draw: st.DrawFn) -> Case:
    """Gradients of biases, activation functions, means and pools."""
    op, dtype = draw(st.sampled_from(OTHERS)), draw(TYPES)
    window, size = draw(windows(3))
    if op == "avg_pool2d_gradient":
        window = Window(window.kernel, window.stride, (0, 0, 0, 0))
    spans = [(window.kernel[axis] - 1) * window.dilation[axis] + 1 for axis in (0, 1)]
    image = (1, size[0] + spans[0], size[1] + spans[1], draw(st.sampled_from(CHANNELS)))
    out = (1, *window.output_size(*image[1:3]), image[3])
    bounds = draw(st.sampled_from(((0.0, None), (0.0, 6.0), (-0.5, 0.5), (None, 1.0))))

    def add(graph: CaseGraph) -> None:
        attributes: dict[str, Any] = {}
        inputs, stored = [], dtype
        if op == "bias_gradient":
            inputs, stored = [image], "float32"
        elif op == "clamp_gradient":
            inputs, attributes = [image, image], {"bounds": bounds}
        elif op == "mean_gradient":
            inputs, attributes = [(1, 1, 1, image[3])], {"shape": image}
        elif op == "avg_pool2d_gradient":
            inputs, attributes = [out], {**window_attributes(window), "shape": image}
        else:
            inputs, attributes = [image, out], window_attributes(window)
        names = [graph.activation(shape, 0, 1.0, dtype) for shape in inputs]
        graph.node(op, names, 0, attributes, 1.0, stored)

    return Case(f"{dtype} {op} {image} -> {out} {window} {bounds}", add)


@st.composite
def element_cases(draw: st.DrawFn, op: str, function: str = "") -> Case:
    """Gradients of normalizations, softmaxes and functions of one operand."""
    dtype = draw(TYPES)
    shape = (1, *draw(st.lists(st.integers(1, 5), max_size=2)), draw(st.sampled_from(CHANNELS)))
    groups, centred = draw(groupings(shape[-1])), draw(st.booleans())

    def add(graph: CaseGraph) -> None:
        inputs = [graph.activation(shape, 0, 1.0, dtype)]
        attributes: dict[str, Any] = {}
        if op == "batch_statistics":
            further = (1, 2, shape[-1]), (1, CONFIGURATION)
            inputs += [graph.activation(sizes, 0, 1.0, "float32") for sizes in further]
        else:
            inputs.append(graph.activation(shape, 0, 1.0, dtype))
        if op == "normalize_gradient":
            gain = graph.rng.standard_normal(shape[-1]).astype(np.float32)
            inputs.append(graph.constant(f"c{len(graph.nodes)}", gain))
            attributes = {"groups": groups, "centred": centred, "eps": 1e-5}
        elif op == "softmax_gradient":
            attributes = {"beta": 0.7}
        elif op == "unary_gradient":
            attributes = {"function": function.removesuffix("_tanh"), **PARAMETERS.get(function, {})}
        graph.node(op, inputs, 0, attributes, 1.0, "float32" if op in PER_CHANNEL else dtype)

    return Case(f"{dtype} {op} {shape} {groups=} {centred=} {function}", add)


CASES: dict[str, tuple[tuple[st.SearchStrategy[Case], int], ...]] = {
    "training": ((layer_cases() | layer_cases() | other_cases(), 40),),
    "training_elements": (
        *((element_cases(op), 8) for op in ELEMENTS),
        *((element_cases("unary_gradient", function), 2) for function in SLOPES),
    ),
}
