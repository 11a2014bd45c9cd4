"""What the importers of recurrent layers share: nodes for their directions, stacks of their states.

Frameworks stack the states of several layers and directions in front of the batch: [D, 1, H]. In the graph they are
[1, D, H] with their first axes exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ops import slice as slices

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer

EXCHANGED = (1, 0, 2)


@dataclass(frozen=True)
class Direction:
    """One direction of one layer: names of its constants, and of the initial values that are given ("h", "state")."""

    weights: str
    recurrent_weights: str
    input_bias: str
    recurrent_bias: str
    reverse: bool = False
    initial: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A direction's results: the sequence [1, T, H], the last output and (lstm) cell state [1, H]."""

    y: str
    h: str
    c: str | None


def run(importer: Importer, op: str, x: str, layer: Direction, attributes: Mapping[str, Any]) -> Made:
    """The node of a direction over x [1, T, I]. Raises EdgeqError for operands that don't fit."""
    shape, w, r = importer.shape(x), importer.shape(layer.weights), importer.shape(layer.recurrent_weights)
    gates, cells = (4 if op == "lstm" else 3), r[-1]
    if len(shape) != 3 or shape[0] != 1:
        raise importer.unsupported(f"a sequence of shape {shape}", "a batch of 1, its axes time and features")
    if w != (gates * cells, shape[2]) or r != (gates * cells, cells):
        raise importer.unsupported(
            f"weights of shape {w} and {r} for {shape[2]} features",
            f"{gates} gates of as many cells as the layer has outputs (no projection)",
        )
    for name in (layer.input_bias, layer.recurrent_bias):
        if importer.shape(name) != (gates * cells,):
            raise importer.unsupported(f"biases of shape {importer.shape(name)}", f"{gates * cells} values")
    for name in layer.initial.values():
        if importer.shape(name) != (1, cells):
            raise importer.unsupported(f"an initial state of shape {importer.shape(name)}", f"{cells} values")
    given = tuple(key for key in ("h", "state") if key in layer.initial)
    operands = [x, layer.weights, layer.recurrent_weights, layer.input_bias, layer.recurrent_bias]
    made = importer.add_several(
        op,
        [*operands, *(layer.initial[key] for key in given)],
        {"reverse": layer.reverse, "initial": given, **attributes},
        ("", ".state"),
    )
    if op == "gru":
        return Made(made[0], made[1], None)
    last = slices.along(importer, made[0], 1, 0 if layer.reverse else shape[1] - 1, 1)
    return Made(made[0], importer.reshape(last, (1, cells)), made[1])


def joined(importer: Importer, names: list[str], axis: int) -> str:
    return names[0] if len(names) == 1 else importer.add("concat", names, {"axis": axis})


def stacked(importer: Importer, states: list[str]) -> str:
    """States [1, H] as [D, 1, H]."""
    rows = [importer.reshape(name, (1, 1, importer.shape(name)[1])) for name in states]
    return importer.transpose(joined(importer, rows, 1), EXCHANGED) if len(rows) > 1 else rows[0]


def state_at(importer: Importer, states: str | None, index: int) -> str | None:
    """One state [1, H] of a stack [D, 1, H]; None where it is zero."""
    if states is None:
        return None
    shape = importer.shape(states)
    if len(shape) != 3 or shape[1] != 1 or index >= shape[0]:
        raise importer.unsupported(f"initial states of shape {shape}", "one state a layer and direction, a batch of 1")
    if importer.is_constant(states):
        values = importer.constant_array(states, "initial states")[index]
        return importer.constant(values) if np.any(values) else None
    if shape[0] > 1:
        states = slices.along(importer, importer.transpose(states, EXCHANGED), 1, index, 1)
    return importer.reshape(states, (1, shape[2]))


def given_initial(**values: str | None) -> dict[str, str]:
    return {key: name for key, name in values.items() if name is not None}
