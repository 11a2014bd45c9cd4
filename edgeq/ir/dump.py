"""Stable text of a graph, for people and golden tests."""

from __future__ import annotations

import zlib

from edgeq.ir.graph import Graph, Tensor


def _describe(tensor: Tensor) -> str:
    text = f"{tensor.dtype}{list(tensor.shape)}"
    if tensor.quantization is not None:
        q = tensor.quantization
        if q.axis is None:
            text += f" scale={q.scale[0]:.9g} zero_point={q.zero_point}"
        else:
            text += f" scale[axis {q.axis}]={q.scale.min():.6g}..{q.scale.max():.6g}"
    if tensor.data is not None:
        text += f" crc32={zlib.crc32(tensor.data.tobytes()):08x}"
    return text


def dump(graph: Graph) -> str:
    """One line a tensor or node, in execution order; weights appear as their checksum."""
    lines = [f"graph {graph.name}"]
    lines += [f"input {name}: {_describe(graph.tensors[name])}" for name in graph.inputs]
    lines += [f"state {state.start}: {_describe(graph.tensors[state.start])}" for state in graph.states]
    for node in graph.nodes:
        for name in node.inputs:
            if graph.tensors[name].is_constant:
                lines.append(f"  const {name}: {_describe(graph.tensors[name])}")
        attributes = " ".join(f"{key}={value!r}" for key, value in sorted(node.attributes.items()))
        lines.append(f"{node.name} = {node.op}({', '.join(node.inputs)}) {attributes}".rstrip())
        lines += [f"  -> {name}: {_describe(graph.tensors[name])}" for name in node.outputs]
    lines += [f"output {name}" for name in graph.outputs]
    lines += [f"state {state.start} <- {state.end}" for state in graph.states]
    return "\n".join(lines) + "\n"
