"""The backward part of a training step in the making: operators' `gradient` methods add to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor, constant
from edgeq.ops.float_types import FLOAT32, FLOATS, quantization, stored


@dataclass(frozen=True)
class Trained:
    """A constant of the forward graph that is trained: the name of the parameter, and its shape as layers read it. With
    `channels` only the first ones along `axis` are, and the constant `rest` has the others."""

    parameter: str
    shape: tuple[int, ...]
    axis: int = 0
    channels: int | None = None
    rest: str | None = None

    def operands(self) -> list[str]:
        """What the weights are packed from."""
        return [self.parameter] if self.rest is None else [self.parameter, self.rest]


class Tape:
    """Collects nodes and the gradients of activations and parameters.

    `graph`: the forward graph. `trained`: its constants that are parameters -> which. Gradients are only made of what
    leads to a parameter.
    """

    def __init__(self, graph: Graph, trained: Mapping[str, Trained]) -> None:
        self.graph = graph
        self._trained = trained
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.nodes: list[Node] = []
        self._given: dict[str, str] = {}
        self._needed: set[str] = set()
        self._parts: dict[tuple[str, int], str] = {}
        for node in graph.nodes:
            if any(name in trained or name in self._needed for name in node.inputs):
                self._needed.update(node.outputs)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def dtype(self, name: str) -> str:
        return self.tensors[name].dtype

    def wants(self, name: str) -> bool:
        """Whether the gradient of an operand is needed: it is trained, or leads to something that is."""
        return name in self._trained or name in self._needed

    def add(self, op: str, inputs: list[str], node: Node, suffix: str, dtype: str = "", **attributes: Any) -> str:
        """Adds a node on behalf of the forward node `node`; its output has the type of its first input unless `dtype`
        says otherwise. Returns the name of the (first) output."""
        return self.add_several(op, inputs, node, suffix, [dtype or self.dtype(inputs[0])], **attributes)[0]

    def add_several(
        self, op: str, inputs: list[str], node: Node, suffix: str, dtypes: list[str], **attributes: Any
    ) -> list[str]:
        """The same with several outputs: their names."""
        name = self._free(f"{node.name}.{suffix}")
        names = [name, *(f"{name}.{index}" for index in range(1, len(dtypes)))]
        made = Node(name, op, tuple(inputs), tuple(names), MappingProxyType(attributes))
        shapes = ops.get(op).infer(made, [self.tensors[item] for item in inputs])
        for output, shape, dtype in zip(names, shapes, dtypes, strict=True):
            self.tensors[output] = Tensor(output, tuple(shape), dtype, quantization(dtype))
        self.nodes.append(made)
        return names

    def view(self, name: str, shape: tuple[int, ...], node: Node, suffix: str) -> str:
        """`name` under another shape."""
        if self.shape(name) == shape:
            return name
        return self.add("reshape", [name], node, suffix, shape=shape)

    def constant(self, name: str, data: np.ndarray) -> str:
        """A float32 constant of the backward part."""
        name = self._free(name)
        self.tensors[name] = constant(name, data.astype(np.float32), quantization(FLOAT32))
        return name

    def operand(self, name: str, node: Node, shape: tuple[int, ...] = ()) -> str:
        """The weights `name` for a node of the backward part: as they are now where they are trained. `shape`: how the
        reader sees them."""
        if name in self._trained:
            known = self._trained[name]
            dtype = ops.get(node.op).constant_dtype(node.inputs.index(name), self.dtype(node.output))
            attributes = {"shape": shape or known.shape}
            return self.add("pack_weights", known.operands(), node, "packed", dtype, axis=known.axis, **attributes)
        data = self.tensors[name].data
        assert data is not None
        if not shape or data.shape == shape:
            return name
        made = f"{name}.as_{'x'.join(str(size) for size in shape)}"
        self.tensors[made] = Tensor(made, shape, str(data.dtype), self.tensors[name].quantization, data.reshape(shape))
        return made

    def trained_channels(self, name: str, constant: str, node: Node) -> str:
        """The channels (last axis) of an activation that the trained part of a constant has to do with."""
        count = self._trained[constant].channels
        shape = self.shape(name)
        if count is None or shape[-1] == count:
            return name
        key = (name, count)
        if key not in self._parts:
            zeros, ones = (0,) * len(shape), (1,) * len(shape)
            size = (*shape[:-1], count)
            self._parts[key] = self.add("slice", [name], node, "trained", start=zeros, size=size, step=ones)
        return self._parts[key]

    def give(self, name: str, gradient: str, node: Node) -> None:
        """Adds to the gradient of an activation, or of the parameter that a constant is."""
        if name in self._trained:
            parameter = self._trained[name].parameter
            gradient = self.view(gradient, self.shape(parameter), node, "as_parameter")
            name = parameter
        if name in self._given:
            gradient = self.add("add", [self._given[name], gradient], node, "sum")
        self._given[name] = gradient

    def gradient_of(self, name: str) -> str | None:
        """What was given to an activation or parameter so far."""
        return self._given.get(name)

    def run_back(self) -> None:
        """Adds the backward part of every node that leads to a parameter, from the last one on."""
        for node in reversed(self.graph.nodes):
            gradient = self.gradient_of(node.output)
            if gradient is None or node.output not in self._needed:
                continue
            gradient = self._before_activation(node, gradient)
            try:
                ops.get(node.op).gradient(self, node, gradient)
            except NotImplementedError:
                if node.op == "convert":
                    require_floats(self.graph, self._maker(node.inputs[0]))
                what = node.attributes.get("function", node.op)
                raise EdgeqError(
                    f"layer {node.name}: {what} can't be trained through; train only layers behind it (last:N)"
                ) from None

    def _maker(self, name: str) -> Node:
        """What computes an activation, views aside."""
        node = self.graph.producers()[name]
        return self._maker(node.inputs[0]) if ops.get(node.op).is_view else node

    def _before_activation(self, node: Node, gradient: str) -> str:
        low, high = node.attributes.get("activation", (None, None))
        if low is None and high is None:
            return gradient
        return self.clamped(node, gradient, low, high)

    def clamped(self, node: Node, gradient: str, low: float | None, high: float | None) -> str:
        """The gradient before the node's result was limited to [low, high]."""
        dtype = self.dtype(node.output)
        bounds = tuple(None if bound is None else float(stored(np.array(bound), dtype)) for bound in (low, high))
        return self.add("clamp_gradient", [gradient, node.output], node, "inside", bounds=bounds)

    def _free(self, name: str) -> str:
        number, free = 1, name
        while free in self.tensors:
            number += 1
            free = f"{name}{number}"
        return free


def require_floats(graph: Graph, node: Node) -> None:
    """Raises EdgeqError where a layer that is trained, or lies behind one, computes in integers."""
    dtype = graph.tensor(node.output).dtype
    if dtype not in FLOATS:
        raise EdgeqError(
            f"layer {node.name}: it has no floating-point form ({node.op} stays {dtype}) and can't be trained through; "
            "train only layers behind it (last:N)"
        )
