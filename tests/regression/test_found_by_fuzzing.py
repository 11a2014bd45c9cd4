"""Model files that once ended in something else than a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq import pipeline
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.quantize.recipe import Recipe
from tests.tflite.writer import Network


def added(folder: Path, scale: float, activation: int) -> Path:
    """A .tflite file of one addition."""
    net = Network()
    left, right = (net.input((1, 4), "int8", 0.5, 0) for _ in range(2))
    y = net.tensor((1, 4), "int8", scale, 0)
    net.operator("ADD", [left, right], [y], "AddOptions", fused_activation_function=activation)
    net.outputs.append(y)
    path = folder / "model.tflite"
    path.write_bytes(net.bytes())
    return path


def test_negative_activation_number(tmp_path: Path) -> None:
    with pytest.raises(EdgeqError, match="number -100"):
        pipeline.import_model(ModelSource(added(tmp_path, 1.0, -100)))


def test_scale_near_the_smallest_float(tmp_path: Path) -> None:
    with pytest.raises(EdgeqError, match="has scales from"):
        pipeline.import_model(ModelSource(added(tmp_path, 1e-40, 3)))


def test_clip_at_the_largest_float(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from tests.onnx.networks import Network as OnnxNetwork

    net = OnnxNetwork()
    scale, zero = net.constant(1e-3), net.constant(0, np.int8)
    stored = net.add("QuantizeLinear", net.input(1, 4), scale, zero)
    x = net.add("DequantizeLinear", stored, scale, zero)
    y = net.add("Clip", x, net.constant(0.0), net.constant(np.finfo(np.float32).max))
    net.outputs.append(y)
    graph = pipeline.import_model(ModelSource(net.save(tmp_path / "model.onnx")))
    (node,) = pipeline.quantize(graph, None, Recipe()).nodes
    assert (node.attributes["act_min"], node.attributes["act_max"]) == (0, 127)


def test_name_that_is_no_text(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from tests.onnx.networks import Network as OnnxNetwork

    net = OnnxNetwork()
    net.outputs.append(net.add("Relu", net.input(1, 4)))
    data = net.model().SerializeToString()
    assert b"Relu0" in data
    path = tmp_path / "model.onnx"
    path.write_bytes(data.replace(b"Relu0", b"Rel\xff\xfe"))
    graph = pipeline.import_model(ModelSource(path))
    assert [node.op for node in graph.nodes] == ["clamp"]
