"""Chooses each node's kernel: the board's instruction sets in order of preference, the first kernel that applies."""

from __future__ import annotations

from edgeq import ops
from edgeq.boards import Board
from edgeq.errors import EdgeqError
from edgeq.frontend.importer import identifier
from edgeq.ir.graph import Graph, Node
from edgeq.lower.program import Layer, Program, aligned
from edgeq.lower.requantize import cheaper
from edgeq.lower.residual import residual_form
from edgeq.ops.base import Kernel


def lower(graph: Graph, board: Board) -> Program:
    """The program of an integer graph on a board. Raises EdgeqError when a node has no kernel there."""
    layers: list[Layer] = []
    for node in graph.nodes:
        if not ops.get(node.op).is_view:
            layers.append(_layer(graph, node, board, len(layers)))
    if not layers:
        raise EdgeqError(f"the model {graph.name} only reshapes its input; there is nothing to build")
    return Program(graph, board, tuple(layers))


def select(graph: Graph, node: Node, board: Board) -> tuple[Kernel, str]:
    """(kernel, why it was chosen). Raises EdgeqError when there is none."""
    passed_over: list[str] = []
    for isa in board.isa:
        for kernel in ops.get(node.op).kernels:
            if kernel.isa != isa:
                continue
            obstacle = kernel.applies(graph, node)
            if obstacle is None:
                return kernel, "; ".join([kernel.why, *passed_over])
            passed_over.append(f"not {kernel.function.replace('_{form}', '')}: {obstacle}")
    shapes = ", ".join(str(list(tensor.shape)) for tensor in graph.input_tensors(node) if not tensor.is_constant)
    raise EdgeqError(f"layer {node.name}: no kernel for {node.op} on {shapes} on board {board.name}; use another board")


def _layer(graph: Graph, node: Node, board: Board, index: int) -> Layer:
    operator = ops.get(node.op)
    kernel, why = select(graph, node, board)
    units, granule = kernel.units(graph, node), kernel.granule(graph, node)
    scratch = kernel.scratch_bytes(graph, node)
    name = identifier(node.name)
    for_kernel = cheaper(graph, node)
    parameters = operator.c_parameters(*for_kernel)
    return Layer(
        index=index,
        key=f"l{index:02d}_{name}" if name.endswith(node.op) else f"l{index:02d}_{name}_{node.op}",
        node=node,
        kernel=kernel,
        function=kernel.function.format(form=operator.c_form(*for_kernel)),
        constants=kernel.pack(*for_kernel),
        parameters=parameters,
        units=units,
        granule=granule,
        cores=max(1, min(board.cores, -(-units // granule))),
        scratch_bytes=aligned(scratch),
        macs=operator.macs(graph, node),
        why=why,
        residual=residual_form(node, parameters, granule, board),
    )
