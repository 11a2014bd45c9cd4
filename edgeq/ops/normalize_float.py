"""Normalizations of floating-point activations: their kernels, what float32 arithmetic may lose, the gradient rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import float_layers
from edgeq.ops.base import Constant
from edgeq.ops.float_types import FLOAT32, ROUNDOFF
from edgeq.ops.normalize_sets import geometry, sets

if TYPE_CHECKING:
    from edgeq.train.tape import Tape

#: relative losses up to which the bounds of first order hold, with what they leave to terms of higher order
LARGEST_LOSS, HIGHER_ORDERS = 0.01, 1.1


def parameters(graph: Graph, node: Node, x: str) -> dict[str, Any]:
    """The numbers of eq_normalize_f32_t but for limits; `x`: the normalized operand."""
    return {
        **geometry(graph, node, x),
        "centred": int(node.attributes["centred"]),
        "epsilon": float_layers.c_number(node.attributes["eps"]),
    }


def constants(graph: Graph, names: Mapping[str, str]) -> dict[str, Constant]:
    """Field -> the array of a constant; those that the firmware makes are none."""
    tensors = {field: graph.tensor(name) for field, name in names.items()}
    return {field: float_layers.constant(tensor.data) for field, tensor in tensors.items() if tensor.data is not None}


def add_gradients(tape: Tape, node: Node, sets: Mapping[str, Any], gradient: str) -> None:
    """Adds the gradients of input, gain and bias, the node's first operands; `sets`: the attributes groups, centred and
    eps of what is normalized. That of the gain is a sum of products with the normalized input, which is computed
    again."""
    x, gain, bias = node.inputs[:3]
    if tape.wants(bias):
        part = tape.trained_channels(gradient, bias, node)
        tape.give(bias, tape.add("bias_gradient", [part], node, "bias_gradient", FLOAT32), node)
    if tape.wants(gain):
        channels = tape.shape(gain)
        one = tape.constant(f"{node.name}.one", np.ones(channels))
        zero = tape.constant(f"{node.name}.zero", np.zeros(channels))
        normalized = tape.add("normalize", [x, one, zero], node, "normalized", **sets)
        operands = [tape.trained_channels(name, gain, node) for name in (gradient, normalized)]
        tape.give(gain, tape.add("gain_gradient", operands, node, "gain_gradient", FLOAT32), node)
    if tape.wants(x):
        operands = [gradient, x, tape.operand(gain, node)]
        tape.give(x, tape.add("normalize_gradient", operands, node, "igrad", **sets), node)


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is known of the sets of an operand (normalize_sets.sets), `count` elements each: the `normalized` elements
    before gain and bias, the `factor` 1 / sqrt(mean square + eps), and where they are `centred` the mean `magnitude` of
    the elements, otherwise 0."""

    normalized: np.ndarray
    factor: np.ndarray
    magnitude: np.ndarray | float
    centred: int
    count: int

    @staticmethod
    def of(node: Node, x: np.ndarray) -> Statistics:
        """Of the sets of `x` by the node's attributes."""
        k = node.attributes
        d = sets(x, k["groups"])
        magnitude: np.ndarray | float = 0.0
        if k["centred"]:
            magnitude = Statistics.mean_of(np.abs(d))
            d = d - Statistics.mean_of(d)
        factor = 1.0 / np.sqrt(Statistics.mean_of(d * d) + np.float32(k["eps"]))
        return Statistics(d * factor, factor, magnitude, int(k["centred"]), d.shape[2] * d.shape[3])

    @staticmethod
    def mean_of(values: np.ndarray) -> np.ndarray:
        """The mean of every set."""
        return np.asarray(values.mean(axis=(2, 3), keepdims=True))

    @property
    def lost_mean(self) -> np.ndarray | float:
        """What the mean may have lost, in units of 2^-24 and of deviations: n additions and a division, each of them of
        magnitudes up to the sum of all."""
        return (self.count + 1) * self.magnitude * self.factor

    @property
    def lost_factor(self) -> np.ndarray | float:
        """What 1 / sqrt(mean square + eps) may have lost, relative, in units of 2^-24. The mean square loses twice the
        mean's loss times the mean deviation, which is at most the root of the mean square, and n + 5 roundings of its
        own; the root halves both, and root and division add three."""
        return self.lost_mean + (self.count + 5) / 2 + 3

    def lost(self) -> np.ndarray:
        """What a normalized element may have lost, in units of 2^-24."""
        return np.asarray(self.lost_mean + np.abs(self.normalized) * (self.lost_factor + 2))

    def where_small(self, magnitude: np.ndarray) -> np.ndarray:
        """The magnitude of a loss of first order with what higher orders may add; infinite, so that the bound says
        nothing, where they may add more."""
        small = np.maximum(self.lost_mean, self.lost_factor) * ROUNDOFF < LARGEST_LOSS
        return np.where(small, HIGHER_ORDERS * magnitude, np.inf)
