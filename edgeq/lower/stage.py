"""Stages: consecutive layers that run together, a band of rows after the other (runtime_c/include/eq_rows.h).

Full-size activations between the layers of a stage never exist; each takes a window of a few rows. Rows that the next
band needs again are kept, so that nothing is computed twice. Branches and residual additions may lie within a stage; it
reads any tensors made before it and has one output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from edgeq import ops
from edgeq.ir.graph import Graph, Node
from edgeq.lower.program import Layer, Part, Program, Rows, Stage, aligned
from edgeq.lower.select import Candidate
from edgeq.lower.states import maker_of
from edgeq.ops.spatial import SAME_ROW, RowReach


@dataclass(frozen=True)
class Pace:
    """`rows` output rows every `bands` bands. A stage that shrinks its images makes several rows of the larger ones for
    one of its output: with more bands than output rows each band makes fewer of them."""

    rows: int
    bands: int = 1


def row_kernels(program: Program) -> dict[int, Layer]:
    """Index -> the layer with a kernel that suits bands better, where there is one: a kernel that works channel by
    channel prepares each channel anew in every band, so that the next one of its instruction set takes its place."""
    found = {}
    for layer in program.layers:
        operator, graph, node = ops.get(layer.node.op), program.graph, layer.node
        reach = operator.row_reach(graph, node)
        if reach is None or _row_units(graph, layer, reach):
            continue
        for kernel in operator.kernels:
            other = replace(layer, kernel=kernel)
            suits = kernel.isa == layer.kernel.isa and kernel.takes(graph, node) and kernel.applies(graph, node) is None
            if suits and _row_units(graph, other, reach):
                candidate = Candidate(graph, node, kernel, f"{kernel.why}; in bands better than {layer.function}")
                found[layer.index] = replace(
                    other,
                    function=candidate.function,
                    constants=candidate.constants,
                    parameters=candidate.parameters,
                    why=candidate.why,
                )
                break
    return found


def with_stage(
    program: Program, first: int, last: int, pace: Pace, better: Mapping[int, Layer] | None = None
) -> Program | None:
    """The program with its layers `first` to `last` in one stage, those of `better` (row_kernels) in that form; None
    where that is impossible."""
    layers = tuple((better or {}).get(layer.index, layer) for layer in program.layers[first : last + 1])
    if any(program.graph.tensor(layer.node.output).dtype != "int8" for layer in layers):
        return None
    if any(layer.kernel.library for layer in layers):
        return None
    kept = {maker_of(program.graph, state.end)[1] for state in program.graph.states}
    if any(layer.node.output in kept for layer in layers):
        return None  # bands would overwrite a state that others still read
    reach = {layer.index: ops.get(layer.node.op).row_reach(program.graph, layer.node) for layer in layers}
    known = {index: value for index, value in reach.items() if value is not None}
    if len(known) < len(layers) or not _closed(program, layers):
        return None
    rows = _rows(program.graph, layers, known, pace)
    if rows is None:
        return None
    # Bands before the first output row, in which the windows fill; then done(0) == 0 everywhere.
    lead = max([0, *(-(-tensor.ahead // tensor.step) for tensor in rows.values() if not tensor.whole)])
    bands = lead + -(-rows[layers[-1].node.output].height * pace.bands // pace.rows)
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
    return not made & (set(readers) | set(graph.results))


def _rows(graph: Graph, layers: tuple[Layer, ...], reach: Mapping[int, RowReach], pace: Pace) -> dict[str, Rows] | None:
    """The rows of every tensor that the stage reads or makes, from the output backwards."""
    output = layers[-1].node.output
    height, row_bytes = _height(graph, output), _row_bytes(graph, output)
    per = pace.bands
    found = {output: Rows(pace.rows, per, 0, 0, height, height, row_bytes, whole=True)}
    inner = {layer.node.output for layer in layers[:-1]}
    for layer in reversed(layers):
        if layer.node.output not in found:
            return None  # nothing reads it
        y = found[layer.node.output]
        activations = [name for name in layer.node.inputs if not graph.tensor(name).is_constant]
        for index, name in enumerate(activations):
            r = SAME_ROW if index else reach[layer.index]
            height = _height(graph, name)
            if r.span <= r.pad_top or (y.rows - 1) * r.stride - r.pad_top >= height:
                return None  # a band could lie in the padding alone
            # floor(x) output rows need the input rows below stride*floor(x) - stride - pad_top + span, which is at most
            # floor(stride*x + ..), and read none above stride*floor(x) - pad_top, floor(stride*x) - stride + 1 - ..
            step, ahead = y.step * r.stride, y.ahead * r.stride + per * (r.span - r.stride - r.pad_top)
            kept = y.ahead * r.stride - per * (r.pad_top + (r.stride - 1 if per > 1 else 0))
            last = (y.rows - 1) * r.stride - r.pad_top + r.span
            size = _row_bytes(graph, name)
            made = Rows(step, per, ahead, min(kept, ahead), min(height, last), height, size, whole=False)
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
    row_units = _row_units(program.graph, layer, reach)
    granule = kernel.granule(*bands[0])
    row_bytes = [stage.rows[name].row_bytes for name in (*layer.node.inputs, layer.node.output) if name in stage.rows]
    if row_units == row_bytes[-1] and any(size % granule for size in row_bytes):
        return None  # the kernel's work units are bytes: a band must begin where a core's share may
    most = max(kernel.units(*band) for band in bands)
    return replace(
        layer,
        units=most,
        row_units=row_units,
        granule=granule,
        cores=max(1, min(program.board.cores, -(-most // granule))),
        scratch_bytes=aligned(max(kernel.scratch_bytes(*band) for band in bands)),
        over_input=None,
    )


def _row_units(graph: Graph, layer: Layer, reach: RowReach) -> int:
    """The kernel's work units an output row; 0 when they don't depend on the rows."""
    parts = [Part(reach.span + (rows - 1) * reach.stride, 0, rows) for rows in (1, 2)]
    one, two = (layer.kernel.units(*_band(graph, layer, part)) for part in parts)
    return one if two == 2 * one else 0


def _band(graph: Graph, layer: Layer, part: Part) -> tuple[Graph, Node]:
    """The layer's node as if its images were those of one band."""
    node = layer.node
    activations = [name for name in node.inputs if not graph.tensor(name).is_constant]
    heights = {**dict.fromkeys([*activations[1:], node.output], part.out_h), activations[0]: part.in_h}
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
