"""Which tensors share a buffer, and from which layer to which each buffer must be kept.

Time is the layer's index; the inputs are filled at -1, outputs are kept to the end (the number of layers). A state has
memory of its own all the time: the end of the state is made in it, when nothing reads its start any more
(edgeq/lower/states.py sees to that), and no other tensor ever lies there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeq import ops
from edgeq.ir.graph import ARENA, Node
from edgeq.lower import states
from edgeq.lower.program import Layer, Program, Stage
from edgeq.ops import residual


@dataclass(frozen=True)
class Buffer:
    """Bytes that are live from layer `first` to layer `last`, both included; `tensors` lie in it one after another.
    `kept`: a state's, live between inferences as well. `memory`: where it lies, the arena or memory of that name."""

    name: str
    size_bytes: int
    first: int
    last: int
    tensors: tuple[str, ...]
    kept: bool = False
    memory: str = ARENA

    def overlaps(self, other: Buffer) -> bool:
        """True when both are live at some time."""
        return self.first <= other.last and other.first <= self.last


def buffers(program: Program, in_place: bool = True) -> list[Buffer]:
    """Buffers of all activations and of every layer's scratch memory, in order of first use."""
    graph = program.graph
    layers = {layer.node.name: layer for layer in program.layers}
    begin, end = _times(program)
    root: dict[str, str] = {name: name for name in graph.given}
    first: dict[str, int] = dict.fromkeys(graph.given, -1)
    last_read = _last_reads(program, end)
    starts = {state.start for state in graph.states}
    memories = {state.start: state.memory for state in graph.states}
    made_in_place = {name: state.start for state in graph.states for name in [states.maker_of(graph, state.end)[1]]}
    for node in graph.nodes:
        source = _shared_input(program, layers.get(node.name), node, root, last_read, in_place)
        for name in node.outputs:
            if name in made_in_place:
                root[name] = made_in_place[name]
            elif source is not None:
                root[name] = root[source]
            else:
                root[name] = name
                first[name] = begin[node.name]
    for stage in program.stages:
        for layer in program.layers[stage.first : stage.last + 1]:
            _shorten(stage, layer, first, last_read)
    groups: dict[str, list[str]] = {}
    end_of_time = len(program.layers)
    for name, owner in root.items():
        groups.setdefault(owner, []).append(name)
    result = [
        Buffer(
            owner,
            max(stored_bytes(program, name) for name in members),
            first[owner],
            end_of_time if owner in starts else max(last_read[name] for name in members),
            tuple(members),
            kept=owner in starts,
            memory=memories.get(owner, ARENA),
        )
        for owner, members in groups.items()
    ]
    for layer in program.layers:
        if layer.scratch_bytes:
            size = layer.scratch_bytes * layer.cores
            result.append(Buffer(scratch_name(layer.key), size, layer.index, layer.index, ()))
        if layer.unpacking is not None:  # once an inference, also in a stage
            size, name = layer.unpacking.size_bytes, layer.node.name
            result.append(Buffer(weights_name(layer.key), size, begin[name], end[name], ()))
        if layer.over_input is not None:
            size = layer.over_input.copy_bytes * layer.cores
            result.append(Buffer(copy_name(layer.key), size, layer.index, layer.index, ()))
        if layer.residual is not None:
            size = layer.residual.band_bytes * layer.cores
            result.append(Buffer(band_name(layer.key), size, layer.index, layer.index, ()))
    return sorted(result, key=lambda buffer: (buffer.first, buffer.name))


def stored_bytes(program: Program, name: str) -> int:
    """Bytes of a tensor in the arena: a window of rows inside a stage, weights as they are packed, else all of it."""
    if name in program.packed:
        return program.packed[name]
    for stage in program.stages:
        rows = stage.rows.get(name)
        if rows is not None and not rows.whole:
            return rows.window_rows(stage.bands) * rows.row_bytes
    return program.graph.tensor(name).size_bytes


