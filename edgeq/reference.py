"""Runs a graph in numpy: the float graph for ranges and accuracy, the integer graph as the definition of right.

The samples of a network with states are the steps of one sequence, which begins with the states reset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edgeq import ops
from edgeq.ir.graph import Graph, Node
from edgeq.ops import float_types
from edgeq.ops.clamp import apply_activation

#: samples computed at once; bounds the memory of the extracted windows
BATCH = 32

Watcher = Callable[[str, np.ndarray], None]
Change = Callable[[str, np.ndarray], np.ndarray]


def run(
    graph: Graph, inputs: Mapping[str, np.ndarray], watch: Watcher | None = None, change: Change | None = None
) -> dict[str, np.ndarray]:
    """Outputs by name for inputs [samples, ...] by name, stored (channels-last) layout, types as in the graph. Inputs
    may hold the starts of all states as well: then every sample has its own, and the samples are no sequence.

    `watch(name, values)` is called with every activation of every batch, inputs and starts of states included, and with
    the values inside float nodes (Operator.inner); with states a batch is one step. `change(name, values)` gives what
    takes the place of every activation that a node makes.
    """
    samples = len(next(iter(inputs.values())))
    independent = all(state.start in inputs for state in graph.states)
    size = BATCH if independent else 1
    carried = reset_states(graph)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in graph.outputs}
    for start in range(0, samples, size):
        batch = {name: array[start : start + size] for name, array in inputs.items()}
        values = run_batch(graph, {**carried, **batch}, watch, change)
        carried = {state.start: values[state.end] for state in graph.states}
        for name in graph.outputs:
            parts[name].append(values[name])
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def reset_states(graph: Graph) -> dict[str, np.ndarray]:
    """Start of every state as a reset leaves it: its initial values, or real zero."""
    found = {}
    for state in graph.states:
        tensor = graph.tensor(state.start)
        if state.initial is not None:
            found[state.start] = graph.constant(state.initial).copy()
            continue
        zero = 0 if tensor.is_real else tensor.zero_point
        found[state.start] = np.full(tensor.shape, zero, tensor.dtype)
    return found


def run_batch(
    graph: Graph, given: Mapping[str, np.ndarray], watch: Watcher | None = None, change: Change | None = None
) -> dict[str, np.ndarray]:
    """What nodes make of a batch of inputs and starts of states: the graph's results among all that is left."""
    values: dict[str, np.ndarray] = dict(given)
    last_use = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs}
    results = graph.results
    if watch is not None:
        for name in graph.given:
            watch(name, values[name])
    for index, node in enumerate(graph.nodes):
        arguments = [values[name] if name in values else constant_of(graph, node, name) for name in node.inputs]
        made = run_node(graph, node, arguments)
        for name, result in zip((*node.outputs, *inner_values(graph, node)), made, strict=True):
            if name in node.outputs:
                result = result if change is None else change(name, result)
                values[name] = result
            if watch is not None:
                watch(name, result)
        for name in set(node.inputs):
            if last_use[name] == index and name in values and name not in results:
                del values[name]
    return values


def constant_of(graph: Graph, node: Node, name: str) -> np.ndarray:
    """A constant operand: as stored for integer nodes, in real numbers for float ones."""
    return graph.real_constant(name) if graph.tensor(node.outputs[0]).is_real else graph.constant(name)


def inner_values(graph: Graph, node: Node) -> list[str]:
    """Names of the values inside a float node that calibration watches."""
    if not graph.tensor(node.outputs[0]).is_real:
        return []
    return [f"{node.name}.{value}" for value in ops.get(node.op).inner]


def run_node(graph: Graph, node: Node, arguments: list[np.ndarray]) -> list[np.ndarray]:
    """One node by the type of its output: of the float graph, integer, or in float32 and rounded to the floating-point
    type that stores it."""
    operator, output = ops.get(node.op), graph.tensor(node.outputs[0])
    if output.is_real:
        return [result.astype(np.float32, copy=False) for result in run_real(node, arguments)]
    if is_stored_float(graph, node):
        wide = [array.astype(np.float32, copy=False) for array in arguments]
        return [float_types.stored(result, output.dtype) for result in run_real(node, wide)]
    return operator.run_integer(graph, node, arguments)


def run_real(node: Node, arguments: list[np.ndarray]) -> list[np.ndarray]:
    """The node's function of real numbers with its fused activation, in the type of the arguments."""
    low, high = node.attributes.get("activation", (None, None))
    return [apply_activation(result, low, high) for result in ops.get(node.op).run_float(node, arguments)]


def is_stored_float(graph: Graph, node: Node) -> bool:
    """Whether the node computes in floating point in firmware as well."""
    output = graph.tensor(node.outputs[0])
    return not output.is_real and output.dtype in float_types.FLOATS and ops.get(node.op).takes_float
