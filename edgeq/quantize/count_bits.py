"""Convolutions of signs with signs become ones that count bits: binarize -> conv2d with binary weights, the same
numbers from 32 products a word (edgeq/ops/binary_conv2d.py)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import fixed_point, weight_types
from edgeq.ops.binarize import words_of
from edgeq.ops.residual import PREFIX

#: words of bits, which have no meaning as numbers
BITS = Quantization(np.ones(1), 0, None, "uint32")


def count_bits(graph: Graph) -> Graph:
    """The integer graph with every binarize packed whose readers are all such convolutions."""
    tensors, changed = dict(graph.tensors), {}
    for node in graph.nodes:
        if node.op != "binarize" or node.output in graph.results:
            continue
        readers = [reader for reader in graph.nodes if node.output in reader.inputs]
        if not readers or not all(_counts(graph, reader) for reader in readers):
            continue
        source = graph.tensor(node.output)
        packed = node.with_attributes(packed=True)
        bits = Tensor(f"{source.name}.bits", (*source.shape[:-1], words_of(source.shape[-1])), "uint32", BITS)
        tensors[bits.name] = bits
        changed[node.name] = replace(packed, outputs=(bits.name,))
        for reader in readers:
            made = replace(reader, op="binary_conv2d", inputs=(bits.name, *reader.inputs[1:]))
            changed[reader.name] = made.with_attributes(in_c=source.shape[-1])
    return graph.with_nodes([changed.get(node.name, node) for node in graph.nodes], tensors)


def _counts(graph: Graph, node: Node) -> bool:
    """Whether the node is a convolution with binary weights and edgeq's own rounding, and nothing else."""
    if node.op != "conv2d" or weight_types.of_node(graph, node) != weight_types.BINARY.name:
        return False
    residual = any(key.startswith(PREFIX) for key in node.attributes)
    return node.attributes["rounding"] == fixed_point.SINGLE and not residual
