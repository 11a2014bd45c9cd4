"""What each precision does to the network's outputs, layer by layer, by one of four measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import ops, reference
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.weight_types import INT8, TYPES
from edgeq.precision_search import baq, hessian
from edgeq.precision_search.difference import Arrays, squared_error
from edgeq.precision_search.output_error import output_error
from edgeq.precision_search.work import Work
from edgeq.quantize import weights as rounding
from edgeq.quantize.precision import PRECISIONS

#: ways of rounding weights of 8 bits that are tried, and those of fewer bits, where more can be gained
ROUNDINGS, FEW_BITS = (rounding.OMSE, rounding.GPTQ), (rounding.OMSE, *rounding.BY_INPUTS)


@dataclass(frozen=True, eq=False)
class Rounded:
    """Integer weights and bias of a layer."""

    weights: Tensor
    bias: np.ndarray


def sensitivity(work: Work, measure: str, layer: str, precision: str) -> dict[str, Any]:
    """The estimated error of the outputs and the rounding of weights that it is for."""
    return MEASURES[measure](work, node_of(work.graph, layer), precision)


def node_of(graph: Graph, layer: str) -> Node:
    return next(node for node in graph.nodes if node.name == layer)


def _by_output(work: Work, layer: Node, precision: str) -> dict[str, Any]:
    return _measured(work, layer, precision, work.difference)


def _by_squares(work: Work, layer: Node, precision: str) -> dict[str, Any]:
    return _measured(work, layer, precision, partial(squared_error, work.exact))


def _measured(work: Work, layer: Node, precision: str, difference: Callable[[Arrays], float]) -> dict[str, Any]:
    """The rounding with the least measured error."""
    stored = work.quantized(PRECISIONS[precision].activations)[layer.output]
    found = []
    for name, item in _distinct(rounded_weights(work, layer, precision)).items():
        bias = corrected_bias(work, layer, item)
        error = output_error(work.graph, layer, item.weights, bias, stored, work.subset.inputs, difference)
        found.append((error, name))
    error, name = min(found)
    return {"error": error, "rounding": name}


def _by_curvature(work: Work, layer: Node, precision: str) -> dict[str, Any]:
    made = rounded_weights(work, layer, precision, (rounding.OMSE,))[rounding.OMSE].weights
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
    {"output": _by_output, "mse": _by_squares, "hessian": _by_curvature, "baq": _by_closed_form}
)


@lru_cache(maxsize=256)
def _trace(work: Work, layer: Node) -> float:
    return hessian.mean_trace(work.graph, layer, work.subset.inputs, work.difference)


def rounded_weights(
    work: Work, layer: Node, precision: str, methods: Sequence[str] | None = None
) -> dict[str, Rounded]:
    """Rounding -> the layer's weights; the roundings that are worth trying unless some are given."""
    tried = methods or (ROUNDINGS if TYPES[PRECISIONS[precision].weights] is INT8 else FEW_BITS)
    return {method: rounded(work, layer.name, precision, method) for method in tried}


@lru_cache(maxsize=4096)
def rounded(work: Work, name: str, precision: str, method: str) -> Rounded:
    """The layer's weights in that precision; kept, since a search needs them again and again."""
    stored, layer = TYPES[PRECISIONS[precision].weights], node_of(work.graph, name)
    chosen = work.quantized(PRECISIONS[precision].activations)
    weights, bias = rounding.integer_weights(work.graph, layer, method, stored, chosen, _moments(work, layer))
    assert bias.data is not None
    return Rounded(weights, bias.data)


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


def corrected_bias(work: Work, layer: Node, item: Rounded) -> np.ndarray:
    """b - E[(Q(W) - W) x], as bias correction has it; the item's own where recipes can't have that."""
    if not work.may_correct_biases:
        return item.bias
    weights = item.weights
    assert weights.quantization is not None
    assert weights.data is not None
    real = work.graph.real_constant(layer.inputs[2])
    error = weights.quantization.real(weights.data) - work.graph.real_constant(layer.inputs[1])
    moments = _moments(work, layer)
    if moments is not None:
        return (real - error.reshape(len(real), -1) @ moments.mean).astype(np.float32)
    operator, total = ops.get(layer.op), np.zeros(len(real))
    batches = _batches(work, layer.inputs[0])
    for values in batches:
        shift = operator.run_float(layer, [values, error, 0 * real])[0]
        total += len(values) * shift.mean(axis=tuple(range(shift.ndim - 1)), dtype=np.float64)
    return (real - total / sum(map(len, batches))).astype(np.float32)


@lru_cache(maxsize=256)
def _moments(work: Work, layer: Node) -> rounding.Moments | None:
    """Those of the layer's inputs; None where it has no columns."""
    found = rounding.Moments()
    for values in _batches(work, layer.inputs[0]):
        columns = ops.get(layer.op).weight_columns(layer, values)
        if columns is None:
            return None
        found.add(columns)
    return found


@lru_cache(maxsize=1)
def _batches(work: Work, name: str) -> tuple[np.ndarray, ...]:
    """An activation of the float network on all calibration data, batch by batch. A layer's steps follow one another:
    the last one is worth keeping."""
    found: list[np.ndarray] = []
    reference.run(work.graph, work.calibration.inputs, watch=lambda made, x: found.append(x) if made == name else None)
    return tuple(found)
