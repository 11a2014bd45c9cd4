"""Orders of weights that their shape alone decides: a firmware can put weights that it has trained into them. The numpy
twin of eq_order_t (runtime_c/include/eq_tune.h)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: what an element is: an int8 weight, one widened to a halfword, or two in a halfword as first + 256 * second
BYTES, HALVES, PAIRS = STORES = ("bytes", "halves", "pairs")
#: loops of an order at most (EQ_ORDER_LOOPS), and axes (EQ_ORDER_AXES)
MOST_LOOPS, MOST_AXES = 6, 4


@dataclass(frozen=True)
class Loop:
    """`count` turns along an axis, each `step` further; `turns`: the coordinate of each in steps, where that is not its
    number."""

    axis: int
    count: int
    step: int = 1
    turns: tuple[int, ...] = ()

    @cached_property
    def coordinates(self) -> np.ndarray:
        return np.array(self.turns or range(self.count)) * self.step

    @property
    def places(self) -> tuple[int, ...]:
        """The turn that has each coordinate; () where they are in their order."""
        return tuple(int(place) for place in np.argsort(self.turns)) if self.turns else ()


@dataclass(frozen=True)
class Order:
    """Weights, whose output channels are `channel_axis`, seen with channels first as `sizes`, and the loops that read
    them, the outermost first; what lies beyond a size is 0."""

    sizes: tuple[int, ...]
    loops: tuple[Loop, ...]
    store: str = BYTES
    channel_axis: int = 0

    def packed(self, weights: np.ndarray) -> np.ndarray:
        """int8 weights as the bytes that the kernel reads."""
        view = np.moveaxis(weights, self.channel_axis, 0).reshape(self.sizes)
        coordinates: list[np.ndarray | int] = [0] * len(self.sizes)
        for index, loop in enumerate(self.loops):
            shape = [1] * len(self.loops)
            shape[index] = loop.count
            coordinates[loop.axis] = coordinates[loop.axis] + loop.coordinates.reshape(shape)
        inside: np.ndarray | bool = True
        for coordinate, size in zip(coordinates, self.sizes, strict=True):
            inside = inside & (np.asarray(coordinate) < size)
        clipped = tuple(np.minimum(item, size - 1) for item, size in zip(coordinates, self.sizes, strict=True))
        elements = np.where(inside, view[clipped], np.int8(0)).reshape(-1)
        if self.store == BYTES:
            return elements
        halves = elements.astype(np.int16)
        if self.store == PAIRS:
            halves = halves[0::2] + np.int16(256) * halves[1::2]
        return halves.astype("<i2").view(np.int8)


OrderOf = Callable[[tuple[int, ...]], Order]


def into(order_of: OrderOf) -> Callable[[np.ndarray], np.ndarray]:
    """What packs weights into the order for their shape."""
    return lambda weights: order_of(weights.shape).packed(weights)


def plain(shape: tuple[int, ...]) -> Order:
    """Weights [out_c, ..] as they are."""
    sizes = filter_sizes(shape)
    return Order(sizes, (Loop(0, sizes[0]), Loop(1, sizes[1])))


def plain_depthwise(shape: tuple[int, ...]) -> Order:
    """Weights [kernel_h, kernel_w, channels] as they are."""
    channels, taps = tap_sizes(shape)
    return Order((channels, taps), (Loop(1, taps), Loop(0, channels)), channel_axis=2)


def blocks(sizes: tuple[int, int], lanes: int, width: int, channel_axis: int = 0) -> Order:
    """[n/lanes][K/width][lanes][width]."""
    tiles = (-(-sizes[0] // lanes), -(-sizes[1] // width))
    loops = (Loop(0, tiles[0], lanes), Loop(1, tiles[1], width), Loop(0, lanes), Loop(1, width))
    return Order(sizes, loops, channel_axis=channel_axis)


def windows(shape: tuple[int, ...], side: int) -> Order:
    """Depthwise weights [kernel_h, kernel_w, channels] as [channels][side][side]."""
    sizes = (shape[2], shape[0], shape[1])
    return Order(sizes, (Loop(0, sizes[0]), Loop(1, side), Loop(2, side)), channel_axis=2)


def filter_sizes(shape: tuple[int, ...]) -> tuple[int, int]:
    """[out_c, ..] as output channels and products of each."""
    return shape[0], int(np.prod(shape[1:], dtype=np.int64))


def tap_sizes(shape: tuple[int, ...]) -> tuple[int, int]:
    """[kernel_h, kernel_w, channels] as channels and taps."""
    return shape[2], shape[0] * shape[1]
