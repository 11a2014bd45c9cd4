"""The graph that every stage reads and returns."""

from edgeq.ir.graph import Graph, Node, Quantization, Tensor

__all__ = ["Graph", "Node", "Quantization", "Tensor"]
