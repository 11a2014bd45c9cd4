"""Quantization-aware training of torch modules: prepare, train as usual, convert (docs/precision.md)."""

from edgeq.qat.prepare import prepare

__all__ = ["prepare"]
