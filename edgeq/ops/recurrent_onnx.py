"""ONNX's LSTM and GRU.

Gates come in another order than here (lstm: input, output, forget, cell; gru: update, reset, new). Sequences are
[T, 1, I] and results [T, D, 1, H], or with layout 1 [1, T, I] and [1, T, D, H]; states [D, 1, H] or [1, D, H].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ops import recurrent_import as layers
from edgeq.ops.recurrent_import import Direction, Made

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall

#: ONNX's number of each gate here
GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2)}
FUNCTIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}
DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
#: operands of the two operators
WEIGHTS, RECURRENT, BIAS, LENGTHS, INITIAL_H, INITIAL_C, PEEPHOLES = range(1, 8)


def lstm(importer: Importer, call: OnnxCall) -> list[str]:
    """LSTM: Y, Y_h, Y_c."""
    if call.constant(PEEPHOLES) is not None or call.optional(PEEPHOLES) is not None:
        raise importer.unsupported("an LSTM with peepholes", "one without")
    if call.attribute("input_forget", 0):
        raise importer.unsupported("an LSTM with coupled gates (input_forget)", "one without")
    y, made = _network(importer, call, {})
    cells = [item.c for item in made if item.c is not None]
    return [y, _states(importer, call, [item.h for item in made]), _states(importer, call, cells)]


def gru(importer: Importer, call: OnnxCall) -> list[str]:
    """GRU: Y, Y_h."""
    y, made = _network(importer, call, {"reset_before": not call.attribute("linear_before_reset", 0)})
    return [y, _states(importer, call, [item.h for item in made])]


def _batch_first(call: OnnxCall) -> bool:
    return bool(call.attribute("layout", 0))


def _network(importer: Importer, call: OnnxCall, attributes: Mapping[str, Any]) -> tuple[str, list[Made]]:
    """All directions; the sequence is [T, D, 1, H]."""
    reverses = _directions(importer, call)
    x = layers.sequence(importer, call.activation())
    made = []
    for index, reverse in enumerate(reverses):
        given = [layers.state_at(importer, call.optional(operand), index) for operand in (INITIAL_H, INITIAL_C)]
        initial = layers.given_initial(h=given[0], state=given[1] if call.node.op == "LSTM" else None)
        layer = _direction(importer, call, index, reverse, initial)
        made.append(layers.run(importer, call.node.op.lower(), x, layer, attributes))
    steps, cells = importer.shape(made[0].y)[1:]
    rows = [importer.reshape(item.y, (1, steps, 1, cells)) for item in made]
    y = layers.joined(importer, rows, 2)
    count = len(made)
    shape = (1, steps, count, cells) if _batch_first(call) else (steps, count, 1, cells)
    return importer.reshape(y, call.stored(shape)), made


def _directions(importer: Importer, call: OnnxCall) -> tuple[bool, ...]:
    """Whether each direction is reversed. Raises EdgeqError for a form without a kernel."""
    op, direction = call.node.op, call.attribute("direction", "forward")
    if direction not in DIRECTIONS:
        raise importer.unsupported(f"the direction {direction!r}", "forward, reverse or bidirectional")
    reverses = DIRECTIONS[direction]
    functions = call.attribute("activations", FUNCTIONS[op] * len(reverses))
    if tuple(name.lower() for name in functions) != tuple(name.lower() for name in FUNCTIONS[op] * len(reverses)):
        raise importer.unsupported(f"the activations {', '.join(functions)}", f"{', '.join(FUNCTIONS[op])}")
    if call.attribute("clip", None) is not None:
        raise importer.unsupported("clipping of the gates' sums (clip)", "a layer without it")
    lengths = call.integers(LENGTHS, "sequence lengths")
    steps = importer.shape(layers.sequence(importer, call.activation()))[1]
    if lengths is not None and set(lengths) != {steps}:
        raise importer.unsupported(f"sequence lengths {lengths[:8]} of {steps}", "sequences of full length")
    return reverses


def _states(importer: Importer, call: OnnxCall, states: list[str]) -> str:
    cells = importer.shape(states[0])[1]
    shape = (1, len(states), cells) if _batch_first(call) else (len(states), 1, cells)
    return layers.stacked(importer, states, call.stored(shape))


def _direction(importer: Importer, call: OnnxCall, index: int, reverse: bool, initial: dict[str, str]) -> Direction:
    """The constants of one direction, their gates in the order of this operator."""
    w, r = (call.values(operand, "the weights of a recurrent layer") for operand in (WEIGHTS, RECURRENT))
    gates = GATES[call.node.op]
    if w.ndim != 3 or r.ndim != 3 or index >= len(w) or index >= len(r) or len(gates) * r.shape[2] != r.shape[1]:
        raise importer.unsupported(f"weights of shape {w.shape} and {r.shape}", "weights of every direction")
    rows = r.shape[1]
    bias = np.zeros((index + 1, 2 * rows), np.float32)
    if call.constant(BIAS) is not None or call.optional(BIAS) is not None:
        bias = call.values(BIAS, "the biases of a recurrent layer")
    if bias.ndim != 2 or index >= len(bias) or bias.shape[1] != 2 * rows or w.shape[1] != rows:
        raise importer.unsupported(f"biases of shape {bias.shape} for {rows} rows", "two biases a row")

    def ordered(array: np.ndarray) -> str:
        parts = array.reshape(len(gates), -1, *array.shape[1:])
        return importer.constant(parts[list(gates)].reshape(array.shape))

    return Direction(
        ordered(w[index]), ordered(r[index]), ordered(bias[index, :rows]), ordered(bias[index, rows:]), reverse, initial
    )
