"""Integer weights by the method that a recipe chooses: the float graph gets them as a file with integer weights has
them, and everything behind takes them as they are. "minmax" is what layers do by themselves (ops/weighted.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgeq import ops, reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, constant
from edgeq.ops import weighted
from edgeq.ops.weight_types import INT8, WeightType
from edgeq.quantize.gptq import rounded_with_feedback
from edgeq.quantize.omse import least_error_scales

MINMAX, OMSE, GPTQ = WEIGHTS = ("minmax", "omse", "gptq")


def with_integer_weights(
    graph: Graph,
    methods: Mapping[str, str],
    types: Mapping[str, WeightType],
    chosen: Mapping[str, Quantization],
    inputs: Mapping[str, np.ndarray] | None,
) -> Graph:
    """`methods`: layer -> one of WEIGHTS; `types`: layer -> type of its weights where that is not int8. `chosen`:
    quantization of the activations. `inputs`: calibration data, which GPTQ needs; layers without columns
    (Operator.weight_columns) it rounds to the nearest."""
    changing = [
        node
        for node in graph.nodes
        if (methods.get(node.name, MINMAX) != MINMAX or node.name in types) and has_real_weights(graph, node)
    ]
    hessians = _hessians(graph, [node for node in changing if methods[node.name] == GPTQ], inputs)
    tensors, made = dict(graph.tensors), {}
    for node in changing:
        name, axis = f"{node.name}.rounded", ops.get(node.op).weight_axis
        x, y = (float(chosen[operand].scale[0]) for operand in (node.inputs[0], node.output))
        weights, bias = graph.constant(node.inputs[1]), graph.real_constant(node.inputs[2])
        stored, floor = types.get(node.name, INT8), weighted.scale_floor(x, y)
        if methods[node.name] == OMSE or (methods[node.name] == GPTQ and stored is not INT8):
            scales = weighted.bounded_scales(least_error_scales(weights, axis, stored), bias, x, floor)
        else:
            scales = weighted.weight_scales(weights, bias, axis, x, floor, stored)
        if node.name in hessians:
            steps = rounded_with_feedback(weights.reshape(len(weights), -1), scales, hessians[node.name], stored)
            steps = steps.reshape(weights.shape)
        else:
            steps = weighted.rounded(weights, scales, axis, stored)
        tensors[name] = constant(name, steps, Quantization(scales, 0, axis, stored.name))
        made[node.name] = replace(node, inputs=(node.inputs[0], name, *node.inputs[2:]))
    return graph.with_nodes([made.get(node.name, node) for node in graph.nodes], tensors)


def _hessians(graph: Graph, nodes: list[Node], inputs: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """Layer -> X X^T [inputs, inputs] over the calibration data, of layers that have columns."""
    if not nodes:
        return {}
    if inputs is None:
        raise EdgeqError("gptq weights need calibration data: give --calib DATA.npz")
    found: dict[str, np.ndarray] = {}

    def add(name: str, values: np.ndarray) -> None:
        for node in nodes:
            columns = ops.get(node.op).weight_columns(node, values) if node.inputs[0] == name else None
            if columns is not None:
                found[node.name] = found.get(node.name, 0.0) + (columns.T @ columns).astype(np.float64)

    reference.run(graph, inputs, watch=add)
    return found


def has_real_weights(graph: Graph, node: Node) -> bool:
    """Whether the node is a layer with constant weights and bias in float."""
    if ops.get(node.op).weight_axis < 0:
        return False
    return all(graph.tensor(name).is_constant and graph.tensor(name).dtype == "float32" for name in node.inputs[1:3])
