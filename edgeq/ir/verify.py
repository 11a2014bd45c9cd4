"""Checks that a graph is legal; run after every stage, so that a broken stage is named at once."""

from __future__ import annotations

from edgeq import ops
from edgeq.ir.graph import DTYPE_BYTES, Graph, Tensor
from edgeq.ops.float_types import FLOATS


class GraphError(Exception):
    """A stage produced an illegal graph: a fault of edgeq, never of the user's input."""


def run(graph: Graph, stage: str) -> Graph:
    """Returns `graph` unchanged, or raises GraphError naming the stage and the node."""
    known = set(graph.given) | {name for name, tensor in graph.tensors.items() if tensor.is_constant}
    for name, tensor in graph.tensors.items():
        if tensor.name != name:
            raise GraphError(f"{stage}: tensor {tensor.name!r} is filed under {name!r}")
        if tensor.dtype not in DTYPE_BYTES:
            raise GraphError(f"{stage}: tensor {name!r} has the unknown type {tensor.dtype!r}")
        if tensor.data is not None and (tensor.data.shape != tensor.shape or str(tensor.data.dtype) != tensor.dtype):
            raise GraphError(f"{stage}: constant {name!r} disagrees with its data's shape or type")
        if tensor.dtype in ("int8", "float16") and not tensor.is_constant and tensor.quantization is None:
            raise GraphError(f"{stage}: activation {name!r} is {tensor.dtype} without a scale")
        if tensor.quantization is not None and tensor.quantization.dtype in FLOATS:
            _verify_stored_float(tensor, stage)
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
    unmade = [name for name in graph.results if name not in known]
    if unmade:
        raise GraphError(f"{stage}: output {unmade[0]!r} is never made")
    _verify_states(graph, stage)
    return graph


def _verify_stored_float(tensor: Tensor, stage: str) -> None:
    """Numbers that firmware stores as floating point mean themselves."""
    q = tensor.quantization
    assert q is not None
    if q.dtype != tensor.dtype or q.zero_point or q.axis is not None or q.scale.tolist() != [1.0]:
        raise GraphError(f"{stage}: activation {tensor.name!r} is {tensor.dtype} with a scale or zero point")


def _verify_states(graph: Graph, stage: str) -> None:
    """Every state has two ends of its own, equal in shape, type and quantization."""
    starts, ends = [state.start for state in graph.states], [state.end for state in graph.states]
    if len(set(graph.given)) != len(graph.given) or len(set(ends)) != len(ends):
        raise GraphError(f"{stage}: a tensor is an end of two states, or of a state and an input")
    for state in graph.states:
        start, end = graph.tensors[state.start], graph.tensors[state.end]
        if start.is_constant or end.is_constant or (state.end in starts and not state.only_read):
            raise GraphError(f"{stage}: state {state.start!r} is kept in a tensor that no node makes")
        if (start.shape, start.dtype) != (end.shape, end.dtype):
            raise GraphError(f"{stage}: state {state.start!r} is {start.shape}, and its end {end.shape}")
        if state.initial is not None and graph.tensors[state.initial].shape != start.shape:
            raise GraphError(f"{stage}: state {state.start!r} does not begin as {state.initial!r}")
        ours, theirs = start.quantization, end.quantization
        if not start.is_real and (ours is None or theirs is None or not ours.same_as(theirs)):
            raise GraphError(f"{stage}: the two ends of state {state.start!r} have different scales")
