"""Integer weights by the method that a recipe chooses: the float graph gets them as a file with integer weights has
them, and everything behind takes them as they are. "minmax" is what layers do by themselves (ops/weighted.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeq import ops, reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, constant
from edgeq.ops import weighted
from edgeq.ops.weight_types import INT8, WeightType
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
        method, stored, name = methods[node.name], types.get(node.name, INT8), f"{node.name}.rounded"
        axis, bias = ops.get(node.op).weight_axis, graph.real_constant(node.inputs[2])
        x, y = (float(chosen[operand].scale[0]) for operand in (node.inputs[0], node.output))
        weights, floor = graph.constant(node.inputs[1]), weighted.scale_floor(x, y)
        if method == OMSE or (method in BY_INPUTS and stored is not INT8):
            scales = weighted.bounded_scales(least_error_scales(weights, axis, stored), bias, x, floor)
        else:
            scales = weighted.weight_scales(weights, bias, axis, x, floor, stored)
        operands = [node.inputs[0], name, *node.inputs[2:]]
        if node.name in moments:
            known, rows = moments[node.name], weights.reshape(len(weights), -1)
            if method == ADAQUANT:
                least = weighted.bounded_scales(np.zeros(len(scales)), bias, x, floor)
                steps, scales = jointly_tuned(rows, scales, known.covariance, stored, least)
                operands[2] = f"{node.name}.tuned_bias"
                tensors[operands[2]] = constant(operands[2], shifted_bias(bias, rows, steps, scales, known.mean))
            else:
                rounding = rounded_with_feedback if method == GPTQ else adaptively_rounded
                steps = rounding(rows, scales, np.asarray(known.products), stored)
            steps = steps.reshape(weights.shape)
        else:
            steps = weighted.rounded(weights, scales, axis, stored)
        tensors[name] = constant(name, steps, Quantization(scales, 0, axis, stored.name))
        made[node.name] = replace(node, inputs=tuple(operands))
    return graph.with_nodes([made.get(node.name, node) for node in graph.nodes], tensors)


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
