"""TensorFlow Lite's UNIDIRECTIONAL_SEQUENCE_LSTM, and LSTM, which is one step of it: float, with int8 weights only, and
full-integer (8x8_16).

The activation state and the cell state are variable tensors, which last from one inference to the next. A full-integer
file prescribes all scales: the cell state's is a power of two, and that of the outputs is the fifth intermediate's.
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
#: operands of the forms without a kernel
FORMS = (
    ((WEIGHTS, RECURRENT, BIAS), False, "coupled input and forget gates (CIFG)"),
    ((9, 10, 11), True, "peepholes"),
    ((16, 17), True, "a projection of the outputs"),
    ((20, 21, 22, 23), True, "layer normalization"),
)
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
    _check_form(importer, call)
    w, r, bias = (
        importer.joined([call.input(first + gate, "weights") for gate in range(4)], "the weights of an LSTM")
        for first in (WEIGHTS, RECURRENT, BIAS)
    )
    zeros = importer.constant(np.zeros(importer.shape(bias), np.float32))
    h, c = call.variable(OUTPUT_STATE, "an activation state"), call.variable(CELL_STATE, "a cell state")
    attributes = _attributes(importer, call, importer.quantization(h), importer.quantization(c))
    layer = Direction(w, r, bias, zeros, False, {"h": h, "state": c})
    made = layers.run(importer, "lstm", x, layer, attributes)
    stored = call.output_quantization()
    if stored is not None:
        importer.prescribe(made.y, stored)
    assert made.c is not None
    call.keep(OUTPUT_STATE, made.h)
    call.keep(CELL_STATE, made.c)
    return made.y


def _check_form(importer: Importer, call: TfliteCall) -> None:
    """Raises EdgeqError for a form without a kernel."""
    for operands, present, what in FORMS:
        if any((call.optional(index) is not None) == present for index in operands):
            raise importer.unsupported(f"an LSTM with {what}", "the basic LSTM, as Keras has it")
    if call.option("fused_activation_function") != TANH:
        raise importer.unsupported("an LSTM with another activation than tanh", "tanh")


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
    if hidden is None:
        raise importer.unsupported("a full-integer LSTM without its intermediate scales", "the converter's file")
    attributes["state_exponent"] = exponent
    attributes["hidden_scale"] = float(hidden.scale[0])
    attributes["hidden_zero_point"] = hidden.zero_point
    return attributes
