"""What conv2d, dwconv2d and linear share: integer weights per output channel, int32 bias, requantization.

Float node inputs: (x, weights, bias). Integer node inputs: (x, weights int8, bias int32, multiplier int32, shift int8);
the bias is stored without the input's zero point, which `folded_bias` adds for the kernels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import fixed_point, weight_types
from edgeq.ops.base import TUNED, TUNED_LAYER, Constant
from edgeq.ops.weight_types import WeightType

if TYPE_CHECKING:
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
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


def weight_scales(
    weights: np.ndarray,
    bias: np.ndarray,
    axis: int,
    input_scale: float,
    floor: float,
    stored: WeightType = weight_types.INT8,
) -> np.ndarray:
    """Symmetric per-channel scales: largest magnitude / largest level of the type, within `bounded_scales`."""
    largest = np.abs(weights).max(axis=other_axes(weights, axis)).astype(np.float64)
    return bounded_scales(largest / stored.largest, bias, input_scale, floor)


def bounded_scales(scales: np.ndarray, bias: np.ndarray, input_scale: float, floor: float) -> np.ndarray:
    """The scales, but never so small that the bias leaves int32. `floor` replaces those of channels that are all
    zero."""
    return np.maximum(np.maximum(scales, np.abs(bias).astype(np.float64) / (input_scale * 2.0**29)), floor)


def other_axes(weights: np.ndarray, axis: int) -> tuple[int, ...]:
    """The axes of the weights of one channel."""
    return tuple(index for index in range(weights.ndim) if index != axis)


def scale_floor(input_scale: float, output_scale: float) -> float:
    """The least scale of weights whose requantization can be expressed."""
    return output_scale / input_scale * 2.0**-24


def rounded(
    weights: np.ndarray,
    scales: np.ndarray,
    axis: int,
    stored: WeightType = weight_types.INT8,
    multipliers: np.ndarray = weight_types.ONE,
) -> np.ndarray:
    """int8 weights, to the nearest level in steps of each channel's scale; `multipliers` of types with groups, one a
    weight."""
    shape = [-1 if index == axis else 1 for index in range(weights.ndim)]
    return stored.nearest(weights / scales.reshape(shape), multipliers)


def largest_sums(weights: np.ndarray, bias: np.ndarray, axis: int) -> np.ndarray:
    """int64: what the magnitude of a channel's sum stays below, for integer weights and bias and any input bytes."""
    return 255 * np.abs(weights.astype(np.int64)).sum(axis=other_axes(weights, axis)) + np.abs(bias)


def bias_operand(call: TfliteCall | OnnxCall, index: int, channels: int) -> str:
    """Name of an operator's bias, zeros when it has none."""
    importer, bias = call.importer, call.optional(index)
    if bias is None:
        return importer.constant(np.zeros(channels, np.float32))
    if importer.constant_array(bias, "the bias of a layer").shape != (channels,):
        raise importer.unsupported(f"a bias of shape {importer.shape(bias)}", f"{channels} values, one per channel")
    return bias


def tflite_attributes(call: TfliteCall, single: Quantization | None = None) -> dict[str, Any]:
    """Attribute of layers whose input and weight scales TensorFlow Lite multiplies in float32: those of uint8 models,
    and linear ones whose weights (`single`: how they are stored) have one scale."""
    whole = single is not None and single.axis is None
    return {"single_product": True} if call.is_unsigned() or whole else {}


def _output_ratio(node: Node, x: Tensor, scales: np.ndarray, output: Tensor) -> np.ndarray:
    """Scale of a channel's products in units of the output's."""
    if node.attributes.get("single_product"):
        return (np.float32(x.scale) * scales.astype(np.float32)).astype(np.float64) / output.scale
    return x.scale * scales / output.scale


