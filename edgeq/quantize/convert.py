"""Canonical float graph + ranges -> integer graph. Each operator adds its own integer form; this file holds what they
share: which scale an activation gets, and the graph in the making."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor, constant
from edgeq.ops import lut
from edgeq.quantize.observe import Range
from edgeq.quantize.scales import affine

#: attributes of float nodes that integer nodes hold as integers
FLOAT_ONLY = ("activation", "min", "max")


def to_int8(graph: Graph, ranges: dict[str, Range]) -> Graph:
    """The int8 graph. Raises EdgeqError for an operator without an integer form, naming its layer."""
    converter = Converter(graph, activation_quantization(graph, ranges))
    for node in graph.nodes:
        try:
            ops.get(node.op).quantize(converter, node)
        except NotImplementedError:
            shape = graph.tensor(node.inputs[0]).shape
            raise EdgeqError(f"layer {node.name}: {node.op} on {shape} has no int8 form") from None
        except ValueError as error:
            raise EdgeqError(f"layer {node.name}: {error}; calibrate with representative data") from error
    return converter.finish()


def activation_quantization(graph: Graph, ranges: dict[str, Range]) -> dict[str, Quantization]:
    """Quantization of every activation: from its range, from the operator, or, where the operator can't change the
    scale, from its input."""
    chosen = {name: affine(ranges[name]) for name in graph.inputs}
    for node in graph.nodes:
        operator = ops.get(node.op)
        for name in node.outputs:
            fixed = operator.fixed_output()
            if fixed is not None:
                chosen[name] = fixed
            elif operator.requantizes_to_any_scale():
                chosen[name] = affine(ranges[name])
            else:
                chosen[name] = chosen[node.inputs[0]]
    _agree_with_concat(graph, chosen)
    return chosen


def _agree_with_concat(graph: Graph, chosen: dict[str, Quantization]) -> None:
    """A layer that only feeds a concat writes in the concat's scale at once."""
    producers = graph.producers()
    for node in reversed(graph.nodes):
        if node.op != "concat":
            continue
        for name in node.inputs:
            producer = producers.get(name)
            if producer is None or graph.only_consumer(name) is not node:
                continue
            operator = ops.get(producer.op)
            if operator.requantizes_to_any_scale() and operator.fixed_output() is None:
                chosen[name] = chosen[node.output]


class Converter:
    """The integer graph in the making; operators' `quantize` methods use it."""

    def __init__(self, source: Graph, quantization: dict[str, Quantization]) -> None:
        self.source = source
        self._quantization = quantization
        self._nodes: list[Node] = []
        self._tensors: dict[str, Tensor] = {}
        for name in source.inputs:
            self._tensors[name] = self._int8(name)

    def _int8(self, name: str) -> Tensor:
        return Tensor(name, self.source.tensor(name).shape, "int8", self._quantization[name])

    def quantized(self, name: str) -> Tensor:
        """The int8 activation of that name."""
        return self._tensors[name]

    def quantized_output(self, node: Node) -> Tensor:
        """The int8 tensor that the node's integer form has to make."""
        return self._int8(node.output)

    def constant(self, name: str, data: np.ndarray, quantization: Quantization | None = None) -> str:
        self._tensors[name] = constant(name, data, quantization)
        return name

    def add(self, node: Node, inputs: tuple[str, ...], output: Tensor, **attributes: Any) -> None:
        """Appends the integer form of `node`: its attributes without the float ones, plus `attributes`."""
        kept = {key: value for key, value in node.attributes.items() if key not in FLOAT_ONLY}
        self._tensors[output.name] = output
        merged = MappingProxyType({**kept, **attributes})
        self._nodes.append(replace(node, inputs=inputs, outputs=(output.name,), attributes=merged))

    def rescaled(self, name: str, target: Quantization, reader: str) -> str:
        """`name` in another quantization; adds a lut where it differs."""
        tensor = self._tensors[name]
        assert tensor.quantization is not None
        if tensor.quantization.same_as(target):
            return name
        made = f"{reader}.{name}.rescaled"
        if made not in self._tensors:
            table = self.constant(f"{made}.table", lut.rescale_table(tensor.quantization, target))
            self._tensors[made] = Tensor(made, tensor.shape, "int8", target)
            self._nodes.append(Node(made, "lut", (name, table), (made,)))
        return made

    def activation_range(self, node: Node, output: Tensor) -> dict[str, int]:
        """act_min and act_max of the node's fused activation in the output's quantization."""
        return self.integer_bounds(node.attributes.get("activation", (None, None)), output)

    @staticmethod
    def integer_bounds(bounds: tuple[float | None, float | None], output: Tensor) -> dict[str, int]:
        low, high = bounds
        act_min = -128 if low is None else round(low / output.scale) + output.zero_point
        act_max = 127 if high is None else round(high / output.scale) + output.zero_point
        act_max = max(-128, min(127, act_max))
        return {"act_min": min(act_max, max(-128, min(127, act_min))), "act_max": act_max}

    def finish(self) -> Graph:
        return self.source.with_nodes(self._nodes, self._tensors)
