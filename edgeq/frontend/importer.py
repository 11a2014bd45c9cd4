"""Builds a float graph while a framework's program is walked; the operators' import functions call it.

Nothing here knows a framework. Image operators are channels-last in the graph: importers of channels-first frameworks
wrap them in transposes, which the layout pass cancels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Boundary, Graph, Node, Origin, Quantization, State, Tensor, constant

#: limits of every activation and constant: 16 million bytes are beyond any microcontroller's memory
MOST_ELEMENTS = 1 << 24
MOST_AXES = 6
#: scales below it (or above its reciprocal) are a damaged file, and quotients of them overflow
LEAST_SCALE = 2.0**-60
#: operators that a refusal names beside the first one
MOST_NAMED = 8
#: multiply-accumulates of one inference: minutes on the fastest microcontroller
MOST_MACS = 1 << 33
TO_CHANNELS_LAST = (0, 2, 3, 1)
TO_CHANNELS_FIRST = (0, 3, 1, 2)


def identifier(text: str) -> str:
    """`text` as a C identifier in lower case."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_").lower()
    return name if name and not name[0].isdigit() else f"m_{name}"


def also_missing(operators: Iterable[str]) -> str:
    """The end of a refusal: what else of the model has no kernel, so that one run names all."""
    names = list(dict.fromkeys(operators))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f" (without a kernel are also {', '.join(names[:MOST_NAMED])}{more})" if names else ""


