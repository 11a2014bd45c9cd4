"""Immutable graph of tensors and nodes.

Activations carry a leading batch axis of 1. The Python references accept any batch there; the firmware runs one
sample. A stage never changes a graph: it returns a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq.ir.meaning import NO_MEANING, Meaning

DTYPE_BYTES = {
    "float32": 4, "float16": 2, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Quantization:
    """Affine quantization: real = scale * (q - zero_point).

    `scale` has one entry, or one per index of `axis` (then zero_point is 0: symmetric). `dtype` is the type of q: a
    float activation with a quantization of an integer type is one whose file prescribes how it is to be stored. A
    quantization of type float32 or float16 has scale 1 and zero point 0: firmware stores the numbers themselves.
    """

    scale: np.ndarray
    zero_point: int = 0
    axis: int | None = None
    dtype: str = "int8"

    @staticmethod
    def per_tensor(scale: float, zero_point: int) -> Quantization:
        return Quantization(np.array([scale], np.float64), int(zero_point))

    def same_as(self, other: Quantization) -> bool:
        """Whether both give every integer the same meaning."""
        same_type = self.dtype == other.dtype
        return same_type and self.zero_point == other.zero_point and np.array_equal(self.scale, other.scale)

    def real(self, q: np.ndarray) -> np.ndarray:
        """float32 values of the integers `q`."""
        scale = self.scale
        if self.axis is not None:
            scale = scale.reshape([-1 if axis == self.axis else 1 for axis in range(q.ndim)])
        return ((q.astype(np.float64) - self.zero_point) * scale).astype(np.float32)


#: the memory of activations, and of states unless they say otherwise
ARENA = "arena"
#: how truth values are stored: 0 and 1
BOOLEAN = Quantization.per_tensor(1.0, 0)


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value: an activation, or a constant when `data` is set."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    quantization: Quantization | None = None
    data: np.ndarray | None = None

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def is_real(self) -> bool:
        """A number of the float graph, which no type has been chosen for yet."""
        placed = self.quantization is not None and self.quantization.dtype == self.dtype
        return self.dtype == "float32" and not placed

    @property
    def elements(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def size_bytes(self) -> int:
        return self.elements * DTYPE_BYTES[self.dtype]

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantized tensor."""
        assert self.quantization is not None, self.name
        assert self.quantization.axis is None, self.name
        return float(self.quantization.scale[0])

    @property
    def zero_point(self) -> int:
        assert self.quantization is not None, self.name
        return self.quantization.zero_point


@dataclass(frozen=True, eq=False)
class Node:
    """One operator call. `attributes` holds plain values only (ints, floats, strings, tuples, None)."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def with_attributes(self, **changes: Any) -> Node:
        return replace(self, attributes=MappingProxyType({**self.attributes, **changes}))

    @property
    def output(self) -> str:
        """The first output; those behind it exist only where somebody reads them (passes/remove_dead.py)."""
        return self.outputs[0]


@dataclass(frozen=True, eq=False)
class Boundary:
    """How a graph input or output looks in the user's model: stored array = model's array transposed by `perm`.
    `unsigned`: the model has bytes from 0 to 255 there, and the firmware takes or gives them less 128."""

    shape: tuple[int, ...]
    perm: tuple[int, ...]
    unsigned: bool = False


@dataclass(frozen=True, eq=False)
class Origin:
    """What an activation stands for in the model it was imported from: the framework's name of the value, and how it
    is stored: stored array = the framework's array transposed by `perm`."""

    value: str
    perm: tuple[int, ...]


@dataclass(frozen=True)
class State:
    """What a network keeps between inferences: `end`, made by one inference, is `start` in the next one. Both have the
    same shape and quantization; the first inference after a reset starts from real zero, or from the constant
    `initial`. One that is its own end is only read: what it holds comes from elsewhere. `ports`: positions of the two
    among the model's own inputs and outputs, where the model takes and returns its state explicitly. `memory`: where it
    lies, the arena or memory of that name, which the caller owns as well."""

    start: str
    end: str
    ports: tuple[int, int] | None = None
    initial: str | None = None
    memory: str = ARENA

    @property
    def only_read(self) -> bool:
        """Whether no inference changes it."""
        return self.start == self.end


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in execution order. `boundary` tells, per graph input, output and start of a state, the layout of the
    user's model, so that data is given and returned the way the model's framework has it; `origins` the framework's
    value behind activations, where there is one; `meaning` what the first output is about."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    boundary: Mapping[str, Boundary] = field(default_factory=lambda: MappingProxyType({}))
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))
    states: tuple[State, ...] = ()
    meaning: Meaning = NO_MEANING

    @property
    def given(self) -> tuple[str, ...]:
        """Activations that are there before the first node: inputs and starts of states."""
        return (*self.inputs, *(state.start for state in self.states))

    @property
    def results(self) -> tuple[str, ...]:
        """Activations that must be there after the last node: outputs and ends of states."""
        return (*self.outputs, *(state.end for state in self.states))

    def tensor(self, name: str) -> Tensor:
        return self.tensors[name]

    def input_tensors(self, node: Node) -> list[Tensor]:
        return [self.tensors[name] for name in node.inputs]

    def constant(self, name: str) -> np.ndarray:
        data = self.tensors[name].data
        assert data is not None, name
        return data

    def real_constant(self, name: str) -> np.ndarray:
        """A constant as the float reference sees it: float32, dequantized where the file holds integers."""
        tensor = self.tensors[name]
        data = self.constant(name)
        return data if tensor.quantization is None else tensor.quantization.real(data)

    def producers(self) -> dict[str, Node]:
        return {output: node for node in self.nodes for output in node.outputs}

    def only_consumer(self, name: str) -> Node | None:
        """The single node that reads `name`, if nothing else does and it is no result."""
        readers = [node for node in self.nodes if name in node.inputs]
        return readers[0] if len(readers) == 1 and name not in self.results else None

    def with_nodes(self, nodes: Iterable[Node], tensors: Mapping[str, Tensor] | None = None) -> Graph:
        """A graph with these nodes; tensors nobody mentions are dropped."""
        nodes = tuple(nodes)
        pool = self.tensors if tensors is None else tensors
        initial = [state.initial for state in self.states if state.initial is not None]
        used = dict.fromkeys([*self.given, *self.results, *initial])
        for node in nodes:
            used.update(dict.fromkeys([*node.inputs, *node.outputs]))
        return replace(
            self,
            nodes=nodes,
            tensors=MappingProxyType({name: pool[name] for name in used}),
            origins=MappingProxyType({name: origin for name, origin in self.origins.items() if name in used}),
        )


def constant(name: str, data: np.ndarray, quantization: Quantization | None = None) -> Tensor:
    """A constant tensor; the array is made read-only."""
    data = np.ascontiguousarray(data)
    data.setflags(write=False)
    return Tensor(name, tuple(data.shape), str(data.dtype), quantization, data)