def scratch_name(layer_key: str) -> str:
    return f"{layer_key}.scratch"


def weights_name(layer_key: str) -> str:
    return f"{layer_key}.weights"


def copy_name(layer_key: str) -> str:
    return f"{layer_key}.copy"


def _times(program: Program) -> tuple[dict[str, int], dict[str, int]]:
    """Node -> first and last layer between which its operands are kept: in a stage all of it, as its bands repeat."""
    begin, end = {}, {}
    for layer in program.layers:
        stage = program.stage_of(layer)
        begin[layer.node.name] = stage.first if stage else layer.index
        end[layer.node.name] = stage.last if stage else layer.index
    return begin, end


def _shorten(stage: Stage, layer: Layer, first: dict[str, int], last_read: dict[str, int]) -> None:
    """Tensors without rows that stay for the next band live from their maker to their last reader; layers in order."""
    made = layer.node.output
    if not stage.rows[made].carries:
        first[made] = layer.index
    for name in layer.node.inputs:
        if name in stage.rows and not stage.rows[name].carries:
            last_read[name] = layer.index


def band_name(layer_key: str) -> str:
    return f"{layer_key}.band"


def _last_reads(program: Program, layer_at: Mapping[str, int]) -> dict[str, int]:
    """Tensor -> last layer that reads it through any view; the layer that makes it when nothing does. `layer_at`: the
    layer at whose end a node is done."""
    graph = program.graph
    last: dict[str, int] = dict.fromkeys(graph.given, -1)
    end = len(program.layers)
    for node in graph.nodes:
        if node.name in layer_at:
            for name in node.outputs:
                last[name] = layer_at[node.name]
            for name in node.inputs:
                if name in last:
                    last[name] = layer_at[node.name]
        else:
            for name in node.outputs:
                last[name] = last[node.inputs[0]]
    for name in graph.results:
        last[name] = end
    for node in reversed(graph.nodes):
        if node.name not in layer_at:
            last[node.inputs[0]] = max(last[node.inputs[0]], last[node.outputs[0]])
    return last


def _shared_input(
    program: Program,
    layer: Layer | None,
    node: Node,
    root: Mapping[str, str],
    last_read: Mapping[str, int],
    in_place: bool,
) -> str | None:
    """The input whose buffer the output of `node` may take over, or None; a node without a layer is a view."""
    if layer is None:
        return node.inputs[0]
    graph = program.graph
    stage = program.stage_of(layer)
    kept = {state.start for state in graph.states}
    if stage is not None:
        return _stage_input(stage, layer, root, last_read, kept) if in_place and layer.index == stage.last else None
    candidates = list(ops.get(node.op).in_place) if in_place else []
    if layer.over_input is not None or (in_place and layer.overwrites_input):
        candidates.append(0)
    if in_place and layer.residual is not None and root[node.inputs[0]] != root[node.inputs[residual.INPUT]]:
        candidates.append(residual.INPUT)
    for index in candidates:
        candidate = node.inputs[index]
        if root[candidate] in kept:
            continue
        sharing = [other for other, owner in root.items() if owner == root[candidate]]
        fits = graph.tensor(node.output).size_bytes <= graph.tensor(candidate).size_bytes
        if fits and all(last_read[other] <= layer.index for other in sharing):
            return candidate
    return None


def _stage_input(
    stage: Stage, layer: Layer, root: Mapping[str, str], last_read: Mapping[str, int], kept: set[str]
) -> str | None:
    """The stage's input if the stage's output may lie over it and nobody needs it afterwards."""
    if not stage.over_input:
        return None
    candidate = next(name for name, rows in stage.rows.items() if rows.whole and name != layer.node.output)
    if root[candidate] in kept:
        return None
    sharing = [other for other, owner in root.items() if owner == root[candidate]]
    x, y = stage.rows[candidate], stage.rows[layer.node.output]
    fits = y.height * y.row_bytes <= x.height * x.row_bytes
    return candidate if fits and all(last_read[other] <= stage.last for other in sharing) else None