class Importer:
    """A graph in the making. `layer` names the source layer that is being imported, for names and messages."""

    def __init__(self, graph_name: str) -> None:
        self.graph_name = identifier(graph_name)
        self.layer = ""
        self._call_shape: tuple[int, ...] = ()
        self._call_text = ""
        self._tensors: dict[str, Tensor] = {}
        self._nodes: list[Node] = []
        self._inputs: list[str] = []
        self._states: dict[str, str] = {}  # start -> end, "" until it is known
        self._names: set[str] = set()
        self._origins: dict[str, str] = {}  # activation -> the framework's name of it
        self._moved: dict[str, str] = {}  # output of a transpose or a reshape -> its input
        self._booleans: set[str] = set()
        self._visible: dict[str, tuple[tuple[int, int], ...]] = {}  # see hide

    def begin_call(self, layer: str, text: str, result_shape: tuple[int, ...]) -> None:
        """Sets what the next additions belong to: layer name, a description for messages, the result's shape."""
        self.layer = identifier(layer)
        self._call_text = text
        self._call_shape = result_shape

    def set_result_shape(self, shape: tuple[int, ...]) -> None:
        """For a call that is imported in another form: its result's shape in that form."""
        self._call_shape = shape

    def result_shape(self) -> tuple[int, ...]:
        """Shape of the current call's result as the framework states it."""
        return self._call_shape

    def input(self, name: str, shape: tuple[int, ...]) -> str:
        if any(size < 1 for size in shape) or len(shape) > MOST_AXES or math.prod(shape) > MOST_ELEMENTS:
            raise EdgeqError(
                f"the model's input {name!r} has the shape {list(shape)}; at most {MOST_AXES} axes and {MOST_ELEMENTS} "
                "elements are supported, every size at least 1"
            )
        name = self._unique(identifier(name))
        self._tensors[name] = Tensor(name, shape)
        self._inputs.append(name)
        return name

    def state(self, name: str, shape: tuple[int, ...], quantization: Quantization | None = None) -> str:
        """What an inference finds of the one before; `keep` says what it leaves to the next. Returns the name."""
        name = self.input(name, shape)
        self._inputs.remove(name)
        self._states[name] = ""
        if quantization is not None:
            self.prescribe(name, quantization)
        return name

    def keep(self, state: str, end: str) -> None:
        """Makes the activation `end` the next inference's `state`."""
        if self._states.get(state, end):
            raise self.unsupported(f"the state {state}, which is written by another operator", "a state of its own")
        if self.shape(end) != self.shape(state):
            raise self.unsupported(f"a state of {self.shape(state)} that becomes {self.shape(end)}", "equal shapes")
        start, stored = self.quantization(state), self.quantization(end)
        if start is not None and stored is None:
            self.prescribe(end, start)
        elif start is not None and stored is not None and not start.same_as(stored):
            raise self.unsupported(f"a state {state} whose scale changes", "one scale")
        self._states[state] = end

    def constant(self, data: np.ndarray) -> str:
        """A float32 constant; returns its tensor's name."""
        name = self._unique(f"{self.layer}.constant")
        self._tensors[name] = constant(name, np.array(data, np.float32))
        return name

    def boolean_constant(self, data: np.ndarray) -> str:
        """A constant of 0 and 1 that stands for booleans."""
        name = self.constant(data)
        self.mark_boolean(name)
        return name

    def mark_boolean(self, name: str) -> None:
        """Notes that the numbers of `name` are truth values, 0 and 1."""
        self._booleans.add(name)

    def is_boolean(self, name: str) -> bool:
        return name in self._booleans

    def integer_constant(self, data: np.ndarray, quantization: Quantization) -> str:
        """A constant that the file holds as integers; the float reference sees its real values."""
        name = self._unique(f"{self.layer}.constant")
        self._tensors[name] = constant(name, data, quantization)
        return name

    def stands_for(self, name: str, value: str) -> None:
        """Notes that the activation `name` is the framework's `value`; of several values the last one counts."""
        self._origins[name] = value

    def prescribe(self, name: str, quantization: Quantization) -> None:
        """Fixes how the integer graph stores the activation `name`, and what it was made from by moving
        its elements."""
        self._tensors[name] = replace(self._tensors[name], quantization=quantization)
        while name in self._moved and self.quantization(self._moved[name]) is None:
            name = self._moved[name]
            self._tensors[name] = replace(self._tensors[name], quantization=quantization)

    def stored_as(self, x: str, target: Quantization) -> str:
        """The activation `x` stored as `target`: prescribed where nothing is yet, rescaled where it differs."""
        before = self.storage(x)
        if before is None:
            self.prescribe(x, target)
            return x
        if before.same_as(target):
            return x
        y = self.add("unary", [x], {"function": "requantize"})
        self.prescribe(y, target)
        return y

    def quantization(self, name: str) -> Quantization | None:
        """What the file prescribes for the tensor `name`, if anything."""
        return self._tensors[name].quantization

    def storage(self, name: str) -> Quantization | None:
        """What is prescribed for `name`, or else for what transposes and reshapes made it from."""
        while self.quantization(name) is None and name in self._moved:
            name = self._moved[name]
        return self.quantization(name)

    def hide(self, x: str, visible: tuple[tuple[int, int], ...]) -> str:
        """A view of `x` of whose rows (last axis) only the columns first..end-1 count, for the softmax that has to
        follow; `visible` repeats over all rows."""
        view = self.reshape(x, self.shape(x))
        self._visible[view] = visible
        return view

    def visible(self, name: str) -> tuple[tuple[int, int], ...] | None:
        """What `hide` left visible of `name`; None where nothing is hidden."""
        return self._visible.get(name)

    def is_constant(self, name: str) -> bool:
        return self._tensors[name].is_constant

    def constant_array(self, name: Any, what: str) -> np.ndarray:
        """The value of a constant tensor, in real numbers. Raises EdgeqError when it is computed from the model's
        input."""
        if not isinstance(name, str) or not self.is_constant(name):
            raise self.unsupported(f"{what} that depend on the input", "constant parameters")
        tensor = self._tensors[name]
        assert tensor.data is not None
        return tensor.data if tensor.quantization is None else tensor.quantization.real(tensor.data)

    def constant_integers(self, name: str) -> np.ndarray:
        """The integers of a constant that the file holds as such."""
        data = self._tensors[name].data
        assert data is not None
        return data

    def reordered(
        self, name: str, what: str, order: Callable[[np.ndarray], np.ndarray], axis: int, copies: int = 1
    ) -> str:
        """A constant with its elements moved by `order` (a transpose, a reshape), integers kept as integers; `axis` is
        where the scales per channel lie afterwards, all channels `copies` times over."""
        self.constant_array(name, what)
        tensor = self._tensors[name]
        assert tensor.data is not None
        if tensor.quantization is None:
            return self.constant(order(tensor.data))
        moved = tensor.quantization
        if moved.axis is not None:
            moved = replace(moved, axis=axis, scale=np.tile(moved.scale, copies))
        return self.integer_constant(order(tensor.data), moved)

    def joined(self, names: list[str], what: str) -> str:
        """Constants one behind another along their first axis; integers with one scale each stay integers."""
        arrays = [self.constant_array(name, what) for name in names]
        shapes = {array.shape[1:] for array in arrays}
        if len(shapes) != 1 or any(array.ndim < 1 for array in arrays):
            raise self.unsupported(f"{what} of shapes {[array.shape for array in arrays]}", "weights that fit")
        stored = [self._tensors[name] for name in names]
        scales = [tensor.quantization for tensor in stored]
        known = [scale for scale in scales if scale is not None and scale.axis is None and scale.zero_point == 0]
        kinds = {tensor.dtype for tensor in stored}
        if len(known) != len(names) or len(kinds) != 1:
            return self.constant(np.concatenate(arrays))
        data = np.concatenate([tensor.data for tensor in stored if tensor.data is not None])
        rows = np.concatenate([np.repeat(s.scale, len(a)) for s, a in zip(known, arrays, strict=True)])
        return self.integer_constant(data, Quantization(rows, 0, 0, kinds.pop()))

    def is_input(self, name: str) -> bool:
        """Whether the activation is an input of the model, as it is given."""
        return name in self._inputs

    def shape(self, name: str) -> tuple[int, ...]:
        return self._tensors[name].shape

    @staticmethod
    def pair(value: Any) -> tuple[int, int]:
        """An int, a list of one or a list of two as (h, w)."""
        if isinstance(value, int):
            return (value, value)
        items = [int(item) for item in value]
        return (items[0], items[0]) if len(items) == 1 else (items[0], items[1])

    def add(self, op: str, inputs: list[str], attributes: Mapping[str, Any], suffix: str = "") -> str:
        """Appends a node with one output; returns the output's name. Raises EdgeqError for an impossible shape."""
        return self.add_several(op, inputs, attributes, ("",), suffix)[0]

    def add_several(
        self, op: str, inputs: list[str], attributes: Mapping[str, Any], outputs: tuple[str, ...], suffix: str = ""
    ) -> list[str]:
        """Appends a node; `outputs` tell what is added to its name to make theirs. Returns them."""
        hidden = [item for item in inputs if item in self._visible]
        if hidden and op != "masked_softmax":
            raise self.unsupported("a mask of hidden entries before anything else", "a softmax right behind the mask")
        if inputs and all(self.is_constant(item) for item in inputs):
            raise self.unsupported("an operator of constants only", "a constant that holds its result")
        name = self._unique(self.layer + suffix)
        names = [name if not end else self._unique(name + end) for end in outputs]
        node = Node(name, op, tuple(inputs), tuple(names), MappingProxyType(dict(attributes)))
        for made, shape in zip(names, ops.get(op).infer(node, [self._tensors[item] for item in inputs]), strict=True):
            if any(size < 1 for size in shape):
                raise self.unsupported(f"an output of shape {shape}", "a larger input or a smaller kernel")
            if len(shape) > MOST_AXES or math.prod(int(size) for size in shape) > MOST_ELEMENTS:
                raise self.unsupported(
                    f"an output of shape {shape}", f"at most {MOST_AXES} axes and {MOST_ELEMENTS} elements"
                )
            self._tensors[made] = Tensor(made, tuple(int(size) for size in shape))
        self._nodes.append(node)
        return names

    def transpose(self, x: str, perm: tuple[int, ...]) -> str:
        """`x` with its axes in another order. Where that puts another axis of size 1 in front, the batch stays there
        and that axis takes its place."""
        shape = self.shape(x)
        if perm[0] != 0:
            if shape[0] != 1 or shape[perm[0]] != 1:
                raise self.unsupported(f"a transpose of {shape} by {perm}", "a batch of 1 in front")
            exchanged = {0: perm[0], perm[0]: 0}
            perm = tuple(exchanged.get(axis, axis) for axis in perm)
        if perm == tuple(range(len(perm))):
            return x
        moved = self.add("transpose", [x], {"perm": perm}, suffix=".layout")
        self._moved[moved] = x
        return moved

    def channels_last(self, x: str) -> str:
        """[N, C, H, W] -> [N, H, W, C], [N, C, L] -> [N, 1, L, C]: a signal is an image of one row."""
        shape = self.shape(x)
        if len(shape) == 3:
            return self.reshape(self.transpose(x, (0, 2, 1)), (shape[0], 1, shape[2], shape[1]))
        if len(shape) != 4:
            raise self.unsupported(f"an image operator on {shape}", "an input [N, C, H, W] or [N, C, L]")
        return self.transpose(x, TO_CHANNELS_LAST)

    def channels_first(self, x: str, rank: int = 4) -> str:
        """What `channels_last` did to a tensor of that rank, undone."""
        if rank == 3:
            batch, _, length, channels = self.shape(x)
            return self.transpose(self.reshape(x, (batch, length, channels)), (0, 2, 1))
        return self.transpose(x, TO_CHANNELS_FIRST)

    def reshape(self, x: str, shape: tuple[int, ...]) -> str:
        if shape[:1] != (1,):
            raise self.unsupported(
                f"a reshape of {self.shape(x)} to {shape}", "shapes that keep the batch of 1 in front"
            )
        if math.prod(shape) != math.prod(self.shape(x)):
            raise self.unsupported(f"a reshape of {self.shape(x)} to {shape}", "a shape with as many elements")
        view, stored = self.add("reshape", [x], {"shape": tuple(shape)}), self.quantization(x)
        self._moved[view] = x
        if stored is not None and stored.dtype == "int32":  # indices stay indices
            self.prescribe(view, stored)
        if self.is_boolean(x):
            self.mark_boolean(view)
        return view

    def viewed(self, x: str, shape: tuple[int, ...]) -> str:
        """A reshape of `x` that is stored as `x` is."""
        view, prescribed = self.reshape(x, shape), self.storage(x)
        if prescribed is not None:
            self.prescribe(view, prescribed)
        return view

    def require_elements(self, count: int, what: str) -> None:
        """Raises EdgeqError for constants of more than MOST_ELEMENTS."""
        if count > MOST_ELEMENTS:
            raise self.unsupported(f"{what}, which takes {count} weights,", f"at most {MOST_ELEMENTS}")

    def unsupported(self, what: str, instead: str) -> EdgeqError:
        """The error for something without a kernel: layer, call with shapes, and what would work."""
        return EdgeqError(f"layer {self.layer}: {what} is not supported ({self._call_text}); use {instead}")

    def finish(self, outputs: list[str], unsigned: Collection[str] = ()) -> Graph:
        """The graph; what is returned as it is given or twice becomes a view. `unsigned`: inputs and outputs that the
        model has in uint8. Raises EdgeqError when an output is constant or all outputs are inputs."""
        given = [*self._inputs, *self._states]
        made = {name for node in self._nodes for name in node.outputs}
        for name in outputs:
            if name not in made and (name not in given or not self._nodes):
                raise EdgeqError(f"the model's output {name} is not computed from its input; nothing to build")
        self._check_indices()
        self.layer = "passed_on"
        outputs = [
            self._passed_on(name) if name in given or name in outputs[:index] else name
            for index, name in enumerate(outputs)
        ]
        states = tuple(State(start, self._state_end(start, end)) for start, end in self._states.items())
        boundary = {
            name: Boundary(self.shape(name), tuple(range(len(self.shape(name)))), name in unsigned)
            for name in [*given, *outputs]
        }
        origins = {name: Origin(value, tuple(range(len(self.shape(name))))) for name, value in self._origins.items()}
        graph = Graph(
            self.graph_name,
            tuple(self._inputs),
            tuple(outputs),
            (),
            MappingProxyType({}),
            MappingProxyType(boundary),
            MappingProxyType(origins),
            states,
        )
        graph = graph.with_nodes(self._nodes, self._tensors)
        macs = sum(ops.get(node.op).macs(graph, node) for node in graph.nodes)
        if macs > MOST_MACS:
            raise EdgeqError(f"the model takes {macs} multiply-accumulates an inference; the limit is {MOST_MACS}")
        return graph

    def _check_indices(self) -> None:
        """Raises EdgeqError where anything but a look-up reads an input of indices."""
        indices = {name for name in self._inputs if (known := self.quantization(name)) and known.dtype == "int32"}
        for node in self._nodes:
            if not indices.intersection(node.inputs):
                continue
            operator = ops.get(node.op)
            if operator.is_view:
                indices.add(node.output)
            elif any(name in indices for at, name in enumerate(node.inputs) if at not in operator.index_inputs):
                raise EdgeqError(
                    f"layer {node.name}: {node.op} reads an input of integers; only look-ups in a table (embeddings) "
                    "take those, so give the model float inputs"
                )

    def _state_end(self, start: str, end: str) -> str:
        """The end of a state as an activation of its own. Raises EdgeqError when there is none."""
        if not end:
            raise EdgeqError(f"the model's state {start!r} is read and never written; make it a constant")
        return self._passed_on(end) if end in [*self._inputs, *self._states] else end

    def _passed_on(self, name: str) -> str:
        """A view of what the model returns as it is given, or twice."""
        return self.viewed(name, self.shape(name))

    def _unique(self, name: str) -> str:
        candidate, number = name, 1
        while candidate in self._names:
            number += 1
            candidate = f"{name}_{number}"
        self._names.add(candidate)
        return candidate
