"""What a model is and what a board would do with it, before any data exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeq import ops, pipeline
from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node
from edgeq.lower.program import Program
from edgeq.ops import weight_types
from edgeq.ops.float_types import FLOATS
from edgeq.quantize.convert import activation_quantization, to_integer
from edgeq.quantize.count_bits import count_bits
from edgeq.quantize.precision import place, stored_weights, with_readable_weights
from edgeq.quantize.recipe import Recipe
from edgeq.quantize.weights import MINMAX, with_integer_weights


def inspect(graph: Graph, boards: list[Board], recipe: Recipe) -> dict[str, Any]:
    """Layers with shapes, parameters, MACs and the precision that the recipe gives them; per board the kernels and the
    memory that they would take.

    Kernels are chosen for ranges of -1 to 1: calibration can change the requantization form, not the kind of kernel.
    """
    graph, kept_of_file = with_readable_weights(graph)
    ranges = {name: (-1.0, 1.0) for name, tensor in graph.tensors.items() if not tensor.is_constant}
    wanted = {name: method.precision for name, method in recipe.methods(graph).items()}
    placed = place(graph, ranges, wanted)
    stored, kept_weights = stored_weights(graph, wanted)
    kept = {**placed.kept_int8, **kept_weights, **kept_of_file}
    ranges |= {name: ranges[source] for name, source in placed.borders.items()}
    ready = with_integer_weights(
        placed.graph,
        dict.fromkeys(wanted, MINMAX),
        stored,
        activation_quantization(placed.graph, ranges, placed.types),
        None,
    )
    layers = []
    for node in graph.nodes:
        parameters = sum(tensor.elements for tensor in graph.input_tensors(node) if tensor.is_constant)
        layers.append(
            {
                "name": node.name,
                "op": node.op,
                "input_shapes": [list(t.shape) for t in graph.input_tensors(node) if not t.is_constant],
                "output_shape": list(graph.tensor(node.output).shape),
                "parameters": parameters,
                "macs": ops.get(node.op).macs(graph, node),
                "precision": _precision(graph, node, placed.types, stored),
                "why_precision": kept.get(node.name),
            }
        )
    result: dict[str, Any] = {
        "model": graph.name,
        "inputs": {name: list(graph.boundary[name].shape) for name in graph.inputs},
        "outputs": {name: list(graph.boundary[name].shape) for name in graph.outputs},
        "states": {state.start: list(graph.boundary[state.start].shape) for state in graph.states},
        "parameters": sum(layer["parameters"] for layer in layers),
        "macs": sum(layer["macs"] for layer in layers),
        "layers": layers,
        "layout_changes": [
            {
                "name": node.name,
                "bytes": graph.tensor(node.output).elements * np.dtype(_dtype(graph, node, placed.types)).itemsize,
            }
            for node in graph.nodes
            if node.op == "transpose"
        ],
        "boards": {},
    }
    for board in boards:
        try:
            program, arena = pipeline.arrange(count_bits(to_integer(ready, ranges, placed.types)), board)
        except EdgeqError as error:
            result["boards"][board.name] = {"supported": False, "problem": str(error)}
            continue
        result["boards"][board.name] = {
            "supported": True,
            "kernels": _kernels(graph, program),
            "arena_bytes": arena.arena_bytes,
            "weights_bytes": program.weights_bytes,
        }
    return result


def _kernels(graph: Graph, program: Program) -> dict[str, str]:
    """Layer -> its kernel, or the layer that it became a part of; views have none."""
    made_by = {layer.node.output: layer.node.name for layer in program.layers}
    kernels = {layer.node.name: layer.kernel.function.replace("_{form}", "") for layer in program.layers}
    parts = {node.name: f"in {made_by[node.output]}" for node in graph.nodes if node.output in made_by}
    return parts | kernels


def _precision(
    graph: Graph, node: Node, types: Mapping[str, str], stored: Mapping[str, weight_types.WeightType]
) -> str:
    """Type of the node's weights where that is not int8, as the recipe or the file has it, or of its output; what is
    floating point as recipes call it."""
    of_file = weight_types.of_node(graph, node)
    of_weights = stored[node.name].name if node.name in stored else of_file
    dtype = _dtype(graph, node, types)
    if dtype in FLOATS:
        return FLOATS[dtype].precision
    return of_weights if of_weights != weight_types.INT8.name else dtype


def _dtype(graph: Graph, node: Node, types: Mapping[str, str]) -> str:
    """Type of the node's output: as the file prescribes, or as the recipe does."""
    quantization = graph.tensor(node.output).quantization
    return quantization.dtype if quantization is not None else types.get(node.output, "int8")
