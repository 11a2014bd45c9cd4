"""TensorFlow Lite's CAST: an import function of the operator unary. It copies stored integers, whatever their scales;
truth values are the integers 0 and 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import BOOLEAN, Quantization
from edgeq.ops import compare_import, fixed_point

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall


def convert(importer: Importer, call: TfliteCall) -> str:
    """CAST between int8, int16, bool and float32."""
    x, number = call.input(0), call.operator.inputs[0]
    target = call.model.tensors[call.operator.outputs[0]]
    given = None if number is None else call.model.tensors[number]
    if given is None or not {given.type, target.type} <= {"int8", "int16", "float32"}:
        raise importer.unsupported(f"a CAST to {target.type}", "int8, int16, bool and float32")
    if given.unsigned or target.unsigned:
        raise importer.unsupported("a CAST of uint8", "int8")
    source = importer.storage(x) if call.is_stored(0) else None
    if target.boolean:
        return _truth(importer, x, source)
    if target.type == "float32":
        return x if source is None or given.boolean else _numbers(importer, x, source)
    result = call.output_quantization() or Quantization(np.ones(1), 0, dtype=target.type)
    if source is None:
        if not result.same_as(Quantization(np.ones(1), 0, dtype=result.dtype)):
            raise importer.unsupported("a CAST of real numbers to integers with a scale", "QUANTIZE")
        made = importer.add("unary", [x], {"function": "trunc"})
    else:
        made = _integers(importer, x, source, result)
    importer.prescribe(made, result)
    return made


def _truth(importer: Importer, x: str, source: Quantization | None) -> str:
    """Where an integer or a number is not 0."""
    if source is None:
        return compare_import.with_number(importer, "not_equal", x, 0.0)
    if source.same_as(BOOLEAN):
        return importer.viewed(x, importer.shape(x))
    zero = importer.integer_constant(np.zeros((1,) * len(importer.shape(x)), source.dtype), source)
    return compare_import.combine(importer, "not_equal", x, zero, {"rounding": fixed_point.TFLITE})


def _numbers(importer: Importer, x: str, source: Quantization) -> str:
    """The stored integers as real numbers."""
    offset = float(source.zero_point)
    return importer.add("unary", [x], {"function": "affine", "scale": float(1 / source.scale[0]), "offset": offset})


def _integers(importer: Importer, x: str, source: Quantization, result: Quantization) -> str:
    """The stored integers as those of another quantization: through a table of bytes, and from int8 to int16 by a
    factor of 1 behind it."""
    if source.same_as(result):
        return importer.viewed(x, importer.shape(x))
    if source.dtype == "int16":
        raise importer.unsupported("a CAST from int16 to int8 or to another scale", "QUANTIZE")
    scale, same = float(result.scale[0]), result.dtype == source.dtype
    zero = result.zero_point if same else 0
    moved = {"scale": scale / float(source.scale[0]), "offset": scale * (source.zero_point - zero)}
    made = importer.add("unary", [x], {"function": "affine", **moved})
    if same:
        return made
    importer.prescribe(made, Quantization(result.scale, zero, dtype=source.dtype))
    return importer.add("unary", [made], {"function": "requantize", "rounding": fixed_point.TFLITE})
