"""The same function, cheaper constants: exact replacements for TensorFlow Lite's double rounding.

Requantizing a channel is a step function of its accumulator: y rises by one at each of up to 255 thresholds, the least
accumulators with y >= i. Two formulas are the same function if they have the same thresholds. TFLite's double rounding
(fixed_point.TFLITE) takes about ten instructions; these have its thresholds (eq_requant.h, EQ_REQUANT_LINE and _STEP):

* line: y = (high(acc + b) + offset) >> s with high(a) = floor(a * m / 2^32). Above the zero point the thresholds of
  double rounding are, before rounding up, u_j = (2^(e-1) j - 2^(e-2) - 1/4) * 2^32 / m for j = y - zero point >= 1 and
  a right shift by e: points of a line, as are the thresholds of this formula with the same m and s = e - 1,
  (2^(e-1) j - d) * 2^32 / m - b. What is left to find is d with (d - 2^(e-2) - 1/4) * 2^32 / m so near to an integer
  (-b) that no threshold changes. b goes into the bias and d into the offset. Only where nothing below the zero point
  can be seen (a fused ReLU): there the thresholds lie on another line.
* step: y = (srdhm(acc) + offset - (acc < 0)) >> s, s = e >= 1: rounding half away from zero is rounding half up of a
  number one smaller where it is negative. Exact for every m; no search.

Both are proved before they are used: their thresholds are found by bisection with the formulas themselves, over all
accumulators that the channel's weights allow, and compared with those of fixed_point.scale_accumulator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from edgeq.ir.graph import Graph, Node, constant
from edgeq.ops import fixed_point, weighted
from edgeq.ops.base import TUNED

#: output channel axis of the weights of the operators whose kernels have the cheap forms
CHANNEL_AXIS = {"conv2d": 0, "conv2d_grouped": 0, "dwconv2d": 2, "linear": 0}
#: how many offsets the search for a line tries on either side
SEARCHED = 1 << 14
#: channels up to which lines are sought, which takes about a millisecond each; layers with more take steps
LINE_CHANNELS = 1 << 12
#: how far a threshold is from the real quotient at most, two roundings of a multiplier from 2^30 up, and to spare
NEAR = 6.0
#: right shift up to which its arithmetic fits 64 bits
LARGEST_SHIFT = 22
#: what a line tolerates is known to this many accumulator units, and candidates this close to it are left out
MARGIN = 1e-6
INT32 = 2**31


@dataclass(frozen=True, eq=False)
class Channels:
    """What decides a layer's outputs, an entry a channel: multiplier and exponent of the double rounding, accumulator
    range; the zero point and the activation range are the layer's. Equal by content."""

    multiplier: np.ndarray
    exponent: np.ndarray
    low: np.ndarray
    high: np.ndarray
    zero_point: int
    act_min: int
    act_max: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Channels) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[bytes | int, ...]:
        arrays = (self.multiplier, self.exponent, self.low, self.high)
        return (*(array.tobytes() for array in arrays), self.zero_point, self.act_min, self.act_max)

    def outputs(self, acc: np.ndarray) -> np.ndarray:
        """The definition: clamped outputs of accumulators [.., channels]."""
        y = fixed_point.scale_accumulator(acc, self.multiplier, self.exponent, fixed_point.TFLITE) + self.zero_point
        return np.clip(y, self.act_min, self.act_max)


@dataclass(frozen=True)
class Cheap:
    """Constants of `form`, an entry a channel; `bias` is to be added to the layer's."""

    form: str
    multiplier: np.ndarray
    shift: np.ndarray
    offset: np.ndarray
    bias: np.ndarray

    def outputs(self, acc: np.ndarray, channels: Channels) -> np.ndarray:
        """What the kernels make of accumulators [.., channels]; the numpy twin of eq_scale_and_offset."""
        total = acc + self.bias
        if self.form == fixed_point.LINE:
            scaled = (total * self.multiplier) >> 32
        else:
            scaled = ((total * self.multiplier + (1 << 30)) >> 31) - (total < 0)
        return np.clip((scaled + self.offset) >> self.shift, channels.act_min, channels.act_max)


