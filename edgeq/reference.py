"""Runs a graph in numpy: the float graph for ranges and accuracy, the integer graph as the definition of right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edgeq import ops
from edgeq.ir.graph import Graph, Node
from edgeq.ops.clamp import apply_activation

#: samples computed at once; bounds the memory of the extracted windows
BATCH = 32

Watcher = Callable[[str, np.ndarray], None]


def run(graph: Graph, inputs: Mapping[str, np.ndarray], watch: Watcher | None = None) -> dict[str, np.ndarray]:
    """Outputs by name for inputs [samples, ...] by name, stored (channels-last) layout, types as in the graph.

    `watch(name, values)` is called with every activation of every batch, inputs included, and with the values inside
    float nodes (Operator.inner).
    """
    samples = len(next(iter(inputs.values())))
    parts: dict[str, list[np.ndarray]] = {name: [] for name in graph.outputs}
    for start in range(0, samples, BATCH):
        batch = {name: array[start : start + BATCH] for name, array in inputs.items()}
        values = _run_batch(graph, batch, watch)
        for name in graph.outputs:
            parts[name].append(values[name])
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _run_batch(graph: Graph, inputs: Mapping[str, np.ndarray], watch: Watcher | None) -> dict[str, np.ndarray]:
    values: dict[str, np.ndarray] = dict(inputs)
    last_use = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs}
    if watch is not None:
        for name in graph.inputs:
            watch(name, values[name])
    for index, node in enumerate(graph.nodes):
        arguments = [values[name] if name in values else constant_of(graph, node, name) for name in node.inputs]
        results = run_node(graph, node, arguments)
        for name, result in zip((*node.outputs, *inner_values(graph, node)), results, strict=True):
            if name in node.outputs:
                values[name] = result
            if watch is not None:
                watch(name, result)
        for name in set(node.inputs):
            if last_use[name] == index and name in values and name not in graph.outputs:
                del values[name]
    return values


def constant_of(graph: Graph, node: Node, name: str) -> np.ndarray:
    """A constant operand: as stored for integer nodes, in real numbers for float ones."""
    is_float = graph.tensor(node.outputs[0]).dtype == "float32"
    return graph.real_constant(name) if is_float else graph.constant(name)


def inner_values(graph: Graph, node: Node) -> list[str]:
    """Names of the values inside a float node that calibration watches."""
    is_float = graph.tensor(node.outputs[0]).dtype == "float32"
    return [f"{node.name}.{value}" for value in ops.get(node.op).inner] if is_float else []


def run_node(graph: Graph, node: Node, arguments: list[np.ndarray]) -> list[np.ndarray]:
    """One node, float or integer by the type of its output."""
    operator = ops.get(node.op)
    if graph.tensor(node.outputs[0]).dtype == "float32":
        low, high = node.attributes.get("activation", (None, None))
        results = operator.run_float(node, arguments)
        return [apply_activation(result, low, high).astype(np.float32, copy=False) for result in results]
    return operator.run_integer(graph, node, arguments)
