"""Imports of TensorFlow Lite's operators on integers as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import Quantization
from edgeq.ops import binary_import, broadcast

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall

DIVISIONS = ("floor_div", "floor_mod")
#: operators that have no meaning for real numbers
INTEGERS_ONLY = ("BITCAST", "BITWISE_XOR", "RIGHT_SHIFT")


def _storage(importer: Importer, call: TfliteCall, operands: list[str]) -> list[Quantization]:
    """How the operands and the output are stored. Raises EdgeqError unless all are int8, or int16, with one scale."""
    name, found = call.operator.name, [importer.storage(operand) for operand in operands]
    known = [item for item in (*found, call.output_quantization()) if item is not None and item.axis is None]
    if len(known) != len(operands) + 1 or len({item.dtype for item in known}) != 1:
        raise importer.unsupported(f"{name} of other than int8 alone or int16 alone", "one type, with scales")
    return known


def _bits(call: TfliteCall) -> set[tuple[bool, bool]]:
    """Whether the tensors of a call are uint8 and whether they are bool, both of which edgeq stores as int8."""
    numbers = [*(number for number in call.operator.inputs if number is not None), *call.operator.outputs]
    tensors = [call.model.tensors[number] for number in numbers]
    return {(tensor.unsigned, tensor.boolean) for tensor in tensors}


def combine(importer: Importer, function: str, operands: list[str], known: list[Quantization]) -> str:
    """The node of function(operands), stored as `known` says of them and of the result."""
    shape = broadcast.shape_of(importer, *operands)
    wide = [broadcast.with_rank(importer, operand, len(shape)) for operand in operands]
    attributes = {
        "function": function,
        "bits": np.iinfo(known[0].dtype).bits,
        "scales": tuple(float(item.scale[0]) for item in known),
        "zero_points": tuple(item.zero_point for item in known),
    }
    made = importer.add("stored", wide, attributes)
    importer.prescribe(made, known[-1])
    return made


def tflite(function: str, real: Callable[[Importer, TfliteCall], str] | None = None) -> Callable[..., str]:
    """Import function of an operator of two operands; `real` imports it where all of them are real numbers."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        operands = [call.input(0), call.input(1)]
        if real is not None and call.output_quantization() is None and not any(map(call.is_stored, (0, 1))):
            return real(importer, call)
        known = _storage(importer, call, operands)
        if _bits(call) != {(False, False)}:
            raise importer.unsupported(
                f"{call.operator.name} of uint8", "int8: uint8 is stored less 128, in other bits"
            )
        divisor = operands[1]
        if function in DIVISIONS and importer.is_constant(divisor) and not np.all(importer.constant_integers(divisor)):
            raise importer.unsupported("a division by zero", "divisors that are stored as other integers than 0")
        return combine(importer, function, operands, known)

    return convert


TFLITE_TARGETS: Mapping[str, Callable[[Importer, TfliteCall], str]] = {
    "BITWISE_XOR": tflite("bitwise_xor"),
    "FLOOR_DIV": tflite("floor_div", binary_import.tflite_floor_division),
    "FLOOR_MOD": tflite("floor_mod", binary_import.tflite_remainder),
    "RIGHT_SHIFT": tflite("right_shift"),
}
