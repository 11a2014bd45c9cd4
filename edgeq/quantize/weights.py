"""Integer weights by the method that a recipe chooses: the float graph gets them as a file with integer weights has
them, and everything behind takes them as they are. "minmax" is what layers do by themselves (ops/weighted.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeq import ops, reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor, constant
from edgeq.ops import weighted
from edgeq.ops.weight_types import INT8, WeightType
from edgeq.quantize import groups
from edgeq.quantize.adaquant import jointly_tuned, shifted_bias
from edgeq.quantize.adaround import adaptively_rounded
from edgeq.quantize.gptq import rounded_with_feedback
from edgeq.quantize.omse import least_error_scales

MINMAX, OMSE, GPTQ, ADAROUND, ADAQUANT = WEIGHTS = ("minmax", "omse", "gptq", "adaround", "adaquant")
#: those that look at a layer's inputs
BY_INPUTS = (GPTQ, ADAROUND, ADAQUANT)


@dataclass
class Moments:
    """Sums over what the weights of a layer are multiplied with (Operator.weight_columns) on calibration data: of the
    products of two inputs [inputs, inputs], of the inputs [inputs], and how many columns there were."""

    products: np.ndarray | float = 0.0
    values: np.ndarray | float = 0.0
    count: int = 0

    def add(self, columns: np.ndarray) -> None:
        self.products = self.products + (columns.T @ columns).astype(np.float64)
        self.values = self.values + columns.sum(axis=0, dtype=np.float64)
        self.count += len(columns)

    @property
    def mean(self) -> np.ndarray:
        return np.asarray(self.values) / self.count

    @property
    def covariance(self) -> np.ndarray:
        return np.asarray(self.products) / self.count - np.outer(self.mean, self.mean)


def with_integer_weights(
    graph: Graph,
    methods: Mapping[str, str],
    types: Mapping[str, WeightType],
    chosen: Mapping[str, Quantization],
    inputs: Mapping[str, np.ndarray] | None,
) -> Graph:
    """`methods`: layer -> one of WEIGHTS; `types`: layer -> type of its weights where that is not int8. `chosen`:
    quantization of the activations. `inputs`: calibration data, which the methods BY_INPUTS need; layers without
    columns (Operator.weight_columns) they round to the nearest."""
    changing = [
        node
        for node in graph.nodes
        if (methods.get(node.name, MINMAX) != MINMAX or node.name in types) and has_real_weights(graph, node)
    ]
    moments = _moments(graph, {node.name: methods[node.name] for node in changing}, inputs)
    tensors, made = dict(graph.tensors), {}
    for node in changing:
        stored = types.get(node.name, INT8)
        weights, bias = integer_weights(graph, node, methods[node.name], stored, chosen, moments.get(node.name))
        tensors.update({weights.name: weights, bias.name: bias})
        made[node.name] = replace(node, inputs=(node.inputs[0], weights.name, bias.name, *node.inputs[3:]))
    return graph.with_nodes([made.get(node.name, node) for node in graph.nodes], tensors)


def integer_weights(
    graph: Graph,
    node: Node,
    method: str,
    stored: WeightType,
    chosen: Mapping[str, Quantization],
    moments: Moments | None,
) -> tuple[Tensor, Tensor]:
    """One layer's integer weights and its bias in float, which adaquant moves. `moments` of its inputs, None for layers
    without columns and methods that don't look at inputs."""
    name = f"{node.name}.rounded"
    axis, bias = ops.get(node.op).weight_axis, graph.tensor(node.inputs[2])
    real_bias = graph.real_constant(bias.name)
    x, y = (float(chosen[operand].scale[0]) for operand in (node.inputs[0], node.output))
    weights, floor = graph.constant(node.inputs[1]), weighted.scale_floor(x, y)
    rows = weights.reshape(len(weights), -1)
    multipliers = np.ones(rows.shape, np.int8)
    by_error = method == OMSE or (method in BY_INPUTS and stored is not INT8)

    def bounded(scales: np.ndarray) -> np.ndarray:
        return weighted.bounded_scales(scales, real_bias, x, floor)

    if stored.group:
        find = groups.least_error if by_error else groups.reaching
        scales, multipliers = find(rows, stored, bounded)
    elif by_error:
        scales = bounded(least_error_scales(weights, axis, stored))
    else:
        scales = weighted.weight_scales(weights, real_bias, axis, x, floor, stored)
    if moments is None or method not in BY_INPUTS:
        steps = weighted.rounded(weights, scales, axis, stored, multipliers.reshape(weights.shape))
    elif method == ADAQUANT:
        least = bounded(np.zeros(len(scales)))
        steps, scales = jointly_tuned(rows, scales, moments.covariance, stored, least, multipliers)
        tuned = shifted_bias(real_bias, rows, steps, scales, moments.mean)
        bias = constant(f"{node.name}.tuned_bias", tuned)
    else:
        rounding = rounded_with_feedback if method == GPTQ else adaptively_rounded
        steps = rounding(rows, scales, np.asarray(moments.products), stored, multipliers)
    steps = steps.reshape(weights.shape)
    return constant(name, steps, Quantization(scales, 0, axis, stored.name)), bias


def _moments(graph: Graph, methods: Mapping[str, str], inputs: Mapping[str, np.ndarray] | None) -> dict[str, Moments]:
    """Layer -> the moments of its inputs, of those of `methods` that need them and have columns."""
    nodes = [node for node in graph.nodes if methods.get(node.name) in BY_INPUTS]
    if not nodes:
        return {}
    if inputs is None:
        raise EdgeqError(f"{methods[nodes[0].name]} weights need calibration data: give --calib DATA.npz")
    found: dict[str, Moments] = {}

    def add(name: str, values: np.ndarray) -> None:
        for node in nodes:
            columns = ops.get(node.op).weight_columns(node, values) if node.inputs[0] == name else None
            if columns is not None:
                found.setdefault(node.name, Moments()).add(columns)

    reference.run(graph, inputs, watch=add)
    return found


def has_real_weights(graph: Graph, node: Node) -> bool:
    """Whether the node is a layer with constant weights and bias in float."""
    if ops.get(node.op).weight_axis < 0:
        return False
    return all(graph.tensor(name).is_constant and graph.tensor(name).dtype == "float32" for name in node.inputs[1:3])
