"""QuantizeLinear and DequantizeLinear: what they say about how values are stored.

uint8 values are stored as int8 with 128 taken from value and zero point, which stand for the same real numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.frontend.importer import LEAST_SCALE
from edgeq.frontend.onnx.call import Constant, OnnxCall
from edgeq.frontend.onnx.model import OnnxNode
from edgeq.ir.graph import Quantization

#: types that activations may be stored in -> (type in the graph, what is taken from value and zero point)
STORED = {"int8": ("int8", 0), "uint8": ("int8", 128)}
#: types of constants that are kept as integers
KEPT = {**STORED, "int32": ("int32", 0)}


def quantize(call: OnnxCall) -> str:
    """QuantizeLinear of an activation: prescribes how it is stored; a second, different one rescales."""
    return call.importer.stored_as(call.activation(), of_activation(call))


def dequantize(call: OnnxCall) -> str | Constant:
    """DequantizeLinear: the graph's activations are real numbers already; a constant gets its meaning."""
    known = call.constant(0)
    if known is not None:
        return meaning(call, known.data, 1, 2, call.attribute("axis", 1))
    x = call.input(0)
    stored_integers(call, x, 1, 2)
    return x


def stored_integers(call: OnnxCall, x: str, scale_index: int, zero_index: int) -> Quantization:
    """What the operator says about its operand of integers `x`, which must be what its maker says. Operators that move
    integers (pools, reshapes) say nothing: there it counts."""
    stored, before = of_activation(call, scale_index, zero_index), call.importer.storage(x)
    if before is None:
        call.importer.prescribe(x, stored)
    elif not before.same_as(stored):
        raise call.importer.unsupported(
            "an operand with another scale than it was stored with", "a model as its quantizer writes it"
        )
    return stored


def moved(node: OnnxNode, constant: Constant) -> Constant:
    """A transposed (or untouched) constant, its integers kept."""
    quantization = constant.quantization
    assert quantization is not None
    if node.op != "Transpose":
        return Constant(constant.data, quantization)
    perm = tuple(node.attributes.get("perm", range(constant.data.ndim)[::-1]))
    if quantization.axis is not None:
        quantization = replace(quantization, axis=perm.index(quantization.axis))
    return Constant(np.ascontiguousarray(constant.data.transpose(perm)), quantization)


def scale_of(call: OnnxCall, index: int) -> np.ndarray:
    """The scales of a constant operand, checked."""
    scale = call.values(index, "scales").astype(np.float64).reshape(-1)
    if scale.size == 0 or not np.all((scale >= LEAST_SCALE) & (scale <= 1 / LEAST_SCALE)):
        raise call.importer.unsupported(f"a scale outside {LEAST_SCALE:g}..", "a model as its quantizer writes it")
    if call.attribute("block_size", 0):
        raise call.importer.unsupported("a quantization in blocks", "scales per tensor or per output channel")
    return scale


def of_activation(call: OnnxCall, scale_index: int = 1, zero_index: int = 2) -> Quantization:
    """How an activation with that scale and zero point is stored."""
    scale = scale_of(call, scale_index)
    zero_point = call.constant(zero_index)
    kind = "uint8" if zero_point is None else str(zero_point.data.dtype)
    zero = np.zeros(1, np.int64) if zero_point is None else zero_point.data.reshape(-1).astype(np.int64)
    if kind not in STORED or scale.size != 1 or zero.size != 1:
        raise call.importer.unsupported(
            f"an activation stored as {kind} with {scale.size} scale(s)", "int8 or uint8 with one scale"
        )
    stored, offset = STORED[kind]
    return Quantization(scale, int(zero[0]) - offset, None, stored)


def meaning(call: OnnxCall, data: np.ndarray, scale_index: int, zero_index: int, axis: int) -> Constant:
    """A constant of integers with scales per tensor or along `axis`: kept where their distances from zero fit the
    type; else its real values."""
    scale = scale_of(call, scale_index)
    given = call.constant(zero_index)
    zero = np.zeros(scale.size, np.int64) if given is None else given.data.reshape(-1).astype(np.int64)
    if data.dtype.kind not in "iu" or zero.size not in (1, scale.size):
        raise call.importer.unsupported(f"a DequantizeLinear of {data.dtype}", "integers with a zero point each")
    per_channel = scale.size > 1
    if per_channel and (not -data.ndim <= axis < data.ndim or data.shape[axis] != scale.size):
        raise call.importer.unsupported(f"{scale.size} scales along axis {axis} of {data.shape}", "one per channel")
    shape = [-1 if per_channel and at == axis % data.ndim else 1 for at in range(data.ndim)]
    centred = data.astype(np.int64) - zero.reshape(shape if zero.size > 1 else [1] * data.ndim)
    kept = KEPT.get(str(data.dtype), ("", 0))[0]
    if kept and centred.min(initial=0) >= np.iinfo(kept).min and centred.max(initial=0) <= np.iinfo(kept).max:
        along = axis % data.ndim if per_channel else None
        return Constant(centred.astype(kept), Quantization(scale, 0, along, kept))
    real = centred * scale.reshape(shape if per_channel else [1] * data.ndim)
    return Constant(real.astype(np.float32))
