"""TensorFlow Lite's BITCAST: the same bits as other integers. An import function of the operator stored.

Between int8 and int16 the bytes of an element lie along a last axis of 2, the low one first. edgeq stores uint8 less
128, which is a sign bit turned over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeq.frontend.tflite.unsigned import SHIFT
from edgeq.ir.graph import Quantization
from edgeq.ops import fixed_point, stored_import
from edgeq.ops import slice as slices

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall

#: numbers of one byte
BYTE = 256
#: integers that stand for themselves, and those of a byte without its sign in int8
PLAIN = {"int8": Quantization(np.ones(1), 0, dtype="int8"), "int16": Quantization(np.ones(1), 0, dtype="int16")}
UNSIGNED = Quantization(np.ones(1), -SHIFT, dtype="int8")
#: the upper byte of a word
HIGH = Quantization(np.full(1, float(BYTE)), 0, dtype="int8")


def bitcast(importer: Importer, call: TfliteCall) -> str:
    """BITCAST between int8, uint8 and int16, whatever the scales; x [..] of int16 is y [.., 2] of the others."""
    x, number = call.input(0), call.operator.inputs[0]
    if importer.is_constant(x):
        raise importer.unsupported("an operator of constants only", "a constant that holds its result")
    source, target = importer.storage(x), call.output_quantization()
    given, made = call.model.tensors[number or 0], call.model.tensors[call.operator.outputs[0]]
    if source is None or target is None or given.boolean or made.boolean:
        raise importer.unsupported(f"BITCAST of {given} to {made}", "int8, uint8 and int16, with scales")
    turned = _sign(given.unsigned) ^ _sign(made.unsigned)
    if source.dtype == target.dtype:
        if source.same_as(target) and not turned:
            return importer.viewed(x, importer.shape(x))
        return _with(importer, "bitwise_xor", x, turned, target)
    if source.dtype == "int16":
        return _bytes(importer, x, turned, target)
    if importer.shape(x)[-1] != 2 or len(importer.shape(x)) < 2:
        raise importer.unsupported(f"BITCAST of {importer.shape(x)} to int16", "a last axis of 2 bytes")
    return _word(importer, x, turned, target)


def _sign(unsigned: bool) -> int:
    return -SHIFT if unsigned else 0


def _with(importer: Importer, function: str, x: str, value: int, result: Quantization) -> str:
    """A function of `x` and a constant, of integers as they are stored."""
    stored = importer.storage(x)
    assert stored is not None
    constant = np.full((1,) * len(importer.shape(x)), value, stored.dtype)
    operands = [x, importer.integer_constant(constant, stored)]
    return stored_import.combine(importer, function, operands, [stored, stored, result])


def _moved(importer: Importer, x: str, result: Quantization) -> str:
    """The number that `x` stands for, stored otherwise."""
    made = importer.add("unary", [x], {"function": "requantize", "rounding": fixed_point.TFLITE})
    importer.prescribe(made, result)
    return made


def _bytes(importer: Importer, x: str, turned: int, result: Quantization) -> str:
    """int16 [..] as bytes [.., 2]: x & 255 without its sign is a byte less 128 whose sign is turned over; x >> 8."""
    wide = importer.viewed(x, (*importer.shape(x), 1))
    low = _moved(importer, _with(importer, "floor_mod", wide, BYTE, PLAIN["int16"]), UNSIGNED)
    high = _moved(importer, _with(importer, "right_shift", wide, 8, PLAIN["int16"]), PLAIN["int8"])
    turns = ((low, -SHIFT ^ turned), (high, turned))
    parts = [_with(importer, "bitwise_xor", part, sign, result) for part, sign in turns]
    made = importer.add("concat", parts, {"axis": len(importer.shape(wide)) - 1})
    importer.prescribe(made, result)
    return made


def _word(importer: Importer, x: str, turned: int, result: Quantization) -> str:
    """Bytes [.., 2] as int16 [..]: 256 times the high one, and the low one without its sign."""
    low = _with(importer, "bitwise_xor", _side(importer, x, 0), turned, PLAIN["int8"])
    low = _with(importer, "floor_mod", _moved(importer, low, PLAIN["int16"]), BYTE, PLAIN["int16"])
    high = _with(importer, "bitwise_xor", _side(importer, x, 1), turned, HIGH)
    high = _moved(importer, high, PLAIN["int16"])
    return stored_import.combine(importer, "bitwise_xor", [high, low], [PLAIN["int16"], PLAIN["int16"], result])


def _side(importer: Importer, x: str, index: int) -> str:
    """One index of the last axis, without that axis."""
    stored, axis = importer.storage(x), len(importer.shape(x)) - 1
    side = slices.along(importer, x, axis, index, 1)
    assert stored is not None
    importer.prescribe(side, stored)
    return importer.viewed(side, importer.shape(x)[:-1])
