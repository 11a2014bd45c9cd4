"""What lowering makes: the layers of a firmware, in execution order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeq.boards import Board
from edgeq.ir.graph import Graph, Node
from edgeq.ops.base import Constant, Kernel
from edgeq.packing.blocks import round_up

#: alignment in bytes of every buffer in the arena (EQ_ARENA_ALIGN)
ALIGN = 16


def aligned(size_bytes: int) -> int:
    """`size_bytes` rounded up to whole units of ALIGN."""
    return round_up(size_bytes, ALIGN)


@dataclass(frozen=True)
class Rolling:
    """A convolution over its own input, `band_rows` output rows at a time; `copy_bytes` keep the input rows under a
    band (eq_conv2d_s8_rolling)."""

    band_rows: int
    copy_bytes: int


@dataclass(frozen=True)
class Planar:
    """A depthwise convolution over its own input, `channels` channels at a time; `copy_bytes` a core keep their input
    (eq_dwconv2d_s8_planar)."""

    channels: int
    weight_bytes: int
    copy_bytes: int


@dataclass(frozen=True)
class Residual:
    """A convolution that adds a residual, `band_rows` output rows at a time through `band_bytes` a core
    (eq_conv2d_s8_residual). `integers` are those of eq_add_s8_t."""

    kernel: Kernel
    integers: Mapping[str, int]
    band_rows: int
    band_bytes: int


@dataclass(frozen=True, eq=False)
class Layer:
    """One call of one kernel.

    `key` names the layer everywhere (C, logs, reports). The kernel's work is `units` units, split over `cores` cores
    in groups of `granule`; `scratch_bytes` is per core, a multiple of 16.
    """

    index: int
    key: str
    node: Node
    kernel: Kernel
    function: str
    constants: Mapping[str, Constant]
    parameters: Mapping[str, Any]
    units: int
    granule: int
    cores: int
    scratch_bytes: int
    macs: int
    why: str
    over_input: Rolling | Planar | None = None
    residual: Residual | None = None

    @property
    def overwrites_input(self) -> bool:
        """True when the output may lie where the first input lies."""
        return self.over_input is not None or (self.residual is None and self.kernel.in_place(self.parameters))

    @property
    def weights_bytes(self) -> int:
        """Bytes of the layer's constants in flash."""
        return sum(constant.data.nbytes for constant in self.constants.values())


@dataclass(frozen=True, eq=False)
class Program:
    """A graph and the layers that compute it on a board. Views (reshapes) have no layer."""

    graph: Graph
    board: Board
    layers: tuple[Layer, ...]

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)
