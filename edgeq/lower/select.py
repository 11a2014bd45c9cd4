"""Which kernels can compute a node on a board, which of them is the board's first choice; the program of a choice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from edgeq import ops
from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.frontend.importer import identifier
from edgeq.ir.graph import Graph, Node
from edgeq.lower.packed import Packing, packings
from edgeq.lower.program import Layer, Program, aligned
from edgeq.lower.requantize import cheaper
from edgeq.lower.residual import residual_form
from edgeq.lower.states import made_in_place
from edgeq.ops.base import Constant, Kernel


@dataclass(frozen=True, eq=False)
class Candidate:
    """A kernel that can compute a node, and why it was chosen if it is; `instead_of` is the board's first choice where
    that was another."""

    graph: Graph
    node: Node
    kernel: Kernel
    why: str
    instead_of: str = ""

    @cached_property
    def for_kernel(self) -> tuple[Graph, Node]:
        """Graph and node with the cheapest constants that mean the same; a library takes those of the definition."""
        return (self.graph, self.node) if self.kernel.library else cheaper(self.graph, self.node)

    @cached_property
    def function(self) -> str:
        if "{form}" not in self.kernel.function:
            return self.kernel.function
        return self.kernel.function.format(form=ops.get(self.node.op).c_form(*self.for_kernel))

    @cached_property
    def constants(self) -> Mapping[str, Constant]:
        """What the kernel reads, packed when it is first asked for."""
        return self.kernel.pack(*self.for_kernel)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The integers that the kernel's template needs."""
        return (self.kernel.parameters or ops.get(self.node.op).c_parameters)(*self.for_kernel)

    @property
    def constant_bytes(self) -> int:
        """Bytes of the constants in flash."""
        return sum(constant.data.nbytes for constant in self.constants.values())

    @cached_property
    def instructions(self) -> int:
        """Estimated instructions of one inference; 0 without an estimate."""
        return self.kernel.instructions(self.graph, self.node) if self.kernel.instructions else 0


def lower(graph: Graph, board: Board, chosen: Mapping[str, Candidate] | None = None) -> Program:
    """The program of an integer graph on a board. `chosen`: node name -> kernel, where it is not the board's first
    choice; chosen for this graph or one with the same node in it. Raises EdgeqError when a node has no kernel there."""
    taken = []
    graph = made_in_place(graph)
    for node in computed(graph):
        candidate = (chosen or {}).get(node.name) or first_choice(graph, node, board)
        if candidate.graph is not graph:
            candidate = replace(candidate, graph=graph, node=node)
        taken.append(candidate)
    packed = packings(graph, taken)
    layers = [_layer(candidate, board, index, packed) for index, candidate in enumerate(taken)]
    sizes = {layer.node.output: packed[layer.node.output].size_bytes for layer in layers if layer.node.output in packed}
    return Program(graph, board, tuple(layers), packed=MappingProxyType(sizes))


def computed(graph: Graph) -> list[Node]:
    """The nodes that need a kernel, in order. Raises EdgeqError when there are none."""
    nodes = [node for node in graph.nodes if not ops.get(node.op).is_view]
    if not nodes:
        raise EdgeqError(f"the model {graph.name} only reshapes its input; there is nothing to build")
    return nodes


def candidates(graph: Graph, node: Node, board: Board) -> list[Candidate]:
    """Every kernel that applies, by the board's instruction sets in order of preference."""
    found: list[Candidate] = []
    passed_over: list[str] = []
    for isa in board.isa:
        for kernel in ops.get(node.op).kernels:
            if kernel.isa != isa or not kernel.takes(graph, node):
                continue
            obstacle = kernel.applies(graph, node)
            if obstacle is None:
                found.append(Candidate(graph, node, kernel, "; ".join([kernel.why, *passed_over])))
            elif not kernel.expands:
                passed_over.append(f"not {kernel.function.replace('_{form}', '')}: {obstacle}")
    return found


def first_choice(graph: Graph, node: Node, board: Board) -> Candidate:
    """The first kernel that applies and does not expand weights. Raises EdgeqError when there is none."""
    for candidate in candidates(graph, node, board):
        if not candidate.kernel.expands:
            return candidate
    shapes = ", ".join(str(list(tensor.shape)) for tensor in graph.input_tensors(node) if not tensor.is_constant)
    stored = graph.tensor(node.inputs[0]).dtype
    raise EdgeqError(
        f"layer {node.name}: no kernel for {node.op} on {stored} {shapes} on board {board.name}; "
        f"use {'another board' if stored == 'int8' else 'int8 activations'}"
    )


def _tells(name: str, op: str) -> bool:
    """Whether a layer's name ends with its operator, a number behind it left out (conv_2d_3 for conv2d)."""
    return re.sub(r"_\d+$", "", name).replace("_", "").endswith(op.replace("_", ""))


def _layer(candidate: Candidate, board: Board, index: int, packed: Mapping[str, Packing]) -> Layer:
    graph, node, kernel = candidate.graph, candidate.node, candidate.kernel
    operator = ops.get(node.op)
    units, granule = kernel.units(graph, node), kernel.granule(graph, node)
    name = identifier(node.name)
    parameters = candidate.parameters
    if node.output in packed:
        units, parameters = packed[node.output].units, packed[node.output].parameters
    return Layer(
        index=index,
        key=f"l{index:02d}_{name}" if _tells(name, node.op) else f"l{index:02d}_{name}_{node.op}",
        node=node,
        kernel=kernel,
        function=candidate.function,
        constants=candidate.constants,
        parameters=parameters,
        units=units,
        granule=granule,
        cores=max(1, min(board.cores, -(-units // granule))),
        scratch_bytes=aligned(kernel.scratch_bytes(graph, node)),
        macs=operator.macs(graph, node),
        why=candidate.why,
        instead_of=candidate.instead_of,
        residual=residual_form(node, parameters, granule, board),
        unpacking=kernel.unpacking(graph, node) if kernel.unpacking else None,
    )
