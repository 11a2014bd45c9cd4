"""torch's recurrent layers: aten.lstm.input, aten.gru.input, and their cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ops import recurrent_import as layers
from edgeq.ops.recurrent_import import Direction, Made

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer

#: attributes of a gru as torch has it
GRU = {"reset_before": False}


def lstm(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """nn.LSTM: the sequence, h_n, c_n."""
    y, made = _network(importer, "lstm", args, list(args["hx"]), {})
    states = ([item.h for item in made], [item.c for item in made if item.c is not None])
    return [y, *(_stacked(importer, names) for names in states)]


def gru(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """nn.GRU: the sequence, h_n."""
    y, made = _network(importer, "gru", args, [args["hx"]], GRU)
    return [y, _stacked(importer, [item.h for item in made])]


def _stacked(importer: Importer, states: list[str]) -> str:
    """A stack as torch has it, [D, 1, H], behind a batch of 1 where the sequence [T, 1, I] is so too."""
    behind = (1,) * (len(importer.result_shape()) - 3)
    return layers.stacked(importer, states, (*behind, len(states), 1, importer.shape(states[0])[1]))


def _network(
    importer: Importer, op: str, args: Mapping[str, Any], states: list[str], attributes: Mapping[str, Any]
) -> tuple[str, list[Made]]:
    """All layers and directions; dropout between layers does nothing in inference."""
    x, parameters = args["input"], list(args["params"])
    directions = 2 if args["bidirectional"] else 1
    count = directions * args["num_layers"]
    each = 4 if args["has_biases"] else 2
    if len(parameters) != count * each:
        raise importer.unsupported("a projection of the outputs (proj_size)", "a linear layer behind the layer")
    x = layers.sequence(importer, x)
    made: list[Made] = []
    for layer in range(args["num_layers"]):
        results = []
        for reverse in range(directions):
            index = directions * layer + reverse
            given = [layers.state_at(importer, state, index) for state in states]
            initial = layers.given_initial(h=given[0], state=given[1] if len(given) > 1 else None)
            own = parameters[each * index : each * (index + 1)]
            results.append(layers.run(importer, op, x, _direction(importer, own, bool(reverse), initial), attributes))
        x = layers.joined(importer, [item.y for item in results], 2)
        made += results
    whole = importer.result_shape()
    return (x if importer.shape(x) == whole else importer.reshape(x, whole)), made


def _direction(importer: Importer, parameters: list[Any], reverse: bool, initial: dict[str, str]) -> Direction:
    """Weights [G*H, I], [G*H, H] and maybe two biases."""
    for name in parameters:
        importer.constant_array(name, "the weights of a recurrent layer")
    w, r, *biases = parameters
    if not biases:
        biases = [importer.constant(np.zeros(importer.shape(w)[0], np.float32))] * 2
    return Direction(w, r, biases[0], biases[1], reverse, initial)


def _cell(
    importer: Importer, op: str, args: Mapping[str, Any], states: list[str | None], attributes: Mapping[str, Any]
) -> Made:
    """A cell is a sequence of one step."""
    x = args["input"]
    x = importer.reshape(x, (1, 1, importer.shape(x)[-1]))
    own = [args["w_ih"], args["w_hh"]]
    if args.get("b_ih") is not None:
        own += [args["b_ih"], args["b_hh"]]
    given = [_unless_zero(importer, name) for name in states]
    initial = layers.given_initial(h=given[0], state=given[1] if len(given) > 1 else None)
    return layers.run(importer, op, x, _direction(importer, own, False, initial), attributes)


def _unless_zero(importer: Importer, name: str | None) -> str | None:
    if name is None or not importer.is_constant(name):
        return name
    return name if np.any(importer.constant_array(name, "an initial state")) else None


def lstm_cell(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """nn.LSTMCell: h, c."""
    made = _cell(importer, "lstm", args, list(args["hx"]), {})
    assert made.c is not None
    return [made.h, made.c]


def gru_cell(importer: Importer, args: Mapping[str, Any]) -> str:
    """nn.GRUCell: h."""
    return _cell(importer, "gru", args, [args["hx"]], GRU).h
