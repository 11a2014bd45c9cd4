"""Checks every layer by itself, on what the firmware's layers before it made: so that floating-point layers, which
differ from any reference in their last bits, are held to a bound, and integer layers behind them still to equality.

Integer layers must equal their reference. Floating-point ones are evaluated in float64 and may differ by no more than
`float_types.error_bound`; layers without a recorded output (they run band by band) are continued in the reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq import ops, reference
from edgeq.firmware_folder import FirmwareFolder
from edgeq.ir.graph import Graph, Node
from edgeq.ops import float_types
from edgeq.ops.float_types import FLOATS, Rounding
from edgeq.ops.half_sums import HalfSums
from edgeq.simulate.session import RunResult


@dataclass(frozen=True)
class Expected:
    """Outputs of a node as they should be stored; of a floating-point one also what they are in float64, and how far
    from that they may be."""

    outputs: list[np.ndarray]
    exact: list[np.ndarray] | None = None
    bound: list[np.ndarray] | None = None


@dataclass
class Gap:
    """What is known of a layer's differences: how many values are not the expected ones, how many of them lie beyond
    the bound, the largest difference, the first sample that has one (that is beyond the bound, if any is)."""

    values: int = 0
    beyond: int = 0
    largest: float = 0.0
    first_sample: int = 0

    def add(self, expected: Expected, index: int, actual: np.ndarray, start: int) -> None:
        """Counts a batch of the output `index` whose first sample has the number `start`."""
        rows = len(actual)
        other = ~_same(actual, expected.outputs[index]).reshape(rows, -1)
        if not other.any():
            return
        exact = expected.outputs[index] if expected.exact is None else expected.exact[index]
        with np.errstate(invalid="ignore"):
            delta = np.abs(actual.astype(np.float64) - exact.astype(np.float64)).reshape(rows, -1)
        beyond = other
        if expected.bound is not None:  # an infinite one says nothing, of what is no number either
            bound = expected.bound[index].reshape(rows, -1)
            beyond = other & ~(delta <= bound) & np.isfinite(bound)
        if beyond.any() and not self.beyond:
            self.first_sample = start + int(beyond.any(axis=1).argmax())
        elif not self.values:
            self.first_sample = start + int(other.any(axis=1).argmax())
        self.values += int(other.sum())
        self.beyond += int(beyond.sum())
        self.largest = max(self.largest, float(np.where(other, delta, 0.0).max()))


def _same(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return (actual == expected) | ((actual != actual) & (expected != expected))


def has_floats(graph: Graph) -> bool:
    """Whether a layer of a lowered graph computes in floating point."""
    return any(tensor.dtype in FLOATS and not tensor.is_constant for tensor in graph.tensors.values())


def evaluate(graph: Graph, node: Node, arguments: list[np.ndarray], half: HalfSums | None = None) -> Expected:
    """What the node should make of its operands. `half`: the partial sums that its kernel makes in FP16."""
    if not reference.is_stored_float(graph, node):
        return Expected(reference.run_node(graph, node, arguments))
    dtypes = [graph.tensor(name).dtype for name in node.outputs]
    wide = [array.astype(np.float64) for array in arguments]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        exact = reference.run_real(node, wide)
        found = ops.get(node.op).float_rounding(node, wide)
        roundings = found if isinstance(found, list) else [found] * len(exact)
        if node.op == "clamp" or node.attributes.get("activation", (None, None)) != (None, None):
            # the bounds of an activation are rounded as well
            roundings = [
                Rounding(max(rounding.count, 1), np.maximum(rounding.magnitude, np.abs(values)))
                for rounding, values in zip(roundings, exact, strict=True)
            ]
        largest = max((float(np.abs(array).max(initial=0.0)) for array in wide), default=0.0)
        if half is not None:
            roundings = [half.loss(rounding, largest) for rounding in roundings]
        bound = [
            float_types.error_bound(values, rounding, largest, dtype)
            for values, rounding, dtype in zip(exact, roundings, dtypes, strict=True)
        ]
    return Expected(
        [float_types.stored(values, dtype) for values, dtype in zip(exact, dtypes, strict=True)], exact, bound
    )


def recorded(firmware: FirmwareFolder, result: RunResult) -> dict[str, np.ndarray]:
    """Activation -> its values of a run with layers: all outputs of layers, and the model's."""
    layers = {layer["output"]: result.layers[layer["key"]] for layer in _whole(firmware)}
    return {**result.outputs, **result.further, **layers}


def _whole(firmware: FirmwareFolder) -> list[dict[str, Any]]:
    return [layer for layer in firmware.manifest["layers"] if layer["output_whole"]]


def half_sums(graph: Graph, node: Node, function: str) -> HalfSums | None:
    """The partial sums in FP16 of the kernel with that function."""
    kernel = next((item for item in ops.get(node.op).kernels if item.function == function), None)
    return kernel.half_sums(graph, node) if kernel is not None and kernel.half_sums is not None else None


def gaps(firmware: FirmwareFolder, inputs: Mapping[str, np.ndarray], made: Mapping[str, np.ndarray]) -> dict[str, Gap]:
    """Key of every layer with a whole output -> its differences; `made`: activation -> what the firmware made it."""
    graph = firmware.graph
    keys = {layer["output"]: layer["key"] for layer in _whole(firmware)}
    found = {key: Gap() for key in keys.values()}
    functions = {layer["node"]: layer["function"] for layer in firmware.manifest["layers"]}
    halves = {node.name: half_sums(graph, node, functions.get(node.name, "")) for node in graph.nodes}
    size = 1 if graph.states else reference.BATCH
    carried = reference.reset_states(graph)
    for start in range(0, len(next(iter(inputs.values()))), size):
        part = slice(start, start + size)
        values = {**{name: array[part] for name, array in inputs.items()}, **carried}
        for node in graph.nodes:
            arguments = [
                values[name] if name in values else reference.constant_of(graph, node, name) for name in node.inputs
            ]
            expected = evaluate(graph, node, arguments, halves[node.name])
            values.update(zip(node.outputs, expected.outputs, strict=True))
            for index, name in enumerate(node.outputs):
                if node.output in keys and name in made:
                    values[name] = made[name][part]
                    found[keys[node.output]].add(expected, index, values[name], start)
        carried = {state.start: values[state.end] for state in graph.states}
    return found