def cheaper(graph: Graph, node: Node) -> tuple[Graph, Node]:
    """Graph and node for the kernels of `node`: as they are, or with the constants of a cheap form of double rounding.

    Only what kernels read is to be taken from them: the integer reference has no run for these forms.
    """
    if TUNED in node.attributes:
        return graph, node  # what is proved of these weights need not hold for trained ones
    if node.op not in CHANNEL_AXIS or graph.tensor(node.outputs[0]).dtype != "int8":
        return graph, node
    if node.attributes["rounding"] != fixed_point.TFLITE:
        return graph, node
    found = cheapest(channels_of(graph, node), node.name)
    if found is None:
        return graph, node
    bias = graph.constant(node.inputs[2]).astype(np.int64) + found.bias
    arrays = {
        "bias": bias.astype(np.int32),
        "multiplier": found.multiplier.astype(np.int32),
        "shift": found.shift.astype(np.int8),
        "offset": found.offset.astype(np.int32),
    }
    made = {key: constant(f"{node.name}.{found.form}.{key}", data) for key, data in arrays.items()}
    tensors = {**graph.tensors, **{tensor.name: tensor for tensor in made.values()}}
    names = (made["bias"].name, made["multiplier"].name, made["shift"].name)
    changed = replace(node, inputs=(*node.inputs[:2], *names, *node.inputs[5:])).with_attributes(
        rounding=found.form, requantized_zero_point=0, **{weighted.OFFSET: made["offset"].name}
    )
    return replace(graph, tensors=MappingProxyType(tensors)), changed


@lru_cache(maxsize=1024)
def cheapest(channels: Channels, layer: str) -> Cheap | None:
    """The cheapest form that is proved the same function, None where there is none. Kept, because a layer is lowered
    anew for every kernel, order and fusion that is weighed."""
    if np.any(channels.exponent > 0):
        return None  # a left shift may wrap, and then outputs rise and fall
    few, places = distinct(channels)
    found = line(few) or step(few)
    if found is None:
        return None
    prove(few, found, layer)
    columns = (found.multiplier, found.shift, found.offset, found.bias)
    return Cheap(found.form, *(column[places] for column in columns))


def distinct(channels: Channels) -> tuple[Channels, np.ndarray]:
    """Each different channel once, and where every channel is among them: a transposed convolution has the same ones
    many times over."""
    columns = np.stack([channels.multiplier, channels.exponent, channels.low, channels.high])
    once, places = np.unique(columns, axis=1, return_inverse=True)
    multiplier, exponent, low, high = once
    few = replace(channels, multiplier=multiplier, exponent=exponent, low=low, high=high)
    return few, places.reshape(-1)


def channels_of(graph: Graph, node: Node) -> Channels:
    """The channels of a node with double rounding."""
    low, high = weighted.accumulator_range(graph, node, CHANNEL_AXIS[node.op])
    return Channels(
        graph.constant(node.inputs[3]).astype(np.int64),
        graph.constant(node.inputs[4]).astype(np.int64),
        low,
        high,
        weighted.output_zero_point(graph, node),
        node.attributes["act_min"],
        node.attributes["act_max"],
    )


def step(channels: Channels) -> Cheap | None:
    """The step form; None if a channel's scale is 0.5 or more, or its sums too large for 32 bits."""
    flat = is_flat(channels)
    e = np.where(flat, 1, -channels.exponent)
    if np.any(e < 1) or np.any(np.maximum(-channels.low, channels.high) >= 2**30):
        return None
    if np.any(e > 30):
        return None
    value = channels.outputs(channels.low)
    offset = np.where(flat, 2 * value + 1, (channels.zero_point << e) + (1 << (e - 1)))
    multiplier = np.where(flat, 0, channels.multiplier)
    found = Cheap(fixed_point.STEP, multiplier, e, offset, np.zeros_like(e))
    return found if fits(channels, found) else None


def line(channels: Channels) -> Cheap | None:
    """The line form; None if negative outputs can be seen, there are too many channels, or one has no offset that
    keeps its thresholds."""
    if channels.act_min < channels.zero_point or len(channels.multiplier) > LINE_CHANNELS:
        return None
    flat, value = is_flat(channels), channels.outputs(channels.low)
    columns = []
    for index in range(len(channels.multiplier)):
        m, e = int(channels.multiplier[index]), -int(channels.exponent[index])
        if flat[index]:
            columns.append((0, 0, int(value[index]), 0))
            continue
        found = line_of(m, e, channels, index) if 1 <= e <= LARGEST_SHIFT else None
        if found is None:
            return None
        columns.append(found)
    multiplier, shift, offset, bias = (np.array(column, np.int64) for column in zip(*columns, strict=True))
    result = Cheap(fixed_point.LINE, multiplier, shift, offset, bias)
    return result if fits(channels, result) else None


