"""What lowering makes: the layers of a firmware, in execution order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from edgeq.board import Board
from edgeq.ir.graph import Graph, Node
from edgeq.ops.base import TUNED, TUNED_LAYER, Constant, Kernel, Unpacking
from edgeq.ops.float_types import FLOATS
from edgeq.ops.spatial import SAME_ROW, RowReach
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
    in groups of `granule`; `scratch_bytes` is per core, a multiple of 16. `instead_of`: the function that the board
    would have used first, where a budget or --optimize size chose another. In a stage `units` is the work of the
    largest band and `row_units` that of one output row, 0 where the work is split by channels.
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
    instead_of: str = ""
    row_units: int = 0
    residual: Residual | None = None
    unpacking: Unpacking | None = None

    @property
    def overwrites_input(self) -> bool:
        """True when the output may lie where the first input lies."""
        return self.over_input is not None or (self.residual is None and self.kernel.in_place(self.parameters))

    @property
    def family(self) -> str:
        """Name of the kernel's header and template."""
        return self.kernel.family or self.node.op

    @property
    def tuned(self) -> tuple[str, ...]:
        """The constants that the firmware replaces by trained ones."""
        what = self.node.attributes.get(TUNED)
        if what is None:
            return ()
        return tuple(self.constants) if what == TUNED_LAYER else ("bias",)

    @property
    def weights_bytes(self) -> int:
        """Bytes of the layer's constants in flash."""
        return sum(constant.data.nbytes for constant in self.constants.values())


@dataclass(frozen=True)
class Rows:
    """The rows of a tensor that a stage reads or makes (eq_rows_t): band b finds done(b) of `rows` made, and the next
    bands read nothing above first(b). `whole`: all rows are in memory all the time."""

    step: int
    per: int
    ahead: int
    kept: int
    rows: int
    height: int
    row_bytes: int
    whole: bool

    def done(self, band: int) -> int:
        return min(max((self.step * band + self.ahead) // self.per, 0), self.rows)

    def first(self, band: int) -> int:
        return max((self.step * band + self.kept) // self.per, 0)

    @property
    def carries(self) -> bool:
        """Whether a band finds rows of bands before in memory."""
        return self.whole or self.kept < self.ahead

    def window_rows(self, bands: int) -> int:
        """Rows that are in memory at a time."""
        return self.height if self.whole else max(self.done(band + 1) - self.first(band) for band in range(bands))


@dataclass(frozen=True, order=True)
class Part:
    """The geometry of a layer in one band (eq_rows_part_t)."""

    in_h: int
    pad_top: int
    out_h: int


@dataclass(frozen=True, eq=False)
class Stage:
    """Layers `first` to `last`, run together in `bands` bands; `rows` by tensor, `reach` (of the first input) by layer
    index. `over_input`: the output may lie over the stage's input."""

    first: int
    last: int
    bands: int
    rows: Mapping[str, Rows]
    reach: Mapping[int, RowReach]
    over_input: bool = False

    def reaches(self, layer: Layer) -> list[tuple[str, RowReach]]:
        """The activations that a layer reads, in order, each with its reach."""
        names = [name for name in layer.node.inputs if name in self.rows]
        return [(name, SAME_ROW if index else self.reach[layer.index]) for index, name in enumerate(names)]

    def parts(self, layer: Layer) -> list[Part]:
        """What the layer does in each band, seen from its first input."""
        reach, x, y = self.reach[layer.index], self.rows[layer.node.inputs[0]], self.rows[layer.node.output]
        parts = []
        for band in range(self.bands):
            begin, end = y.done(band), y.done(band + 1)
            top = begin * reach.stride - reach.pad_top
            to = min((end - 1) * reach.stride - reach.pad_top + reach.span, x.height)
            parts.append(Part(to - max(top, 0), max(top, 0) - top, end - begin))
        return parts


@dataclass(frozen=True, eq=False)
class Program:
    """A graph and the layers that compute it on a board, some of them in stages. Views (reshapes) have no layer.
    `packed`: bytes of weights that layers pack for others, which is not the size of their tensors."""

    graph: Graph
    board: Board
    layers: tuple[Layer, ...]
    stages: tuple[Stage, ...] = ()
    packed: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def stage_of(self, layer: Layer) -> Stage | None:
        return next((stage for stage in self.stages if stage.first <= layer.index <= stage.last), None)

    @property
    def library(self) -> str | None:
        """The library that computes layers, None where none does."""
        return next((layer.kernel.library for layer in self.layers if layer.kernel.library), None)

    @property
    def has_floats(self) -> bool:
        """Whether a layer computes in floating point."""
        return any(tensor.dtype in FLOATS and not tensor.is_constant for tensor in self.graph.tensors.values())

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    def stored_constants(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(layer's key, field) of every constant -> those of the first one with the same type and values: equal ones
        (of shared weights, equal tables) are stored once, those that training changes each by itself."""
        first: dict[tuple[str, bytes], tuple[str, str]] = {}
        return {
            (layer.key, field): (layer.key, field)
            if field in layer.tuned
            else first.setdefault((constant.c_type, constant.data.tobytes()), (layer.key, field))
            for layer in self.layers
            for field, constant in layer.constants.items()
        }

    @property
    def weights_bytes(self) -> int:
        """Bytes of all constants in flash."""
        stored = set(self.stored_constants().values())
        return sum(
            constant.data.nbytes
            for layer in self.layers
            for field, constant in layer.constants.items()
            if (layer.key, field) in stored
        )
