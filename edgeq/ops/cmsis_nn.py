"""Arm's CMSIS-NN as a kernel family: entries that call its functions where these give the reference's numbers.

CMSIS-NN requantizes in one of two ways, chosen by a macro when it is compiled. With CMSIS_NN_USE_SINGLE_ROUNDING

    y = floor((acc * multiplier + 2^(30 - shift)) / 2^(31 - shift)),

which is the rule "single" (fixed_point.py) with shift = 31 - s; without it, TensorFlow Lite's double rounding, the rule
"tflite" with shift = exponent. A network is linked against one library: with a layer of TensorFlow Lite's rounding the
one for that, otherwise the one for a single rounding; layers of the other rule keep our kernels.

Its sums are those of the definition modulo 2^32 in any order, so they are equal as long as they fit; so are average and
maximum pools. A sum of two tensors and a softmax are equal to TensorFlow Lite's reference kernels only, since edgeq
rounds them otherwise in networks that it quantizes itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import fixed_point, weighted
from edgeq.ops.base import TUNED, Constant, Kernel
from edgeq.ops.spatial import Window
from edgeq.packing import cmsis_nn as buffers

LIBRARY = "CMSIS-NN"
#: the kernel family of a core: its prefix before the board's own first family
PREFIX = "cmsis_nn_"
#: sizes and lengths of sums up to which its counters of 16 bits hold them
LARGEST = 2**15 - 1
OTHER_CONSTANTS = "its constants are not those of its tensors' scales"
#: operators whose numbers depend on how it rounds
ROUNDING = ("conv2d", "dwconv2d", "linear", "add")

GeometryOf = Callable[[Graph, Node], dict[str, int]]
Obstacle = Callable[[Graph, Node], str | None]
Pack = Callable[[Graph, Node], dict[str, Constant]]
Scratch = Callable[[Graph, Node, str], int]
#: what keeps a function on one kind of core from a node, or None
Limit = Callable[[Graph, Node, str], str | None]


def library_rounding(graph: Graph) -> str:
    """The rounding that the library is compiled for."""
    roundings = {node.attributes.get("rounding") for node in graph.nodes if node.op in ROUNDING}
    return fixed_point.TFLITE if fixed_point.TFLITE in roundings else fixed_point.SINGLE


def _no_constants(graph: Graph, node: Node) -> dict[str, Constant]:
    return {}


def _no_scratch(graph: Graph, node: Node, core: str) -> int:
    return 0


def _no_limit(graph: Graph, node: Node, core: str) -> str | None:
    return None


def kernels(
    op: str,
    function: str,
    parameters: GeometryOf,
    obstacle: Obstacle,
    pack: Pack,
    scratch: Scratch,
    limit: Limit = _no_limit,
) -> tuple[Kernel, ...]:
    """A kernel of the operator for every kind of core; `function` is what it calls."""

    def kernel(core: str) -> Kernel:
        def all_parameters(graph: Graph, node: Node) -> dict[str, Any]:
            return {**parameters(graph, node), "scratch_bytes": scratch(graph, node, core)}

        return Kernel(
            f"eq_{op}_s8_cmsis_nn",
            f"{PREFIX}{core}",
            f"{op}/eq_{op}_s8_cmsis_nn.c",
            units=lambda graph, node: 1,
            applies=lambda graph, node: obstacle(graph, node) or limit(graph, node, core),
            pack=pack,
            scratch_bytes=lambda graph, node: scratch(graph, node, core),
            why=f"{function} of {LIBRARY}",
            family="cmsis_nn",
            parameters=all_parameters,
            library=LIBRARY,
        )

    return tuple(map(kernel, buffers.CORES))


def weighted_obstacle(graph: Graph, node: Node, axis: int) -> str | None:
    """Why CMSIS-NN gives other numbers for a layer with weights (output channels along `axis`), or None."""
    if TUNED in node.attributes:
        return "its constants are replaced by trained ones, in the order of our kernels"
    if len(node.inputs) > 5:
        return "it adds a residual"
    rounding = node.attributes["rounding"]
    if rounding != library_rounding(graph):
        return f"it rounds by the rule {rounding}, and the library is compiled for the network's other rule"
    shift = graph.constant(node.inputs[4]).astype(np.int64)
    left = 32 - shift if rounding == fixed_point.SINGLE else np.maximum(shift, 0)
    low, high = weighted.accumulator_range(graph, node, axis)
    if np.any(np.maximum(-low, high) << left >= 2**31):
        return "its sums, shifted left before they are scaled, could leave 32 bits"
    if rounding == fixed_point.TFLITE and np.any(shift < -30):
        return "a scale below 2^-31"
    sizes = [size for name in (node.inputs[0], node.outputs[0]) for size in graph.tensor(name).shape]
    products = graph.tensor(node.inputs[1]).elements // graph.tensor(node.inputs[1]).shape[axis]
    if max(*sizes, products) > LARGEST:
        return "a size that does not fit 16 bits"
    return None


def _windowed(axis: int) -> Obstacle:
    def obstacle(graph: Graph, node: Node) -> str | None:
        window = Window.of(node.attributes)
        spans = [(size - 1) * step + 1 for size, step in zip(window.kernel, window.dilation, strict=True)]
        rows, columns = window.padding[:2], window.padding[2:]
        if min(window.padding) < 0 or max(rows) >= spans[0] or max(columns) >= spans[1]:
            return "padding as wide as the window, or cropping"
        return weighted_obstacle(graph, node, axis)

    return obstacle


def _constants(axis: int, folded: bool = False) -> Pack:
    """Weights as they are; the bias without the input's zero point, or with it (`folded`)."""

    def constants(graph: Graph, node: Node) -> dict[str, Constant]:
        shift = graph.constant(node.inputs[4]).astype(np.int32)
        if node.attributes["rounding"] == fixed_point.SINGLE:
            shift = np.int32(31) - shift
        bias = weighted.folded_bias(graph, node, axis) if folded else graph.constant(node.inputs[2])
        return {
            "weights": Constant("int8_t", graph.constant(node.inputs[1])),
            "bias": Constant("int32_t", bias.astype(np.int32)),
            "multipliers": Constant("int32_t", graph.constant(node.inputs[3])),
            "shifts": Constant("int32_t", shift),
        }

    return constants


