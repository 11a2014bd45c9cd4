"""Operators on integers (QLinearConv and its kin): the plain operator, its operands' scales and its output's.

Source: the operators' texts in onnx/docs/Operators.md and onnxruntime/docs/ContribOperators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeq.frontend.onnx import qdq
from edgeq.frontend.onnx.call import Constant, OnnxCall
from edgeq.ir.graph import Quantization


@dataclass(frozen=True)
class Form:
    """The plain operator; indices of (operand, scale, zero point) each, of the output's scale and zero point, and of
    an int32 bias in units of the product of the operands' scales."""

    op: str
    operands: tuple[tuple[int, int, int], ...]
    output: tuple[int, int]
    bias: int | None = None


_ONE, _TWO = ((0, 1, 2),), ((0, 1, 2), (3, 4, 5))
FORMS: Mapping[str, Form] = {
    "QLinearConv": Form("Conv", _TWO, (6, 7), 8),
    "QLinearMatMul": Form("MatMul", _TWO, (6, 7)),
    "com.microsoft::QGemm": Form("Gemm", _TWO, (7, 8), 6),
    "com.microsoft::QLinearAdd": Form("Add", _TWO, (6, 7)),
    "com.microsoft::QLinearGlobalAveragePool": Form("GlobalAveragePool", _ONE, (3, 4)),
    "com.microsoft::QLinearLeakyRelu": Form("LeakyRelu", _ONE, (3, 4)),
    "com.microsoft::QLinearSigmoid": Form("Sigmoid", _ONE, (3, 4)),
    "com.microsoft::QLinearSoftmax": Form("Softmax", _ONE, (3, 4)),
}


def convert(call: OnnxCall, plain: Callable[[OnnxCall], str]) -> str:
    """Name of the result; `plain` imports the plain operator."""
    form, importer = FORMS[call.node.op], call.importer
    if call.attribute("channels_last", 0):
        raise importer.unsupported("an operator with channels last", "channels first")
    given: dict[str, Constant | str] = {}
    scales = []
    for number, (operand, scale, zero) in enumerate(form.operands):
        known = call.constant(operand)
        if known is None:
            x = call.input(operand)
            given[f"operand {number}"] = x
            scales.append(qdq.stored_integers(call, x, scale, zero).scale)
        else:
            axis = _channel_axis(form.op, call)
            given[f"operand {number}"] = qdq.meaning(call, known.data, scale, zero, axis)
            scales.append(qdq.scale_of(call, scale))
    bias = None if form.bias is None else call.constant(form.bias)
    if bias is not None:
        unit = np.prod(np.broadcast_arrays(*scales), axis=0)
        given["bias"] = Constant(bias.data, Quantization(unit, 0, 0 if unit.size > 1 else None, "int32"))
    node = replace(call.node, op=form.op, inputs=tuple(given))
    names = {key: value for key, value in given.items() if isinstance(value, str)}
    constants = {key: value for key, value in given.items() if isinstance(value, Constant)}
    y = plain(OnnxCall(importer, node, names, constants, call.opset))
    target = qdq.of_activation(call, *form.output)
    if importer.storage(y) is None:
        importer.prescribe(y, target)
    return y


def _channel_axis(op: str, call: OnnxCall) -> int:
    """Axis of the output channels in the weights."""
    transposed: Any = call.attribute("transB", 0)
    return 0 if op == "Conv" or transposed else -1
