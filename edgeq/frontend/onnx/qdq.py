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
    importer, x = call.importer, call.activation()
    target = _of_activation(call)
    before = importer.storage(x)
    if before is None:
        importer.prescribe(x, target)
        return x
    if before.same_as(target):
        return x
    y = importer.add("unary", [x], {"function": "requantize"})
    importer.prescribe(y, target)
    return y


def dequantize(call: OnnxCall) -> str | Constant:
    """DequantizeLinear: the graph's activations are real numbers already; a constant gets its meaning."""
    known = call.constant(0)
    if known is not None:
        return _constant(call, known.data)
    x = call.input(0)
    stored = call.importer.storage(x)
    if stored is None or not stored.same_as(_of_activation(call)):
        raise call.importer.unsupported(
            "a DequantizeLinear with another scale than its QuantizeLinear", "a model as its quantizer writes it"
        )
    return x


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


def _scale(call: OnnxCall, index: int) -> np.ndarray:
    scale = call.values(index, "scales").astype(np.float64).reshape(-1)
    if scale.size == 0 or not np.all((scale >= LEAST_SCALE) & (scale <= 1 / LEAST_SCALE)):
        raise call.importer.unsupported(f"a scale outside {LEAST_SCALE:g}..", "a model as its quantizer writes it")
    if call.attribute("block_size", 0):
        raise call.importer.unsupported("a quantization in blocks", "scales per tensor or per output channel")
    return scale


def _of_activation(call: OnnxCall) -> Quantization:
    scale = _scale(call, 1)
    zero_point = call.constant(2)
    kind = "uint8" if zero_point is None else str(zero_point.data.dtype)
    zero = np.zeros(1, np.int64) if zero_point is None else zero_point.data.reshape(-1).astype(np.int64)
    if kind not in STORED or scale.size != 1 or zero.size != 1:
        raise call.importer.unsupported(
            f"an activation stored as {kind} with {scale.size} scale(s)", "int8 or uint8 with one scale"
        )
    stored, offset = STORED[kind]
    return Quantization(scale, int(zero[0]) - offset, None, stored)


def _constant(call: OnnxCall, data: np.ndarray) -> Constant:
    """A constant of integers: kept where zero is stored as 0, per tensor or per channel; else its real values."""
    scale = _scale(call, 1)
    given = call.constant(2)
    zero = np.zeros(scale.size, np.int64) if given is None else given.data.reshape(-1).astype(np.int64)
    if data.dtype.kind not in "iu" or zero.size not in (1, scale.size):
        raise call.importer.unsupported(f"a DequantizeLinear of {data.dtype}", "integers with a zero point each")
    axis = None
    if scale.size > 1:
        axis = call.attribute("axis", 1)
        if not -data.ndim <= axis < data.ndim or data.shape[axis] != scale.size:
            raise call.importer.unsupported(
                f"{scale.size} scales along axis {axis} of {data.shape}", "one scale per channel"
            )
        axis %= data.ndim
    shape = [-1 if at == axis else 1 for at in range(data.ndim)]
    centred = data.astype(np.int64) - zero.reshape(shape if zero.size > 1 else [1] * data.ndim)
    kept = KEPT.get(str(data.dtype), ("", 0))[0]
    if kept and centred.min(initial=0) >= np.iinfo(kept).min and centred.max(initial=0) <= np.iinfo(kept).max:
        return Constant(centred.astype(kept), Quantization(scale, 0, axis, kept))
    real = centred * scale.reshape(shape if axis is not None else [1] * data.ndim)
    return Constant(real.astype(np.float32))