def _convolution(geometry: GeometryOf) -> GeometryOf:
    def parameters(graph: Graph, node: Node) -> dict[str, int]:
        zero_point = graph.tensor(node.inputs[0]).zero_point
        requant = weighted.requant_parameters(graph, node)
        return {**geometry(graph, node), "input_zero_point": zero_point, **requant}

    return parameters


def conv2d(geometry: GeometryOf) -> tuple[Kernel, ...]:
    """Kernels of conv2d; `geometry`: its integers."""

    def scratch(graph: Graph, node: Node, core: str) -> int:
        return buffers.scratch_conv2d(geometry(graph, node), core)

    def limit(graph: Graph, node: Node, core: str) -> str | None:
        g = geometry(graph, node)
        if core != buffers.MVE or buffers.is_pointwise(g) or not buffers.is_one_row(g) or buffers.takes_one_row(g):
            return None
        return "a row whose padding before and behind its function for Helium can't have"

    function, constants = "arm_convolve_wrapper_s8", _constants(axis=0)
    return kernels("conv2d", function, _convolution(geometry), _windowed(axis=0), constants, scratch, limit)


def dwconv2d(geometry: GeometryOf) -> tuple[Kernel, ...]:
    """Kernels of dwconv2d."""

    def scratch(graph: Graph, node: Node, core: str) -> int:
        return buffers.scratch_dwconv2d(geometry(graph, node), core)

    def limit(graph: Graph, node: Node, core: str) -> str | None:
        g = geometry(graph, node)
        if core == buffers.MVE or not buffers.is_small_depthwise(g) or buffers.overhang(g) <= 1:
            return None
        return "two columns of padding behind the image, of which its function for 3x3 leaves out one"

    function, constants = "arm_depthwise_conv_wrapper_s8", _constants(axis=2)
    return kernels("dwconv2d", function, _convolution(geometry), _windowed(axis=2), constants, scratch, limit)