def line_of(m: int, e: int, channels: Channels, index: int) -> tuple[int, int, int, int] | None:
    """(multiplier, shift, offset, bias) of one channel, or None."""
    j = np.arange(channels.act_min - channels.zero_point + 1, channels.act_max - channels.zero_point + 1)
    pitch = 2.0**32 / m
    exact = ((j << (e + 1)) - (1 << e) - 1) << 30  # u_j * m
    threshold = -(-exact // m)
    seen = (threshold > channels.low[index]) & (threshold <= channels.high[index])
    room_up = ((threshold * m - exact) / m)[seen].min()  # how far the line may rise, and fall, in accumulator units
    room_down = 1 - ((threshold * m - exact) / m)[seen].max()
    tried = np.arange(SEARCHED)
    d = (1 << e) // 4 + np.concatenate([tried, -tried - 1])
    lowered = (d - 2.0 ** (e - 2) - 0.25) * pitch
    bias = np.rint(lowered)
    moved = bias - lowered  # the line with (d, bias) lies that much above the thresholds' own
    good = np.flatnonzero((moved < room_up - MARGIN) & (moved > MARGIN - room_down))
    if good.size == 0:
        return None
    best = good[np.argmin(np.abs(bias[good]))]
    # Lower by d/2^(e-1) outputs in the formula means a higher offset; the bias takes the accumulators back.
    return m, e - 1, (channels.zero_point << (e - 1)) + int(d[best]), -int(bias[best])


def is_flat(channels: Channels) -> np.ndarray:
    """Channels whose output is the same for every accumulator they can have."""
    return channels.outputs(channels.low) == channels.outputs(channels.high)


def fits(channels: Channels, found: Cheap) -> bool:
    """Whether no sum of the kernels leaves 32 bits."""
    low, high = channels.low + found.bias, channels.high + found.bias
    largest = np.maximum(np.abs(low), np.abs(high))
    scaled = (largest * found.multiplier >> 31) + 2
    return bool(np.all(largest < INT32) and np.all(scaled + np.abs(found.offset) < INT32))


def prove(channels: Channels, found: Cheap, layer: str) -> None:
    """Raises ValueError unless `found` and the definition have the same thresholds on all accumulators: those of the
    definition are sought, `found` is to reach an output there and not one accumulator before."""
    wanted, place = np.arange(-127, 128)[:, None], thresholds(channels)
    reached = found.outputs(np.minimum(place, channels.high), channels) >= wanted
    early = found.outputs(np.maximum(place - 1, channels.low), channels) >= wanted
    if np.any(~reached & (place <= channels.high)) or np.any(early & (place > channels.low)):
        raise ValueError(f"layer {layer}: the {found.form} form is no replacement for double rounding")


def thresholds(channels: Channels) -> np.ndarray:
    """[255, channels]: the least accumulator with output >= i for i = -127 .. 127, by bisection; one above the
    channel's greatest accumulator where there is none."""
    wanted = np.arange(-127, 128)[:, None]
    low = np.broadcast_to(channels.low, (255, len(channels.low))).copy()
    high = np.broadcast_to(channels.high + 1, low.shape).copy()

    def reached(acc: np.ndarray) -> np.ndarray:
        return channels.outputs(np.clip(acc, channels.low, channels.high)) >= wanted

    near = np.ldexp(wanted - channels.zero_point - 0.5, 31 - channels.exponent) / np.maximum(channels.multiplier, 1)
    below, above = (np.clip(near + reach, low, high).astype(np.int64) for reach in (-NEAR, NEAR))
    below = np.where(wanted > channels.act_max, high, np.where(wanted <= channels.act_min, low, below))
    above = np.where(wanted > channels.act_max, high, np.where(wanted <= channels.act_min, low, above))
    low = np.where((below > low) & reached(below - 1), low, below)
    high = np.where((above < high) & ~reached(above), high, above)
    while np.any(low < high):
        middle = (low + high) >> 1
        is_reached = reached(middle)
        high = np.where(is_reached & (low < high), middle, high)
        low = np.where(~is_reached & (low < high), middle + 1, low)
    return low
