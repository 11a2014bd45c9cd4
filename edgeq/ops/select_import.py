"""Imports of choices between two operands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgeq.ops import binary_import, broadcast, masked_softmax

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall

#: conditions from here on are true
TRUE = 0.5


def choose(importer: Importer, names: Sequence[str], attributes: Mapping[str, Any] | None = None) -> str:
    """The node of (condition, chosen, else)."""
    both = broadcast.shape_of(importer, names[1], names[2])
    shape = broadcast.joined(importer, (both, importer.shape(names[0])))
    wide = [broadcast.with_rank(importer, name, len(shape)) for name in names]
    return importer.add("select", wide, attributes or {})


def torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.where, and what masked_fill becomes. A constant condition may hide entries from the softmax that follows."""
    condition, choices = args["condition"], [binary_import.operand(importer, args[key]) for key in ("self", "other")]
    if importer.is_constant(condition):
        chosen = importer.constant_array(condition, "a condition") >= TRUE
        for index, all_of_it in ((0, chosen.all()), (1, not chosen.any())):
            if all_of_it and importer.shape(choices[index]) == broadcast.shape_of(importer, *choices):
                return choices[index]
        for (x, other), hidden in ((choices, ~chosen), (choices[::-1], chosen)):
            if not importer.is_constant(x) and importer.is_constant(other):
                values = importer.constant_array(other, "a choice")
                if values.size and values.max() <= masked_softmax.HIDDEN:
                    return masked_softmax.hide(importer, x, ~hidden)
    return choose(importer, (condition, *choices))


def tflite(importer: Importer, call: TfliteCall) -> str:
    """SELECT and SELECT_V2."""
    names, attributes = [call.input(index) for index in range(3)], call.attributes()
    stored = call.output_quantization()
    if stored is not None:
        for name in names[1:]:
            known = importer.storage(name)
            if known is None or known.dtype != stored.dtype:
                raise importer.unsupported(f"a choice that is not {stored.dtype} as the result is", "one type")
    return choose(importer, names, attributes)


def onnx(importer: Importer, call: OnnxCall) -> str:
    """Where (condition, chosen, else)."""
    return torch(importer, {"condition": call.input(0), "self": call.mask(1), "other": call.mask(2)})
