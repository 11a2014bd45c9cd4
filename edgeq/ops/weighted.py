"""What conv2d, dwconv2d and linear share: integer weights per output channel, int32 bias, requantization.

Float node inputs: (x, weights, bias). Integer node inputs: (x, weights int8, bias int32, multiplier int32, shift int8);
the bias is stored without the input's zero point, which `folded_bias` adds for the kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization
from edgeq.ops import fixed_point
from edgeq.ops.base import Constant

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter


#: attribute of nodes in the form that kernels read: the name of their offsets (edgeq/lower/requantize.py)
OFFSET = "requantization_offset"


def accumulator_range(graph: Graph, node: Node, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value (int64) that each channel's accumulator can have for any input bytes."""
    weights = graph.constant(node.inputs[1]).astype(np.int64)
    others = tuple(i for i in range(weights.ndim) if i != axis)
    positive, negative = np.maximum(weights, 0).sum(axis=others), np.minimum(weights, 0).sum(axis=others)
    bias = graph.constant(node.inputs[2]).astype(np.int64)
    zero_point = graph.tensor(node.inputs[0]).zero_point
    below, above = -128 - zero_point, 127 - zero_point
    return bias + positive * below + negative * above, bias + positive * above + negative * below


def weight_scales(weights: np.ndarray, bias: np.ndarray, axis: int, input_scale: float, floor: float) -> np.ndarray:
    """Symmetric per-channel scales: largest magnitude / 127, but never so small that the bias leaves int32.

    `floor` replaces the scale of channels that are all zero.
    """
    others = tuple(i for i in range(weights.ndim) if i != axis)
    largest = np.abs(weights).max(axis=others).astype(np.float64)
    scale = np.maximum(largest / 127.0, np.abs(bias).astype(np.float64) / (input_scale * 2.0**29))
    return np.maximum(scale, floor)


def quantize(converter: Converter, node: Node, axis: int) -> None:
    """Adds the int8 form of a weighted node; `axis` is the output channel axis of its weights."""
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    weights = converter.source.constant(node.inputs[1])
    channels = weights.shape[axis]
    bias = converter.source.constant(node.inputs[2])
    floor = output.scale / x.scale * 2.0**-24
    scales = weight_scales(weights, bias, axis, x.scale, floor)
    shape = [1] * weights.ndim
    shape[axis] = channels
    weights_q = np.clip(np.rint(weights / scales.reshape(shape)), -127, 127).astype(np.int8)
    bias_q = np.rint(bias / (x.scale * scales)).astype(np.int64)
    magnitude = np.abs(weights_q.astype(np.int64)).sum(axis=tuple(i for i in range(weights.ndim) if i != axis))
    if np.any(255 * magnitude + np.abs(bias_q) >= 2**31):
        raise EdgeqError(
            f"layer {node.name}: an int32 accumulator could overflow with {weights[0].size} products a sum; "
            "split the layer"
        )
    ratio = x.scale * scales / output.scale
    if np.any((255 * magnitude + np.abs(bias_q)) * ratio >= 2**31):
        raise EdgeqError(
            f"layer {node.name}: its outputs stay within {output.scale * 255:.3g} on the calibration data, far below "
            "what its weights can produce; calibrate with data that uses this layer"
        )
    multiplier, shift = fixed_point.single_multiplier(ratio)
    name = node.name
    inputs = (
        x.name,
        converter.constant(f"{name}.weights", weights_q, Quantization(scales, 0, axis)),
        converter.constant(f"{name}.bias", bias_q.astype(np.int32), Quantization(x.scale * scales, 0, 0)),
        converter.constant(f"{name}.multiplier", multiplier),
        converter.constant(f"{name}.shift", shift),
    )
    converter.add(node, inputs, output, rounding=fixed_point.SINGLE, **converter.activation_range(node, output))


def output_zero_point(graph: Graph, node: Node) -> int:
    """Zero point of the requantized sums: the output's, unless an add comes behind them (edgeq/ops/residual.py)."""
    own = graph.tensor(node.outputs[0]).zero_point
    return int(node.attributes.get("requantized_zero_point", own))


def requantize(graph: Graph, node: Node, acc: np.ndarray) -> np.ndarray:
    """int8 output of the node's int64 accumulators (channels last)."""
    return fixed_point.requantize(
        acc,
        graph.constant(node.inputs[3]),
        graph.constant(node.inputs[4]),
        node.attributes["rounding"],
        output_zero_point(graph, node),
        node.attributes["act_min"],
        node.attributes["act_max"],
    )


def folded_bias(graph: Graph, node: Node, axis: int) -> np.ndarray:
    """int32 bias with the input's zero point folded in: bias - zero_point * sum of the channel's weights.

    The sum wraps modulo 2^32 as the accumulator does, so the total stays exact.
    """
    weights = graph.constant(node.inputs[1]).astype(np.int64)
    total = weights.sum(axis=tuple(i for i in range(weights.ndim) if i != axis))
    bias = graph.constant(node.inputs[2]).astype(np.int64) - graph.tensor(node.inputs[0]).zero_point * total
    return bias.astype(np.int32)


def requant_constants(graph: Graph, node: Node) -> dict[str, Constant]:
    """The arrays behind eq_requant_t; `shift` only where the form reads it."""
    shift = graph.constant(node.inputs[4])
    constants = {"multiplier": Constant("int32_t", graph.constant(node.inputs[3]))}
    if form(graph, node) != "high":
        constants["shift"] = Constant("int8_t", shift)
    if OFFSET in node.attributes:
        constants["offset"] = Constant("int32_t", graph.constant(node.attributes[OFFSET]))
    return constants


def form(graph: Graph, node: Node) -> str:
    return fixed_point.form_of(graph.constant(node.inputs[4]), node.attributes["rounding"])


def requant_parameters(graph: Graph, node: Node) -> dict[str, int]:
    return {
        "output_zero_point": output_zero_point(graph, node),
        "act_min": node.attributes["act_min"],
        "act_max": node.attributes["act_max"],
    }
