"""What a layer asks of memory and of multipliers, whatever the kernel: bytes that it has to move, and bit operations.

Bit operations weigh a multiply-accumulate by the widths of its two factors, as papers on mixed precision compare
networks (M. van Baalen et al., Bayesian Bits, NeurIPS 2020, section 4)."""

from __future__ import annotations

from edgeq.ir.graph import DTYPE_BYTES, Graph, Node
from edgeq.lower.program import Layer
from edgeq.ops import weight_types


def bytes_moved(graph: Graph, layer: Layer) -> int:
    """Constants as flash has them, activations read and written, each once."""
    names = {name for name in layer.node.inputs if not graph.tensor(name).is_constant}
    activations = sum(graph.tensor(name).size_bytes for name in sorted(names))
    return layer.weights_bytes + activations + sum(graph.tensor(name).size_bytes for name in layer.node.outputs)


def bit_operations(graph: Graph, layer: Layer) -> int:
    """MACs times the bits of one factor times those of the other: an activation's and a weight's, or those of two
    activations; where a layer has one operand, that operand's twice."""
    return layer.macs * _bits(graph, layer.node, 0) * _bits(graph, layer.node, min(1, len(layer.node.inputs) - 1))


def _bits(graph: Graph, node: Node, operand: int) -> int:
    tensor = graph.tensor(node.inputs[operand])
    if tensor.is_constant and tensor.dtype == "int8":
        return weight_types.TYPES[weight_types.of_node(graph, node)].bits
    if tensor.dtype == "uint32":  # words of signs
        return 1
    return 8 * DTYPE_BYTES[tensor.dtype]
