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
from edgeq.frontend.importer import TO_CHANNELS_LAST
from edgeq.ir.graph import Graph, Node, Origin, State, constant

Perm = tuple[int, ...]

#: how inputs of a rank are stored where image operators read them
CHANNELS_LAST: dict[int, Perm] = {3: (0, 2, 1), 4: TO_CHANNELS_LAST}


def cancel_transposes(graph: Graph) -> Graph:
    return _Cancel(graph).run()


def _inverse(perm: Perm) -> Perm:
    return tuple(int(axis) for axis in np.argsort(perm))


def axis_groups(shape: tuple[int, ...], target: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """The fewest axes of `shape` and of `target`, in order, that hold the same elements: [([axes], [axes]), ..]."""
    groups: list[tuple[list[int], list[int]]] = []
    taken = given = 0
    while taken < len(shape) and given < len(target):
        left, right = [taken], [given]
        sizes = [shape[taken], target[given]]
        while sizes[0] != sizes[1]:
            if sizes[0] < sizes[1]:
                left.append(left[-1] + 1)
                sizes[0] *= shape[left[-1]]
            else:
                right.append(right[-1] + 1)
                sizes[1] *= target[right[-1]]
        groups.append((left, right))
        taken, given = left[-1] + 1, right[-1] + 1
    groups[-1][0].extend(range(taken, len(shape)))
    groups[-1][1].extend(range(given, len(target)))
    return groups


class _Cancel:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors = dict(graph.tensors)
        self.nodes: list[Node] = []
        self.stored: dict[str, tuple[str, Perm]] = {}
        self.column_order: dict[str, np.ndarray] = {}  # flattened tensor -> stored order of its elements

    def run(self) -> Graph:
        for name in self.graph.given:
            self._store_input(name)
        for node in self.graph.nodes:
            self._visit(node)
        given, outputs = self.graph.given, []
        boundary = {name: replace(self.graph.boundary[name], perm=_inverse(self._view(name)[1])) for name in given}
        for name in self.graph.outputs:
            stored, perm = self._view(self._in_own_order(name) if name in self.column_order else name)
            if stored in outputs or stored in given:
                stored, perm = self._in_own_order(name), tuple(range(len(perm)))
            if stored in outputs or stored in given:
                stored = self._same_bytes(name, stored)
            outputs.append(stored)
            boundary[stored] = replace(self.graph.boundary[name], perm=_inverse(perm))
        states: list[State] = []
        for state in self.graph.states:  # an end is stored in the order of its start
            if state.only_read:
                states.append(state)
                continue
            stored = self._in_order(state.end, self._view(state.start)[1])
            if stored in given or stored in (*outputs, *(other.end for other in states)):
                stored = self._same_bytes(state.end, stored)
            states.append(replace(state, end=stored))
        graph = replace(
            self.graph,
            outputs=tuple(outputs),
            boundary=MappingProxyType(boundary),
            origins=self._origins(),
            states=tuple(states),
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
        """An image or a signal that somebody wants channels-last is stored that way."""
        shape = self.graph.tensor(name).shape
        perm = CHANNELS_LAST.get(len(shape))
        if perm is not None and self._wanted_channels_last(name, perm):
            self.tensors[name] = replace(self.graph.tensor(name), shape=tuple(shape[axis] for axis in perm))
            self.stored[name] = (name, _inverse(perm))

    def _wanted_channels_last(self, name: str, perm: Perm) -> bool:
        """Whether a reader transposes it, maybe after operators that don't care for the order of axes."""
        for node in self.graph.nodes:
            if name not in node.inputs:
                continue
            if node.op == "transpose":
                if node.attributes["perm"] == perm:
                    return True
            elif ops.get(node.op).permuted(node, _inverse(perm)) and self._wanted_channels_last(node.output, perm):
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
        elif (not reordered and self._keep_permuted(node, operands, views)) or (
            not reordered
            and node.op == "reshape"
            and (self._keep_flatten(node, views[0]) or self._keep_split_or_merge(node, views[0]))
        ):
            pass
        else:
            self._keep(node, {name: self._in_own_order(name) for name in operands})

    def _keep(self, node: Node, names: dict[str, str]) -> None:
        self.nodes.append(replace(node, inputs=tuple(names.get(name, name) for name in node.inputs)))

    def _keep_permuted(self, node: Node, operands: list[str], views: list[tuple[str, Perm]]) -> bool:
        """Keeps an operator that doesn't care for the order of axes in that of its largest operand; the others are
        brought there."""
        sizes = [self.graph.tensor(name).elements for name in operands]
        moved = [perm != tuple(range(len(perm))) for _, perm in views]
        perm = views[max(range(len(views)), key=lambda index: (sizes[index], moved[index]))][1]
        operator = ops.get(node.op)
        permuted = operator.permuted(node, perm)
        if permuted is None or any(len(other) != len(perm) for _, other in views):
            return False
        tensor = self.graph.tensor(node.output)
        stored = tuple(tensor.shape[axis] for axis in _inverse(perm))
        self.tensors[node.output] = replace(tensor, shape=stored)
        self.stored[node.output] = (node.output, perm)
        names = {name: self._in_order(name, perm) for name in operands}
        if operator.permutes_constants:
            constants = [name for name in node.inputs if self.graph.tensor(name).is_constant]
            names |= {name: self._constant_in_order(name, perm) for name in constants}
        self._keep(permuted, names)
        return True

    def _constant_in_order(self, name: str, perm: Perm) -> str:
        made = f"{name}.stored_{''.join(map(str, perm))}"
        data = self.graph.constant(name).transpose(_inverse(perm))
        self.tensors[made] = constant(made, data, self.graph.tensor(name).quantization)
        return made

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

    def _keep_split_or_merge(self, node: Node, view: tuple[str, Perm]) -> bool:
        """A reshape that splits, merges, adds or drops axes, made on the stored axes. Axes that are merged and do not
        lie together are moved first, where the result is an image; all else stays where it is."""
        source, perm = view
        shape, target = self.graph.tensor(node.inputs[0]).shape, node.attributes["shape"]
        groups = axis_groups(shape, target)
        groups.sort(key=lambda group: perm[max(group[0], key=lambda axis: (shape[axis] > 1, axis))])
        order = [axis for taken, _ in groups for axis in taken]
        if [axis for axis in order if shape[axis] > 1] != [axis for axis in _inverse(perm) if shape[axis] > 1]:
            if len(target) != 4:
                return False
            moved = f"{node.output}.moved"
            stored_shape = tuple(shape[axis] for axis in order)
            self.tensors[moved] = replace(self.graph.tensor(node.inputs[0]), name=moved, shape=stored_shape)
            attributes = MappingProxyType({"perm": tuple(perm[axis] for axis in order)})
            self.nodes.append(Node(moved, "transpose", (source,), (moved,), attributes))
            source = moved
        made = tuple(axis for _, given in groups for axis in given)
        stored = tuple(target[axis] for axis in made)
        self.tensors[node.output] = replace(self.graph.tensor(node.output), shape=stored)
        self.stored[node.output] = (node.output, _inverse(made))
        self._keep(node.with_attributes(shape=stored), {node.inputs[0]: source})
        return True

    def _only_linear_layers_read(self, name: str) -> bool:
        """Whether the order of a vector's elements can be answered in the weights of its readers."""
        readers = [node for node in self.graph.nodes if name in node.inputs]
        return name not in self.graph.results and all(
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
        return self._in_order(name, tuple(range(len(self.graph.tensor(name).shape))))

    def _in_order(self, name: str, perm: Perm) -> str:
        """A tensor that has logical axis i stored as axis perm[i]; adds what moves it there, which may be no byte."""
        source, have = self._view(name)
        if perm == have:
            return source
        plain = perm == tuple(range(len(perm)))
        made = f"{name}.ordered" if plain else f"{name}.stored_{''.join(map(str, perm))}"
        if made in self.tensors:
            return made
        inverse = _inverse(perm)
        tensor = self.graph.tensor(name)
        shape = tuple(tensor.shape[axis] for axis in inverse)
        self.tensors[made] = replace(tensor, name=made, shape=shape)
        axes = tuple(have[axis] for axis in inverse)  # of `source`, in the order of the new tensor's
        moved = [axis for axis, size in zip(axes, shape, strict=True) if size > 1]
        if moved == sorted(moved):
            self.nodes.append(Node(made, "reshape", (source,), (made,), MappingProxyType({"shape": shape})))
        else:
            self.nodes.append(Node(made, "transpose", (source,), (made,), MappingProxyType({"perm": axes})))
        return made
