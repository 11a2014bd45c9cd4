"""TensorFlow Lite's UNIDIRECTIONAL_SEQUENCE_LSTM, and LSTM, which is one step of it: float, with int8 weights only, and
full-integer (8x8_16).

The activation state and the cell state are variable tensors, which last from one inference to the next. A full-integer
file prescribes all scales: the cell state's is a power of two, that of the outputs, before they are projected, is the
fifth intermediate's, and those of normalized gates' sums are the first four. Only full-integer files have the forms of
lstm_forms.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ops import recurrent_import as layers
from edgeq.ops.recurrent import STATE_EXPONENTS
from edgeq.ops.recurrent_import import Direction

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.ir.graph import Quantization

#: operands: four gates each from WEIGHTS and RECURRENT and BIAS on, in the order input, forget, cell, output
WEIGHTS, RECURRENT, BIAS, OUTPUT_STATE, CELL_STATE = 1, 5, 12, 18, 19
#: three gates from here on: input, forget, output
PEEPHOLES = 9
PROJECTION, PROJECTION_BIAS = 16, 17
#: four gates from here on
NORM = 20
#: operands of a form -> what it is
FORMS = {
    (PEEPHOLES, PEEPHOLES + 1, PEEPHOLES + 2): "peepholes",
    (PROJECTION, PROJECTION_BIAS): "a projection of the outputs",
    (NORM, NORM + 1, NORM + 2, NORM + 3): "layer normalization",
}
#: types of the forms' operands; int32 else
STORED = {"peepholes": "int16", "norm": "int16", "projection": "int8"}
INTERMEDIATES = 5
HIDDEN = 4  # the intermediate that tells the scale of the outputs
TANH = 4  # its number among the fused activations
FULL = 0  # the number of the kernel type whose operands are these


def lstm(importer: Importer, call: TfliteCall) -> str:
    """The sequence of outputs [1, T, H]; both states are kept."""
    if call.option("time_major"):
        raise importer.unsupported("an LSTM with the time in front (time_major)", "time_major=False")
    return _layer(importer, call, call.input(0))


def lstm_step(importer: Importer, call: TfliteCall) -> str:
    """The output [1, H] of the one step x [1, I]; both states are kept."""
    if call.option("kernel_type") != FULL:
        raise importer.unsupported(
            "an LSTM of the basic kernel", "the full kernel, with its states as variable tensors"
        )
    x = call.input(0)
    shape = importer.shape(x)
    if len(shape) != 2:
        raise importer.unsupported(f"an LSTM's step of shape {shape}", "one of shape [1, features]")
    y = _layer(importer, call, importer.viewed(x, (1, *shape)))
    return importer.viewed(y, (1, importer.shape(y)[2]))


def _layer(importer: Importer, call: TfliteCall, x: str) -> str:
    if call.option("fused_activation_function") != TANH:
        raise importer.unsupported("an LSTM with another activation than tanh", "tanh")
    h, c = call.variable(OUTPUT_STATE, "an activation state"), call.variable(CELL_STATE, "a cell state")
    scales = importer.quantization(h), importer.quantization(c)
    if scales[0] is None or scales[1] is None:
        _check_plain(importer, call)
    coupled = call.optional(WEIGHTS) is None
    w, r, bias = (
        _joined(importer, call, range(first + coupled, first + 4), "the weights of an LSTM")
        for first in (WEIGHTS, RECURRENT, BIAS)
    )
    zeros = importer.constant(np.zeros(importer.shape(bias), np.float32))
    attributes = _attributes(importer, call, *scales)
    forms = _forms(importer, call, coupled, bias)
    if coupled:
        attributes["coupled"] = True
    if "norm" in forms:
        attributes["gate_scales"] = _gate_scales(importer, call, coupled)
    if "peepholes" in forms and importer.shape(r)[-1] > importer.shape(c)[-1]:
        raise importer.unsupported(
            "an LSTM with peepholes and more outputs than cells, where TensorFlow Lite writes behind its memory",
            "as many outputs as cells at most",
        )
    layer = Direction(w, r, zeros if "norm" in forms else bias, zeros, False, {"h": h, "state": c}, forms)
    made = layers.run(importer, "lstm", x, layer, attributes)
    stored = call.output_quantization()
    if stored is not None:
        importer.prescribe(made.y, stored)
    assert made.c is not None
    call.keep(OUTPUT_STATE, made.h)
    call.keep(CELL_STATE, made.c)
    return made.y


def _check_plain(importer: Importer, call: TfliteCall) -> None:
    """Raises EdgeqError for a form that only full-integer files may have."""
    found = [what for operands, what in FORMS.items() if any(call.optional(index) is not None for index in operands)]
    if any(call.optional(index) is None for index in (WEIGHTS, RECURRENT, BIAS)):
        found.append("coupled input and forget gates (CIFG)")
    if found:
        raise importer.unsupported(
            f"a float LSTM with {' and '.join(found)}", "a full-integer file of it, or the basic LSTM, as Keras has it"
        )


def _joined(importer: Importer, call: TfliteCall, operands: range, what: str) -> str:
    return importer.joined([call.input(index, what) for index in operands], what)


def _forms(importer: Importer, call: TfliteCall, coupled: bool, bias: str) -> dict[str, str]:
    """The operands of a full-integer layer's forms, as lstm_forms.py names them. Raises EdgeqError where some of a
    form's operands are missing or are stored as TensorFlow Lite's kernel takes none."""
    if coupled and any(call.optional(index) is not None for index in (WEIGHTS, RECURRENT, BIAS, NORM)):
        raise importer.unsupported("an LSTM with parts of an input gate", "all of it or nothing")
    forms: dict[str, str] = {}
    for name, first, count in (("peepholes", PEEPHOLES, 3), ("norm", NORM, 4)):
        if any(call.optional(index) is not None for index in range(first, first + count)):
            forms[name] = _joined(importer, call, range(first + coupled, first + count), f"the {name} of an LSTM")
    if "norm" in forms:
        forms["norm_bias"] = bias
    if any(call.optional(index) is not None for index in (PROJECTION, PROJECTION_BIAS)):
        forms["projection"] = call.input(PROJECTION, "the weights of its projection")
        if call.optional(PROJECTION_BIAS) is not None:
            forms["projection_bias"] = call.input(PROJECTION_BIAS)
    for name, operand in forms.items():
        _check_stored(importer, name, operand)
    return forms


def _check_stored(importer: Importer, name: str, operand: str) -> None:
    """Raises EdgeqError where a form's operand is no constant of the kernel's type with one scale a gate."""
    wanted, stored = STORED.get(name, "int32"), importer.storage(operand)
    fits = stored is not None and stored.dtype == wanted and not stored.zero_point
    if stored is not None and name in ("projection", "projection_bias"):
        fits = fits and stored.axis is None
    if not fits or not importer.is_constant(operand):
        raise importer.unsupported(
            f"an LSTM whose {name} is no constant of {wanted} with one scale", "a model as its converter writes it"
        )


def _gate_scales(importer: Importer, call: TfliteCall, coupled: bool) -> tuple[float, ...]:
    scales = [call.intermediate_quantization(gate) for gate in range(coupled, 4)]
    known = [float(scale.scale[0]) for scale in scales if scale is not None]
    if len(known) != len(scales):
        raise importer.unsupported("a normalized LSTM without its gates' scales", "the converter's file")
    return tuple(known)


def _attributes(importer: Importer, call: TfliteCall, h: Quantization | None, c: Quantization | None) -> dict[str, Any]:
    """The node's attributes; what a full-integer file prescribes of them where its states have scales."""
    attributes: dict[str, Any] = {}
    clip = float(call.option("cell_clip"))
    if clip > 0.0:
        attributes["cell_clip"] = clip
    if h is None or c is None:
        return attributes
    stored = call.output_quantization()
    if h.dtype != "int8":
        raise importer.unsupported(f"an LSTM on {h.dtype} activations", "int8 ones")
    if stored is None or not stored.same_as(h):
        raise importer.unsupported("an LSTM whose outputs and activation state differ in scale", "one int8 scale")
    exponent = round(float(np.log2(c.scale[0])))
    low, high = STATE_EXPONENTS
    if c.dtype != "int16" or c.zero_point or c.scale[0] != 2.0**exponent or not low <= exponent <= high:
        raise importer.unsupported(
            f"a cell state {c.dtype} with the scale {c.scale[0]:.6g}", f"int16 and a power of two, 2^{low} to 2^{high}"
        )
    hidden = call.intermediate_quantization(HIDDEN)
    count = len(call.operator.intermediates)
    if count != INTERMEDIATES:
        raise importer.unsupported(
            f"an LSTM with {count} intermediate values, not of the kernel whose gates are integers",
            f"a file whose LSTM has {INTERMEDIATES} of them",
        )
    if hidden is None:
        raise importer.unsupported("a full-integer LSTM without its intermediate scales", "the converter's file")
    attributes["state_exponent"] = exponent
    attributes["hidden_scale"] = float(hidden.scale[0])
    attributes["hidden_zero_point"] = hidden.zero_point
    clip = float(call.option("proj_clip"))
    if clip > 0.0:
        attributes["projection_clip"] = clip
    return attributes
