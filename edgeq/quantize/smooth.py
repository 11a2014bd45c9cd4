"""SmoothQuant: G. Xiao, J. Lin, M. Seznec, H. Wu, J. Demouth, S. Han, "SmoothQuant: Accurate and Efficient
Post-Training Quantization for Large Language Models", ICML 2023, arXiv 2211.10438, section 4.

What a normalization makes often has a few channels that are much larger than the rest, and one scale for all of them
leaves the rest few steps. Channel j of the input of linear layers is divided by s_j, and their weights multiplied by
it: s_j = max|X_j|^alpha / max|W_j|^(1 - alpha) (equation 4), X on calibration data, W of all layers that read it. The
division goes into the gain and the bias of the normalization that makes X, or into the weights and bias of the layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edgeq import ops, reference
from edgeq.ir.graph import Graph, Node, constant
from edgeq.quantize.weights import has_real_weights

ALPHA = 0.5


def smoothed(graph: Graph, inputs: Mapping[str, np.ndarray]) -> Graph:
    """The same function with evened channels before linear layers; `inputs`: calibration data in float. Activations
    that changed lose their origin."""
    groups = list(_groups(graph))
    largest: dict[str, np.ndarray] = {}

    def watch(name: str, values: np.ndarray) -> None:
        if name in wanted:
            found = np.abs(values).max(axis=tuple(range(values.ndim - 1))).astype(np.float64)
            largest[name] = np.maximum(largest.get(name, 0.0), found)

    wanted = {maker.output for maker, _ in groups}
    reference.run(graph, inputs, watch=watch)
    constants = {name: graph.constant(name) for maker, _ in groups for name in maker.inputs[1:3]}
    constants |= {reader.inputs[1]: graph.constant(reader.inputs[1]) for _, readers in groups for reader in readers}
    for maker, readers in groups:
        factors = _factors(largest[maker.output], [_by_input(reader, constants) for reader in readers])
        _multiply(constants, maker, 1.0 / factors)
        for reader in readers:
            axis = ops.get(reader.op).weight_input_axis
            constants[reader.inputs[1]] = _along(constants[reader.inputs[1]], axis, factors)
    return _with_constants(graph, constants, wanted)


def _groups(graph: Graph) -> Iterator[tuple[Node, list[Node]]]:
    """A node whose output can be divided by channel, with the layers that read it, and nothing else."""
    for maker in graph.nodes:
        readers = [node for node in graph.nodes if maker.output in node.inputs]
        free = maker.output not in graph.results and graph.tensor(maker.output).quantization is None
        if not free or not readers or not _divisible(graph, maker):
            continue
        if all(
            ops.get(reader.op).weight_input_axis >= 0
            and reader.inputs[0] == maker.output
            and has_real_weights(graph, reader)
            and graph.tensor(maker.output).shape[-1] == _inputs_of(graph, reader)
            for reader in readers
        ):
            yield maker, readers


def _divisible(graph: Graph, maker: Node) -> bool:
    """Whether its constants can hold a factor for each channel of its output, the last axis."""
    if maker.attributes.get("activation", (None, None)) not in ((None, None), (0.0, None)):
        return False
    if maker.op == "normalize":
        return all(graph.tensor(name).dtype == "float32" for name in maker.inputs[1:3])
    return ops.get(maker.op).weight_axis >= 0 and has_real_weights(graph, maker)


def _inputs_of(graph: Graph, reader: Node) -> int:
    return graph.tensor(reader.inputs[1]).shape[ops.get(reader.op).weight_input_axis]


def _by_input(reader: Node, constants: Mapping[str, np.ndarray]) -> np.ndarray:
    """Largest magnitude of the weights of each input channel."""
    weights, axis = constants[reader.inputs[1]], ops.get(reader.op).weight_input_axis
    return np.abs(weights).max(axis=tuple(index for index in range(weights.ndim) if index != axis)).astype(np.float64)


def _factors(of_inputs: np.ndarray, of_weights: list[np.ndarray]) -> np.ndarray:
    weights = np.maximum.reduce(of_weights)
    used = (of_inputs > 0) & (weights > 0)
    return np.where(used, np.where(used, of_inputs, 1.0) ** ALPHA / np.where(used, weights, 1.0) ** (1.0 - ALPHA), 1.0)


def _multiply(constants: dict[str, np.ndarray], maker: Node, factors: np.ndarray) -> None:
    """Multiplies what the maker makes, by channel."""
    weights, bias = maker.inputs[1:3]
    axis = 0 if maker.op == "normalize" else ops.get(maker.op).weight_axis
    constants[weights] = _along(constants[weights], axis, factors)
    constants[bias] = _along(constants[bias], 0, factors)


def _along(array: np.ndarray, axis: int, factors: np.ndarray) -> np.ndarray:
    shape = [-1 if index == axis else 1 for index in range(array.ndim)]
    return (array * factors.reshape(shape)).astype(np.float32)


def _with_constants(graph: Graph, constants: Mapping[str, np.ndarray], changed: set[str]) -> Graph:
    names = {name: f"{name}.smoothed" for name in constants}
    tensors = dict(graph.tensors) | {made: constant(made, constants[name]) for name, made in names.items()}
    nodes = [replace(node, inputs=tuple(names.get(name, name) for name in node.inputs)) for node in graph.nodes]
    origins = {name: origin for name, origin in graph.origins.items() if name not in changed}
    return replace(graph, origins=MappingProxyType(origins)).with_nodes(nodes, tensors)
