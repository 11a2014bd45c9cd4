"""Stages: consecutive layers that run together, a band of rows after the other (runtime_c/include/eq_rows.h).

Full-size activations between the layers of a stage never exist; each takes a window of a few rows. Rows that the next
band needs again are kept, so that nothing is computed twice. Branches and residual additions may lie within a stage; it
reads any tensors made before it and has one output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from edgeq import ops
from edgeq.ir.graph import Graph, Node
from edgeq.lower.program import Layer, Part, Program, Rows, Stage, aligned
from edgeq.ops.spatial import RowReach


def with_stage(program: Program, first: int, last: int, band_rows: int) -> Program | None:
    """The program with its layers `first` to `last` in one stage of `band_rows` output rows a band; None where that
    is impossible."""
    layers = program.layers[first : last + 1]
    reach = {layer.index: ops.get(layer.node.op).row_reach(program.graph, layer.node) for layer in layers}
    known = {index: value for index, value in reach.items() if value is not None}
    if len(known) < len(layers) or not _closed(program, layers):
        return None
    height = program.graph.tensor(layers[-1].node.output).shape[1]
    rows = _rows(program.graph, layers, known, min(band_rows, height))
    if rows is None:
        return None
    lead = max(0, *(-(-tensor.ahead // tensor.step) for tensor in rows.values() if not tensor.whole))
    bands = lead + -(-height // min(band_rows, height))
    shifted = {
        name: replace(tensor, ahead=tensor.ahead - lead * tensor.step, kept=tensor.kept - lead * tensor.step)
        for name, tensor in rows.items()
    }
    stage = Stage(first, last, bands, MappingProxyType(shifted), MappingProxyType(known))
    fitted = [_fitted(program, stage, layer) for layer in layers]
    made = [layer for layer in fitted if layer is not None]
    if len(made) < len(layers):
        return None
    stage = replace(stage, over_input=_may_overwrite(program, stage))
    return replace(
        program,
        layers=(*program.layers[:first], *made, *program.layers[last + 1 :]),
        stages=tuple(sorted((*program.stages, stage), key=lambda item: item.first)),
    )


def _closed(program: Program, layers: tuple[Layer, ...]) -> bool:
    """Whether nothing outside reads a tensor made inside, but for the last layer's output."""
    graph, inside = program.graph, {layer.node.name for layer in layers}
    made = {layer.node.output for layer in layers[:-1]}
    readers = {name: node.name for node in graph.nodes if node.name not in inside for name in node.inputs}
    return not made & (set(readers) | set(graph.outputs))


def _rows(
    graph: Graph, layers: tuple[Layer, ...], reach: Mapping[int, RowReach], band_rows: int
) -> dict[str, Rows] | None:
    """The rows of every tensor that the stage reads or makes, from the output backwards."""
    output = layers[-1].node.output
    height, row_bytes = _height(graph, output), _row_bytes(graph, output)
    found = {output: Rows(band_rows, 0, -height, height, height, row_bytes, whole=True)}
    inner = {layer.node.output for layer in layers[:-1]}
    for layer in reversed(layers):
        if layer.node.output not in found:
            return None  # nothing reads it
        r, y = reach[layer.index], found[layer.node.output]
        for name in dict.fromkeys(layer.node.inputs):
            if graph.tensor(name).is_constant:
                continue
            height = _height(graph, name)
            if r.span <= r.pad_top or (y.rows - 1) * r.stride - r.pad_top >= height:
                return None  # a band could lie in the padding alone
            step, ahead = y.step * r.stride, y.ahead * r.stride + r.span - r.stride - r.pad_top
            kept, last = y.ahead * r.stride - r.pad_top, (y.rows - 1) * r.stride - r.pad_top + r.span
            made = Rows(step, ahead, min(kept, ahead), min(height, last), height, _row_bytes(graph, name), whole=False)
            other = found.get(name)
            if other is not None:
                if other.step != step:
                    return None
                ahead, kept = max(other.ahead, made.ahead), min(other.kept, made.kept)
                made = replace(made, ahead=ahead, kept=kept, rows=max(other.rows, made.rows))
            found[name] = made
    return {
        name: rows if name in inner or name == output else replace(rows, whole=True) for name, rows in found.items()
    }


def _height(graph: Graph, name: str) -> int:
    return graph.tensor(name).shape[1]


def _row_bytes(graph: Graph, name: str) -> int:
    return graph.tensor(name).size_bytes // _height(graph, name)


def _fitted(program: Program, stage: Stage, layer: Layer) -> Layer | None:
    """The layer with the work and the scratch memory of its largest band; None when its kernel can't run bands."""
    kernel, reach = layer.kernel, stage.reach[layer.index]
    bands = [_band(program.graph, layer, part) for part in sorted(set(stage.parts(layer))) if part.out_h]
    if any(kernel.applies(*band) is not None for band in bands):
        return None
    one, two = (_band(program.graph, layer, Part(reach.span + (n - 1) * reach.stride, 0, n)) for n in (1, 2))
    units = kernel.units(*one)
    by_row = kernel.units(*two) == 2 * units
    granule = kernel.granule(*one)
    row_bytes = [stage.rows[name].row_bytes for name in (*layer.node.inputs, layer.node.output) if name in stage.rows]
    if by_row and units == row_bytes[-1] and any(size % granule for size in row_bytes):
        return None  # the kernel's work units are bytes: a band must begin where a core's share may
    most = max(kernel.units(*band) for band in bands)
    return replace(
        layer,
        units=most,
        row_units=units if by_row else 0,
        granule=granule,
        cores=max(1, min(program.board.cores, -(-most // granule))),
        scratch_bytes=aligned(max(kernel.scratch_bytes(*band) for band in bands)),
        over_input=None,
    )


def _band(graph: Graph, layer: Layer, part: Part) -> tuple[Graph, Node]:
    """The layer's node as if its images were those of one band."""
    node = layer.node
    heights = dict.fromkeys((name for name in node.inputs if not graph.tensor(name).is_constant), part.in_h)
    heights[node.output] = part.out_h
    tensors = dict(graph.tensors)
    for name, height in heights.items():
        batch, _, *others = tensors[name].shape
        tensors[name] = replace(tensors[name], shape=(batch, height, *others))
    if "kernel" in node.attributes:
        padding = node.attributes["padding"]
        node = node.with_attributes(padding=(part.pad_top, 0, *padding[2:]))
    return replace(graph, tensors=tensors), node


def _may_overwrite(program: Program, stage: Stage) -> bool:
    """Whether the output may lie over the stage's only input: no band's output reaches a row that is still to be read.
    The layer that makes the output must not read the input itself."""
    layers = program.layers[stage.first : stage.last + 1]
    output = layers[-1].node.output
    read = {name for layer in layers for name in layer.node.inputs if name in stage.rows}
    given = sorted(read - {layer.node.output for layer in layers})
    if len(given) != 1 or given[0] in layers[-1].node.inputs:
        return False
    x, y = stage.rows[given[0]], stage.rows[output]
    return all(y.done(band) * y.row_bytes <= x.first(band) * x.row_bytes for band in range(1, stage.bands))
