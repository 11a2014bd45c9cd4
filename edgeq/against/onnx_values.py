"""Activations of an ONNX model as the onnx package's reference evaluator computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.against.steps import Step
from edgeq.frontend.onnx.model import proto_of

QDQ_OPSET = 19


def stepper(path: Path, wanted: set[str], outputs: Sequence[int]) -> Step:
    """Runs one step; inputs float32 in the model's order and layout."""
    from onnx.reference import ReferenceEvaluator

    proto = _evaluable(proto_of(path))
    constants = {item.name for item in proto.graph.initializer}
    names = [item.name for item in proto.graph.input if item.name not in constants]
    evaluator = ReferenceEvaluator(proto)

    def run(inputs: list[np.ndarray]) -> tuple[Mapping[str, np.ndarray], Mapping[int, np.ndarray]]:
        found = evaluator.run(None, dict(zip(names, inputs, strict=True)), intermediate=True)
        values = {name: np.asarray(found[name]) for name in wanted if name in found}
        return values, {position: np.asarray(found[proto.graph.output[position].name]) for position in outputs}

    return run


def _evaluable(proto: Any) -> Any:
    """The model in an operator set whose QuantizeLinear and DequantizeLinear the evaluator has."""
    from onnx import version_converter

    version = next(item.version for item in proto.opset_import if item.domain in ("", "ai.onnx"))
    is_quantized = any(node.op_type == "DequantizeLinear" for node in proto.graph.node)
    return version_converter.convert_version(proto, QDQ_OPSET) if is_quantized and version < QDQ_OPSET else proto