def quantize(converter: Converter, node: Node, axis: int, widens: bool = False) -> None:
    """Adds the integer form of a weighted node; `axis` is the output channel axis of its weights. `widens`: it may make
    int16 of int8.

    Weights and bias that the file holds as integers are kept; others are rounded to symmetric scales per channel.
    """
    x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
    rounding = node.attributes.get("rounding", fixed_point.SINGLE)
    if output.dtype == "int16" and not (widens and x.dtype == "int8" and rounding == fixed_point.TFLITE):
        _quantize_wide(converter, node, axis, x, output)
        return
    floor = scale_floor(x.scale, output.scale)
    weights_q, stored = integer_weights(converter.source, node, axis, x.scale, floor)
    scales = stored.scale
    bias_q = _integer_bias(converter.source, node, x.scale * scales, rounding)
    largest = largest_sums(weights_q, bias_q, axis)
    if np.any(largest >= 2**31):
        raise EdgeqError(
            f"layer {node.name}: an int32 accumulator could overflow with {weights_q[0].size} products a sum; "
            "split the layer"
        )
    ratio = _output_ratio(node, x, scales, output)
    if np.any(largest * ratio >= 2**31):
        raise EdgeqError(
            f"layer {node.name}: its outputs stay within {output.scale * 255:.3g} on the calibration data, far below "
            "what its weights can produce; calibrate with data that uses this layer"
        )
    multiplier, shift = fixed_point.multiplier(ratio, rounding)
    name = node.name
    inputs = (
        x.name,
        converter.constant(f"{name}.weights", weights_q, stored),
        converter.constant(f"{name}.bias", bias_q.astype(np.int32), Quantization(x.scale * scales, 0, 0, "int32")),
        converter.constant(f"{name}.multiplier", multiplier),
        converter.constant(f"{name}.shift", shift),
    )
    bounds = converter.activation_range(node, output)
    converter.add(node, inputs, output, **{**bounds, "rounding": rounding})


def _quantize_wide(converter: Converter, node: Node, axis: int, x: Tensor, output: Tensor) -> None:
    """The form with int16 activations (TensorFlow Lite's 16x8): int64 bias and sums, 15-bit multipliers; with an int32
    bias, or without one where TensorFlow Lite's sums have 32 bits then (attribute narrow_sums), two roundings."""
    if x.dtype != "int16" or x.zero_point or output.zero_point:
        raise EdgeqError(
            f"layer {node.name}: an int16 output needs an int16 input, both with zero point 0; convert the model anew"
        )
    floor = scale_floor(x.scale, output.scale)
    weights_q, stored = integer_weights(converter.source, node, axis, x.scale, floor)
    scales = stored.scale
    bias_q = _integer_bias(converter.source, node, x.scale * scales, fixed_point.TFLITE)
    bias = converter.source.tensor(node.inputs[2])
    twice = bias.dtype == "int32" or node.attributes.get("narrow_sums")
    rounding = fixed_point.WIDE_TWICE if twice else fixed_point.WIDE
    to_integers = fixed_point.wide_multiplier if rounding == fixed_point.WIDE else fixed_point.tflite_multiplier
    multiplier, shift = to_integers(_output_ratio(node, x, scales, output))
    name = node.name
    inputs = (
        x.name,
        converter.constant(f"{name}.weights", weights_q, stored),
        converter.constant(f"{name}.bias", bias_q, Quantization(x.scale * scales, 0, 0, "int64")),
        converter.constant(f"{name}.multiplier", multiplier),
        converter.constant(f"{name}.shift", shift),
    )
    bounds = converter.activation_range(node, output)
    converter.add(node, inputs, output, **{**bounds, "rounding": rounding})


def centred(graph: Graph, node: Node, x: np.ndarray) -> np.ndarray:
    """The input without its zero point, in a type that holds it."""
    wide: Any = np.int16 if x.dtype == np.int8 else np.int32
    return x.astype(wide) - wide(graph.tensor(node.inputs[0]).zero_point)


def integer_weights(
    graph: Graph, node: Node, axis: int, input_scale: float, floor: float
) -> tuple[np.ndarray, Quantization]:
    """(int8 weights, their quantization with a float64 scale per output channel)."""
    stored = graph.tensor(node.inputs[1])
    channels = stored.shape[axis]
    if stored.quantization is not None and stored.dtype == "int8" and stored.quantization.zero_point == 0:
        if stored.quantization.axis not in (None, axis):
            raise EdgeqError(
                f"layer {node.name}: its weights have scales along axis {stored.quantization.axis} of "
                f"{list(stored.shape)}, not per output channel; quantize them per tensor or per output channel"
            )
        assert stored.data is not None
        scales = np.broadcast_to(stored.quantization.scale, channels).copy()
        kept = Quantization(scales, 0, axis, stored.quantization.dtype)
        real_bias = graph.tensor(node.inputs[2]).quantization is None
        if real_bias and node.attributes.get("rounding", fixed_point.SINGLE) == fixed_point.SINGLE:
            return _expressible(stored.data, kept, graph.real_constant(node.inputs[2]), input_scale, floor)
        return stored.data, kept
    weights = graph.real_constant(node.inputs[1])
    scales = weight_scales(weights, graph.real_constant(node.inputs[2]), axis, input_scale, floor)
    return rounded(weights, scales, axis), Quantization(scales, 0, axis)


