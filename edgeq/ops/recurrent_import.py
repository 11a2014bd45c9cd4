"""What the importers of recurrent layers share: nodes for their directions, stacks of their states.

Frameworks stack the states of several layers and directions in front of the batch, [D, 1, H], and most have the time
there, [T, 1, I]; in the graph those stand behind a batch of 1. With one sample either is a reshape away from [1, D, H]
and [1, T, I].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ops import slice as slices
from edgeq.ops.recurrent import GATES

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer


@dataclass(frozen=True)
class Direction:
    """One direction of one layer: names of its constants, and of the initial values that are given ("h", "state")."""

    weights: str
    recurrent_weights: str
    input_bias: str
    recurrent_bias: str
    reverse: bool = False
    initial: Mapping[str, str] = field(default_factory=dict)
    #: operands of an lstm's forms (lstm_forms.py)
    forms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A direction's results: the sequence [1, T, O], the last output [1, O] and (lstm) cell state [1, H]."""

    y: str
    h: str
    c: str | None


def run(importer: Importer, op: str, x: str, layer: Direction, attributes: Mapping[str, Any]) -> Made:
    """The node of a direction over x [1, T, I]. Raises EdgeqError for operands that don't fit."""
    shape, w, r = importer.shape(x), importer.shape(layer.weights), importer.shape(layer.recurrent_weights)
    gates, outputs = GATES[op] - int(attributes.get("coupled", False)), r[-1]
    cells = w[0] // gates if "projection" in layer.forms else outputs
    if len(shape) != 3 or shape[0] != 1:
        raise importer.unsupported(f"a sequence of shape {shape}", "a batch of 1, its axes time and features")
    if w != (gates * cells, shape[2]) or r != (gates * cells, outputs):
        raise importer.unsupported(
            f"weights of shape {w} and {r} for {shape[2]} features",
            f"{gates} gates of as many cells as the layer has outputs (no projection)",
        )
    for name in (layer.input_bias, layer.recurrent_bias):
        if importer.shape(name) != (gates * cells,):
            raise importer.unsupported(f"biases of shape {importer.shape(name)}", f"{gates * cells} values")
    for key, name in layer.initial.items():
        size = cells if key == "state" else outputs
        if importer.shape(name) != (1, size):
            raise importer.unsupported(f"an initial state of shape {importer.shape(name)}", f"{size} values")
    wanted = {"peepholes": ((gates - 1) * cells,), "projection": (outputs, cells), "projection_bias": (outputs,)}
    for key, name in layer.forms.items():
        shape_of = wanted.get(key, (gates * cells,))
        if importer.shape(name) != shape_of:
            raise importer.unsupported(f"a {key} of shape {importer.shape(name)}", f"one of shape {shape_of}")
    given = tuple(key for key in ("h", "state") if key in layer.initial)
    operands = [x, layer.weights, layer.recurrent_weights, layer.input_bias, layer.recurrent_bias]
    forms = {"forms": tuple(layer.forms)} if layer.forms else {}
    made = importer.add_several(
        op,
        [*operands, *(layer.initial[key] for key in given), *layer.forms.values()],
        {"reverse": layer.reverse, "initial": given, **attributes, **forms},
        ("", ".state"),
    )
    if op == "gru":
        return Made(made[0], made[1], None)
    last = slices.along(importer, made[0], 1, 0 if layer.reverse else shape[1] - 1, 1)
    return Made(made[0], importer.reshape(last, (1, outputs)), made[1])


def joined(importer: Importer, names: list[str], axis: int) -> str:
    return names[0] if len(names) == 1 else importer.add("concat", names, {"axis": axis})


def sequence(importer: Importer, x: str) -> str:
    """A sequence in any order of batch and time as [1, T, I]."""
    shape = importer.shape(x)
    steps = math.prod(shape[:-1])
    if len(shape) not in (3, 4) or steps != max(shape[:-1]):
        raise importer.unsupported(f"a sequence of shape {shape}", "a batch of 1, its axes time and features")
    return x if shape == (1, steps, shape[-1]) else importer.reshape(x, (1, steps, shape[-1]))


def stacked(importer: Importer, states: list[str], shape: tuple[int, ...]) -> str:
    """States [1, H] one behind another, in the shape that the framework's stack has in the graph."""
    rows = [importer.reshape(name, (1, 1, importer.shape(name)[1])) for name in states]
    return importer.reshape(joined(importer, rows, 1), shape)


def state_at(importer: Importer, states: str | None, index: int) -> str | None:
    """One state [1, H] of a stack of any shape; None where it is zero."""
    if states is None:
        return None
    shape = importer.shape(states)
    count = math.prod(shape[:-1])
    if len(shape) < 2 or count != max(shape[:-1]) or index >= count:
        raise importer.unsupported(f"initial states of shape {shape}", "one state a layer and direction, a batch of 1")
    if importer.is_constant(states):
        values = importer.constant_array(states, "initial states").reshape(count, shape[-1])[index]
        return importer.constant(values[None]) if np.any(values) else None
    rows = importer.reshape(states, (1, count, shape[-1]))
    return importer.reshape(slices.along(importer, rows, 1, index, 1), (1, shape[-1]))


def given_initial(**values: str | None) -> dict[str, str]:
    return {key: name for key, name in values.items() if name is not None}
