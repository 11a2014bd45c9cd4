"""What each precision does to the network's outputs, layer by layer, by one of three measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import ops, reference
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.weight_types import INT8, TYPES
from edgeq.quantize import weights as rounding
from edgeq.quantize.precision import PRECISIONS
from edgeq.search import baq, hessian
from edgeq.search.output_error import output_error
from edgeq.search.work import Work

#: ways of rounding weights that are tried for every layer and precision
ROUNDINGS = (rounding.OMSE, rounding.GPTQ)


@dataclass(frozen=True, eq=False)
class Rounded:
    """Integer weights of a layer, and the bias that makes up for the mean error that they cause."""

    weights: Tensor
    bias: np.ndarray


def sensitivity(work: Work, measure: str, layer: str, precision: str) -> dict[str, Any]:
    """The estimated error of the outputs and the rounding of weights that it is for."""
    return MEASURES[measure](work, node_of(work.graph, layer), precision)


def node_of(graph: Graph, layer: str) -> Node:
    return next(node for node in graph.nodes if node.name == layer)


def _by_output(work: Work, layer: Node, precision: str) -> dict[str, Any]:
    """The rounding with the least measured error."""
    stored = work.quantizations[PRECISIONS[precision].activations][layer.output]
    found = [
        (output_error(work.graph, layer, item.weights, item.bias, stored, work.subset.inputs, work.exact), name)
        for name, item in _distinct(rounded_weights(work, precision)[layer.name]).items()
    ]
    error, name = min(found)
    return {"error": error, "rounding": name}


def _by_curvature(work: Work, layer: Node, precision: str) -> dict[str, Any]:
    made = rounded_weights(work, precision)[layer.name][rounding.OMSE].weights
    assert made.quantization is not None
    assert made.data is not None
    real = work.graph.real_constant(layer.inputs[1])
    error = hessian.curvature_error(_trace(work, layer), real, made.quantization.real(made.data))
    return {"error": error, "rounding": rounding.OMSE}


def _by_closed_form(work: Work, layer: Node, precision: str) -> dict[str, Any]:
    real = work.graph.real_constant(layer.inputs[1])
    c = baq.coefficient(_trace(work, layer), real, ops.get(layer.op).weight_axis)
    error = baq.loss(c, TYPES[PRECISIONS[precision].weights])
    return {"error": error, "rounding": rounding.OMSE, "coefficient": c, "weights": real.size}


MEASURES: Mapping[str, Callable[[Work, Node, str], dict[str, Any]]] = MappingProxyType(
    {"output": _by_output, "hessian": _by_curvature, "baq": _by_closed_form}
)


@lru_cache(maxsize=256)
def _trace(work: Work, layer: Node) -> float:
    return hessian.mean_trace(work.graph, layer, work.subset.inputs, work.exact)


@lru_cache(maxsize=16)
def rounded_weights(work: Work, precision: str) -> dict[str, dict[str, Rounded]]:
    """Layer that can have the precision -> rounding -> its weights."""
    graph, stored = work.graph, TYPES[PRECISIONS[precision].weights]
    layers = [layer for layer, options in work.options.items() if precision in options]
    types = {layer: stored for layer in layers if stored is not INT8}
    chosen = work.quantizations[PRECISIONS[precision].activations]
    made = {
        method: rounding.with_integer_weights(graph, dict.fromkeys(layers, method), types, chosen, work.subset.inputs)
        for method in ROUNDINGS
    }
    weights = {
        layer: {method: integer.tensor(node_of(integer, layer).inputs[1]) for method, integer in made.items()}
        for layer in layers
    }
    biases = _corrected_biases(work, weights)
    return {
        layer: {method: Rounded(tensor, biases[layer][method]) for method, tensor in of_layer.items()}
        for layer, of_layer in weights.items()
    }


def _distinct(found: Mapping[str, Rounded]) -> dict[str, Rounded]:
    """Without roundings that came to the same integers as one before (GPTQ of depthwise layers)."""
    kept: dict[str, Rounded] = {}
    for name, item in found.items():
        steps = _steps(item)
        if not any(np.array_equal(steps, _steps(other)) for other in kept.values()):
            kept[name] = item
    return kept


def _steps(item: Rounded) -> np.ndarray:
    assert item.weights.data is not None
    return item.weights.data


def _corrected_biases(work: Work, weights: Mapping[str, Mapping[str, Tensor]]) -> dict[str, dict[str, np.ndarray]]:
    """Layer -> rounding -> b - E[(Q(W) - W) x], as the recipe's bias correction will have it; the bias itself where
    recipes have none."""
    graph = work.graph
    nodes = {layer: node_of(graph, layer) for layer in weights}
    biases = {layer: graph.real_constant(node.inputs[2]) for layer, node in nodes.items()}
    if not work.corrects_biases:
        return {layer: dict.fromkeys(of_layer, biases[layer]) for layer, of_layer in weights.items()}
    errors = {
        (layer, method): tensor.quantization.real(tensor.data) - graph.real_constant(nodes[layer].inputs[1])
        for layer, of_layer in weights.items()
        for method, tensor in of_layer.items()
        if tensor.quantization is not None and tensor.data is not None
    }
    sums: dict[tuple[str, str], Any] = dict.fromkeys(errors, 0.0)

    def add(name: str, values: np.ndarray) -> None:
        for (layer, method), error in errors.items():
            if nodes[layer].inputs[0] == name:
                shift = ops.get(nodes[layer].op).run_float(nodes[layer], [values, error, 0 * biases[layer]])[0]
                sums[layer, method] += len(values) * shift.mean(axis=tuple(range(shift.ndim - 1)), dtype=np.float64)

    reference.run(graph, work.subset.inputs, watch=add)
    return {
        layer: {
            method: (biases[layer] - sums[layer, method] / len(work.subset)).astype(np.float32) for method in of_layer
        }
        for layer, of_layer in weights.items()
    }