def _expressible(
    weights: np.ndarray, stored: Quantization, bias: np.ndarray, input_scale: float, floor: float
) -> tuple[np.ndarray, Quantization]:
    """Integer weights with their scales, rounded anew in channels whose scale is too small for `bounded_scales`: those
    that a batch norm multiplies by next to nothing."""
    assert stored.axis is not None
    scales = bounded_scales(stored.scale, bias, input_scale, floor)
    small = scales > stored.scale
    if not np.any(small):
        return weights, stored
    kind = weight_types.TYPES.get(stored.dtype, weight_types.INT8)
    anew = rounded(stored.real(weights), scales, stored.axis, kind)
    shape = [-1 if index == stored.axis else 1 for index in range(weights.ndim)]
    return np.where(small.reshape(shape), anew, weights), replace(stored, scale=scales)


def _integer_bias(graph: Graph, node: Node, scales: np.ndarray, rounding: str) -> np.ndarray:
    """int64 bias in units of `scales` (input scale times weight scale, per channel)."""
    stored = graph.tensor(node.inputs[2])
    if stored.quantization is not None and stored.data is not None:
        same = np.allclose(stored.quantization.scale, scales, rtol=1e-5, atol=0.0)
        if rounding == fixed_point.TFLITE or same:
            return stored.data.astype(np.int64)
    return np.rint(graph.real_constant(node.inputs[2]) / scales).astype(np.int64)


def output_zero_point(graph: Graph, node: Node) -> int:
    """Zero point of the requantized sums: the output's, unless an add comes behind them (edgeq/ops/residual.py)."""
    own = graph.tensor(node.outputs[0]).zero_point
    return int(node.attributes.get("requantized_zero_point", own))


def requantize(graph: Graph, node: Node, acc: np.ndarray) -> np.ndarray:
    """Integer output of the node's int64 accumulators (channels last)."""
    k = node.attributes
    if k["rounding"] == fixed_point.WIDE:
        m, s = graph.constant(node.inputs[3]), graph.constant(node.inputs[4])
        return fixed_point.requantize_wide(acc, m, s, output_zero_point(graph, node), k["act_min"], k["act_max"])
    if k["rounding"] == fixed_point.WIDE_TWICE:
        scaled = fixed_point.scale_accumulator(
            acc, graph.constant(node.inputs[3]), graph.constant(node.inputs[4]), fixed_point.TFLITE
        )
        return np.clip(scaled + output_zero_point(graph, node), k["act_min"], k["act_max"]).astype(np.int16)
    return fixed_point.requantize(
        acc,
        graph.constant(node.inputs[3]),
        graph.constant(node.inputs[4]),
        node.attributes["rounding"],
        output_zero_point(graph, node),
        node.attributes["act_min"],
        node.attributes["act_max"],
        graph.tensor(node.outputs[0]).dtype,
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
    """The requantization form; for layers whose weights are trained the one for all scales."""
    found = fixed_point.form_of(graph.constant(node.inputs[4]), node.attributes["rounding"])
    return "shift" if found == "high" and node.attributes.get(TUNED) == TUNED_LAYER else found


def requant_parameters(graph: Graph, node: Node) -> dict[str, int]:
    rounding = node.attributes["rounding"]
    wide = rounding in (fixed_point.WIDE, fixed_point.WIDE_TWICE)
    twice = {"twice": int(rounding == fixed_point.WIDE_TWICE)} if wide else {}
    return {
        **twice,
        "output_zero_point": output_zero_point(graph, node),
        "act_min": node.attributes["act_min"],
        "act_max": node.attributes["act_max"],
    }
