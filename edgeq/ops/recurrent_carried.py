"""Recurrent layers over an endless sequence: what they would begin with is what they ended with."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, State, Tensor
from edgeq.ops.carried import Carried
from edgeq.ops.recurrent import OPERANDS, cells_of, state_name


def carried(graph: Graph, node: Node, rows: int) -> Carried:
    """The integer node over `rows` new steps: the cell state of an lstm and the exact output of a gru go on in int16,
    the output of an lstm as it is stored. Raises EdgeqError for layers that can't."""
    if node.attributes["reverse"]:
        raise EdgeqError(
            f"--stream: layer {node.name} runs from the end to the beginning (bidirectional layers do); a stream knows "
            "nothing of what comes, so make it unidirectional"
        )
    if len(node.inputs) != OPERANDS or len(node.outputs) != 1:
        raise EdgeqError(
            f"--stream: layer {node.name} begins with values of its own or hands its last state on; a stream carries "
            "it, from zeros on, so take the layer's sequence alone"
        )
    output = graph.tensor(node.output)
    wide = Quantization(np.array([2.0 ** node.attributes["state_exponent"]]), 0, None, "int16")
    start = Tensor(f"{node.name}.state.before", (1, cells_of(node, graph)), "int16", wide)
    end = replace(start, name=f"{node.name}.state")
    tensors, states, nodes = [start, end], [State(start.name, end.name)], []
    initial: tuple[str, ...] = (state_name(node),)
    inputs = (*node.inputs, start.name)
    if state_name(node) != "h":
        before = Tensor(f"{node.name}.h.before", (1, output.shape[-1]), output.dtype, output.quantization)
        after, source = replace(before, name=f"{node.name}.h"), node.output
        if rows > 1 and not node.attributes.get("last"):
            last = replace(output, name=f"{node.name}.last", shape=(1, 1, output.shape[-1]))
            box = {"start": (0, rows - 1, 0), "size": last.shape, "step": (1, 1, 1)}
            nodes.append(Node(last.name, "slice", (source,), (last.name,), MappingProxyType(box)))
            tensors.append(last)
            source = last.name
        shape = MappingProxyType({"shape": after.shape})
        nodes.append(Node(after.name, "reshape", (source,), (after.name,), shape))
        tensors += [before, after]
        states.append(State(before.name, after.name))
        initial, inputs = ("h", *initial), (*node.inputs, before.name, start.name)
    made = replace(node.with_attributes(initial=initial), inputs=inputs, outputs=(node.output, end.name))
    return Carried((made, *nodes), tuple(tensors), tuple(states))
