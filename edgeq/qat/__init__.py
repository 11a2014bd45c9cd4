"""Quantization-aware training of torch modules: prepare, train as usual, convert, save (docs/precision.md)."""

from edgeq.qat.convert import convert, save
from edgeq.qat.prepare import prepare
from edgeq.qat.quantizers import round_activations

__all__ = ["convert", "prepare", "round_activations", "save"]
