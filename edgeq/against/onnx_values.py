"""Activations of an ONNX model as the onnx package's reference evaluator computes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeq.frontend.onnx.model import proto_of

QDQ_OPSET = 19


def values(path: Path, wanted: set[str], inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Values by name, [samples, ...]; `inputs` float32 [samples, ...] in the model's order and layout."""
    from onnx.helper import tensor_dtype_to_np_dtype
    from onnx.reference import ReferenceEvaluator

    proto = _evaluable(proto_of(path))
    constants = {item.name for item in proto.graph.initializer}
    items = [item for item in proto.graph.input if item.name not in constants]
    types = {item.name: tensor_dtype_to_np_dtype(item.type.tensor_type.elem_type) for item in items}
    evaluator = ReferenceEvaluator(proto)
    samples = []
    for index in range(len(inputs[0])):
        feeds = {
            name: array[index : index + 1].astype(kind)
            for (name, kind), array in zip(types.items(), inputs, strict=True)
        }
        found = evaluator.run(None, feeds, intermediate=True)
        samples.append({name: np.asarray(found[name]) for name in wanted if name in found})
    return {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}


def _evaluable(proto: Any) -> Any:
    """The model in an operator set whose QuantizeLinear and DequantizeLinear the evaluator has."""
    from onnx import version_converter

    version = next(item.version for item in proto.opset_import if item.domain in ("", "ai.onnx"))
    is_quantized = any(node.op_type == "DequantizeLinear" for node in proto.graph.node)
    return version_converter.convert_version(proto, QDQ_OPSET) if is_quantized and version < QDQ_OPSET else proto