def linear(sizes: GeometryOf) -> tuple[Kernel, ...]:
    """Kernels of linear, with a scale per channel. The library is told that the input has no zero point and gets the
    bias with it folded in, also as the buffer that it wants for Helium, which holds what a channel's sum begins
    with."""

    def parameters(graph: Graph, node: Node) -> dict[str, int]:
        return {**sizes(graph, node), **weighted.requant_parameters(graph, node)}

    def obstacle(graph: Graph, node: Node) -> str | None:
        return weighted_obstacle(graph, node, 0)

    function = "arm_fully_connected_per_channel_s8"
    return kernels("linear", function, parameters, obstacle, _constants(0, folded=True), _no_scratch)


def pool2d(op: str, parameters: GeometryOf) -> tuple[Kernel, ...]:
    """Kernels of avg_pool2d or max_pool2d; `parameters`: the integers of the pool."""

    def obstacle(graph: Graph, node: Node) -> str | None:
        padding, kernel = node.attributes["padding"], node.attributes["kernel"]
        if node.attributes.get("dilation", (1, 1)) != (1, 1):
            return "dilation"
        if node.attributes.get("offset", 0):
            return "averages of bytes less 128 are rounded otherwise"
        if min(padding) < 0 or max(padding[:2]) >= kernel[0] or max(padding[2:]) >= kernel[1]:
            return "windows that may lie in the padding alone"
        return None

    def scratch(graph: Graph, node: Node, core: str) -> int:
        channels = graph.tensor(node.inputs[0]).shape[-1]
        return buffers.scratch_avg_pool2d(channels, core) if op == "avg_pool2d" else 0

    function = "arm_avgpool_s8" if op == "avg_pool2d" else "arm_max_pool_s8"
    return kernels(op, function, parameters, obstacle, _no_constants, scratch)


def _only_tflite(graph: Graph, node: Node, what: str) -> str | None:
    if node.attributes.get("rounding") == fixed_point.TFLITE:
        return None
    return f"{what} is rounded by edgeq's own rule, not by TensorFlow Lite's"


def add(integers: GeometryOf, of_scales: Callable[[Graph, Node], bool]) -> tuple[Kernel, ...]:
    """Kernels of add; `integers`: those of TensorFlow Lite's sum (ops/add.py), `of_scales`: whether the node's
    constants are what the scales of its tensors make of them."""

    def obstacle(graph: Graph, node: Node) -> str | None:
        reason = _only_tflite(graph, node, "the sum")
        if reason is not None:
            return reason
        if any(sign < 0 for sign in node.attributes.get("signs", ())):
            return "a difference"
        k = integers(graph, node)
        if not of_scales(graph, node):
            return OTHER_CONSTANTS
        return "a scale of 1 or more" if max(k["shift1"], k["shift2"], k["sum_shift"]) > 0 else None

    return kernels("add", "arm_elementwise_add_s8", integers, obstacle, _no_constants, _no_scratch)


def softmax(integers: GeometryOf, of_scales: Callable[[Graph, Node], bool]) -> tuple[Kernel, ...]:
    """Kernels of softmax; `integers`: those of TensorFlow Lite's reference kernel (ops/softmax.py), `of_scales`: as of
    add."""

    def obstacle(graph: Graph, node: Node) -> str | None:
        reason = _only_tflite(graph, node, "the softmax")
        if reason is not None:
            return reason
        if not of_scales(graph, node):
            return OTHER_CONSTANTS
        return "a scale that takes a right shift" if integers(graph, node)["shift"] < 0 else None

    return kernels("softmax", "arm_softmax_s8", integers, obstacle, _no_constants, _no_scratch)
