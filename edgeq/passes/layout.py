"""Cancels the transposes that importers put around image operators.

Every tensor is held as some stored tensor whose axes are a permutation of its own: logical axis i is stored axis
perm[i]. Transposes only change the permutation; operators that don't care (elementwise, concat) take their operands as
stored; a flatten before linear layers is answered by reordering those layers' weights. What is left over becomes a real
transpose again. The model's inputs and outputs change to stored order, which the graph's boundary remembers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edgeq import ops
from edgeq.frontend.importer import TO_CHANNELS_FIRST, TO_CHANNELS_LAST
from edgeq.ir.graph import Boundary, Graph, Node, Origin, constant

Perm = tuple[int, ...]


def cancel_transposes(graph: Graph) -> Graph:
    return _Cancel(graph).run()


def _inverse(perm: Perm) -> Perm:
    return tuple(int(axis) for axis in np.argsort(perm))


class _Cancel:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors = dict(graph.tensors)
        self.nodes: list[Node] = []
        self.stored: dict[str, tuple[str, Perm]] = {}
        self.column_order: dict[str, np.ndarray] = {}  # flattened tensor -> stored order of its elements

    def run(self) -> Graph:
        for name in self.graph.inputs:
            self._store_input(name)
        for node in self.graph.nodes:
            self._visit(node)
        outputs = []
        boundary = {name: self.graph.boundary[name] for name in self.graph.inputs}
        for name in self.graph.inputs:
            boundary[name] = replace(boundary[name], perm=_inverse(self._view(name)[1]))
        for name in self.graph.outputs:
            stored, perm = self._view(self._in_own_order(name) if name in self.column_order else name)
            if stored in outputs or stored in self.graph.inputs:
                stored, perm = self._in_own_order(name), tuple(range(len(perm)))
            if stored in outputs or stored in self.graph.inputs:
                stored = self._same_bytes(name, stored)
            outputs.append(stored)
            boundary[stored] = Boundary(self.graph.boundary[name].shape, _inverse(perm))
        graph = replace(
            self.graph, outputs=tuple(outputs), boundary=MappingProxyType(boundary), origins=self._origins()
        )
        return graph.with_nodes(self.nodes, self.tensors)

    def _origins(self) -> Mapping[str, Origin]:
        """Origins of what is stored; a vector whose elements are stored in another order has none."""
        origins: dict[str, Origin] = {}
        for name, origin in self.graph.origins.items():
            stored, perm = self._view(name)
            if name not in self.column_order:
                origins.setdefault(stored, Origin(origin.value, tuple(origin.perm[axis] for axis in _inverse(perm))))
        return MappingProxyType(origins)

    def _view(self, name: str) -> tuple[str, Perm]:
        return self.stored.get(name, (name, tuple(range(len(self.graph.tensor(name).shape)))))

    def _store_input(self, name: str) -> None:
        """An image input that somebody wants channels-last is stored that way."""
        if len(self.graph.tensor(name).shape) == 4 and self._wanted_channels_last(name):
            shape = self.graph.tensor(name).shape
            self.tensors[name] = replace(self.graph.tensor(name), shape=tuple(shape[axis] for axis in TO_CHANNELS_LAST))
            self.stored[name] = (name, TO_CHANNELS_FIRST)

    def _wanted_channels_last(self, name: str) -> bool:
        """Whether a reader transposes it, maybe after operators that don't care for the order of axes."""
        for node in self.graph.nodes:
            if name not in node.inputs:
                continue
            if node.op == "transpose":
                if node.attributes["perm"] == TO_CHANNELS_LAST:
                    return True
            elif ops.get(node.op).permuted(node, TO_CHANNELS_FIRST) and self._wanted_channels_last(node.output):
                return True
        return False

    def _visit(self, node: Node) -> None:
        if node.op == "transpose":
            source, perm = self._view(node.inputs[0])
            self.stored[node.output] = (source, tuple(perm[axis] for axis in node.attributes["perm"]))
            return
        operands = [name for name in node.inputs if not self.graph.tensor(name).is_constant]
        views = [self._view(name) for name in operands]
        perms = {perm for _, perm in views}
        identity = all(perm == tuple(range(len(perm))) for perm in perms)
        reordered = any(name in self.column_order for name in operands)
        if identity and not reordered:
            self._keep(node, dict(zip(operands, (name for name, _ in views), strict=True)))
        elif reordered and node.op == "linear":
            self._keep(self._with_reordered_columns(node), {})
        elif reordered and node.op == "clamp":
            self.column_order[node.output] = self.column_order[node.inputs[0]]
            self._keep(node, {})
        elif (not reordered and len(perms) == 1 and self._keep_permuted(node, operands, views)) or (
            not reordered and node.op == "reshape" and self._keep_flatten(node, views[0])
        ):
            pass
        else:
            self._keep(node, {name: self._in_own_order(name) for name in operands})

    def _keep(self, node: Node, names: dict[str, str]) -> None:
        self.nodes.append(replace(node, inputs=tuple(names.get(name, name) for name in node.inputs)))

    def _keep_permuted(self, node: Node, operands: list[str], views: list[tuple[str, Perm]]) -> bool:
        perm = views[0][1]
        permuted = ops.get(node.op).permuted(node, perm)
        if permuted is None:
            return False
        tensor = self.graph.tensor(node.output)
        stored = tuple(tensor.shape[axis] for axis in _inverse(perm))
        self.tensors[node.output] = replace(tensor, shape=stored)
        self.stored[node.output] = (node.output, perm)
        self._keep(permuted, dict(zip(operands, (name for name, _ in views), strict=True)))
        return True

    def _keep_flatten(self, node: Node, view: tuple[str, Perm]) -> bool:
        """A reshape of a permuted tensor: free where the permutation moves no byte or only linear layers follow."""
        source, perm = view
        shape = self.graph.tensor(node.inputs[0]).shape
        moved = [perm[axis] for axis, size in enumerate(shape) if size > 1]
        if moved == sorted(moved):
            self._keep(node, {node.inputs[0]: source})
            return True
        flat = len(self.graph.tensor(node.output).shape) == 2
        if not flat or not self._only_linear_layers_read(node.output):
            return False
        logical = np.arange(int(np.prod(shape))).reshape(shape)
        self.column_order[node.output] = logical.transpose(_inverse(perm)).reshape(-1)
        self._keep(node, {node.inputs[0]: source})
        return True

    def _only_linear_layers_read(self, name: str) -> bool:
        """Whether the order of a vector's elements can be answered in the weights of its readers."""
        readers = [node for node in self.graph.nodes if name in node.inputs]
        return name not in self.graph.outputs and all(
            node.op == "linear" or (node.op == "clamp" and self._only_linear_layers_read(node.output))
            for node in readers
        )

    def _with_reordered_columns(self, node: Node) -> Node:
        weights = self.graph.constant(node.inputs[1])
        name = f"{node.name}.reordered"
        quantization = self.graph.tensor(node.inputs[1]).quantization
        self.tensors[name] = constant(name, weights[:, self.column_order[node.inputs[0]]], quantization)
        return replace(node, inputs=(node.inputs[0], name, *node.inputs[2:]))

    def _same_bytes(self, name: str, source: str) -> str:
        """A tensor of its own for an output that is stored as `source` already is."""
        made = f"{name}.passed_on"
        self.tensors[made] = replace(self.tensors[source], name=made)
        attributes = MappingProxyType({"shape": self.tensors[source].shape})
        self.nodes.append(Node(made, "reshape", (source,), (made,), attributes))
        return made

    def _in_own_order(self, name: str) -> str:
        """A tensor that really has the logical order; adds a transpose if none has made it yet."""
        source, perm = self._view(name)
        if perm == tuple(range(len(perm))):
            return source
        made = f"{name}.ordered"
        if made not in self.tensors:
            self.tensors[made] = replace(self.graph.tensor(name), name=made)
            attributes = MappingProxyType({"perm": perm})
            self.nodes.append(Node(made, "transpose", (source,), (made,), attributes))
        return made
