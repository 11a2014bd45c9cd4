"""What each layer costs on the board in one precision: one firmware with as many layers as possible in that precision
tells it for all of them, and the cache for every shape that was met before."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from edgeq import ops, pipeline
from edgeq.firmware.fit import TooBigError
from edgeq.lower.program import Layer, Program
from edgeq.precision_search import cache as kept
from edgeq.precision_search.measure import Measured, measured
from edgeq.precision_search.options import recipe_of
from edgeq.precision_search.work import Settings, Work

#: attributes of nodes that say nothing of the work
VALUES = ("act_min", "act_max")


def costs(work: Work, precision: str) -> dict[str, Any]:
    """Layer that can have the precision -> its costs there (the fields of program.Option, `instructions` too).
    `cycles` and `instructions` are None on the host, and where not even this firmware fits the board."""
    recipe = recipe_of(work.uniform(precision), Settings(dict.fromkeys(work.options, "omse")))
    integer = pipeline.quantize(work.graph, work.subset, recipe)
    program, arena = pipeline.arrange(integer, work.board)
    layers = [layer for layer in program.layers if precision in work.options.get(layer.node.name, ())]
    keys = {layer.node.name: layer_key(program, layer) for layer in layers}
    found = {name: value for name, key in keys.items() if (value := kept.get(key)) is not None}
    if len(found) < len(keys):
        found = _measured(work, program, layers, recipe.name)
        for name, value in found.items():
            if value["cycles"] is not None:
                kept.put(keys[name], value)
    return {
        layer.node.name: {
            "function": layer.function,
            "constant_bytes": layer.weights_bytes,
            "live_bytes": sum(buffer.size_bytes for buffer in arena.live_at(layer.index)),
            **found[layer.node.name],
        }
        for layer in layers
    }


def _measured(work: Work, program: Program, layers: list[Layer], quant: str) -> dict[str, dict[str, Any]]:
    try:
        result = measured(program.graph, work.board, quant, work.source)
    except TooBigError:
        return {layer.node.name: {"code": {}, "instructions": None, "cycles": None} for layer in layers}
    functions = {layer.function for layer in program.layers}
    found = {}
    for layer in layers:
        count = result.counts.get(layer.node.name)
        found[layer.node.name] = {
            "code": _code_of(layer, result, functions),
            "instructions": count.instructions if count else None,
            "cycles": count.cycles if count else None,
        }
    return found


def _code_of(layer: Layer, result: Measured, functions: set[str]) -> dict[str, int]:
    """What the layer's kernel brings into the firmware: its function, and the others of its files, which it may share
    with kernels that are layers' `functions` too; piece -> bytes."""
    found = {}
    for path in (layer.kernel.source, layer.kernel.helper):
        name = Path(path).name
        for function, size in result.code.get(name, {}).items():
            if function == layer.function:
                found[function] = size
            elif function not in functions:
                found[name] = found.get(name, 0) + size
    return found


def layer_key(program: Program, layer: Layer) -> str:
    """The same for layers with the same work: board, compiler, edgeq, kernel, shapes, and what else changes loops."""
    graph, node = program.graph, layer.node
    shapes = [graph.tensor(name).shape for name in (*node.inputs, *node.outputs)]
    attributes = {key: value for key, value in node.attributes.items() if key not in VALUES}
    sizes = (layer.units, layer.granule, layer.cores, layer.scratch_bytes)
    how = [*sizes, layer.residual is not None, layer.over_input, layer.unpacking]
    form = ops.get(node.op).c_form(graph, node)
    parts = [
        kept.edgeq_digest(),
        program.board.path.read_text(encoding="utf-8"),
        _compiler(program.board.toolchain.compiler),
    ]
    return kept.digest([*parts, layer.function, form, shapes, attributes, how])


@cache
def _compiler(command: str) -> str:
    """The compiler's name and release, as it gives them."""
    try:
        result = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return command  # not an executable by itself: the board's file tells all there is
    return result.stdout.partition("\n")[0]
