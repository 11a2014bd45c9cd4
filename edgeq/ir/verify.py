"""Checks that a graph is legal; run after every stage, so that a broken stage is named at once."""

from __future__ import annotations

from edgeq import ops
from edgeq.ir.graph import DTYPE_BYTES, Graph


class GraphError(Exception):
    """A stage produced an illegal graph: a fault of edgeq, never of the user's input."""


def run(graph: Graph, stage: str) -> Graph:
    """Returns `graph` unchanged, or raises GraphError naming the stage and the node."""
    known = set(graph.inputs) | {name for name, tensor in graph.tensors.items() if tensor.is_constant}
    for name, tensor in graph.tensors.items():
        if tensor.name != name:
            raise GraphError(f"{stage}: tensor {tensor.name!r} is filed under {name!r}")
        if tensor.dtype not in DTYPE_BYTES:
            raise GraphError(f"{stage}: tensor {name!r} has the unknown type {tensor.dtype!r}")
        if tensor.data is not None and (tensor.data.shape != tensor.shape or str(tensor.data.dtype) != tensor.dtype):
            raise GraphError(f"{stage}: constant {name!r} disagrees with its data's shape or type")
        if tensor.dtype == "int8" and not tensor.is_constant and tensor.quantization is None:
            raise GraphError(f"{stage}: activation {name!r} is int8 without a scale")
    names: set[str] = set()
    for node in graph.nodes:
        if node.name in names:
            raise GraphError(f"{stage}: two nodes are named {node.name!r}")
        names.add(node.name)
        missing = [name for name in node.inputs if name not in known]
        if missing:
            raise GraphError(f"{stage}: node {node.name!r} reads {missing[0]!r} before it is made")
        shapes = ops.get(node.op).infer(node, graph.input_tensors(node))
        for name, shape in zip(node.outputs, shapes, strict=True):
            if graph.tensors[name].shape != tuple(shape):
                raise GraphError(f"{stage}: node {node.name!r} makes {shape}, not {graph.tensors[name].shape}")
            if name in known:
                raise GraphError(f"{stage}: tensor {name!r} is made twice")
            known.add(name)
    unmade = [name for name in graph.outputs if name not in known]
    if unmade:
        raise GraphError(f"{stage}: output {unmade[0]!r} is never made")
    return graph
