"""Model files that once ended in something else than a sentence."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import pipeline
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.frontend.onnx import program
from edgeq.lower.requantize import Channels, cheapest
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


def test_operator_of_constants_only(tmp_path: Path) -> None:
    net = Network()
    x = net.input((1, 4), "int8", 0.5, 0)
    known = net.tensor((1, 4), "int8", 0.5, 0, np.arange(4, dtype=np.int8))
    least, y = (net.tensor((1, 4), "int8", 0.5, 0) for _ in range(2))
    net.operator("MINIMUM", [known, known], [least])
    net.operator("ADD", [x, least], [y], "AddOptions", fused_activation_function=0)
    net.outputs.append(y)
    path = tmp_path / "model.tflite"
    path.write_bytes(net.bytes())
    with pytest.raises(EdgeqError, match="an operator of constants only"):
        pipeline.import_model(ModelSource(path))


def test_layer_of_many_equal_channels() -> None:
    """As a transposed convolution with a stride of 256 has them; each was searched by itself, for minutes."""
    count = 1 << 16
    layer = Channels(
        np.full(count, 1 << 30), np.full(count, -9), np.full(count, -(1 << 20)), np.full(count, 1 << 20), -128, -128,
        127,
    )  # fmt: skip
    began = time.monotonic()
    found = cheapest(layer, "layer")
    assert found is not None
    assert len(found.bias) == count
    assert time.monotonic() - began < 10


def test_product_with_a_vector(tmp_path: Path) -> None:
    net = Network()
    x, y = net.input((1, 4), "int8", 0.5, 0), net.tensor((1,), "int8", 0.5, 0)
    vector = net.input((1,), "int8", 0.5, 0)
    net.operator("BATCH_MATMUL", [x, vector], [y], "BatchMatMulOptions", adj_x=False, adj_y=False)
    net.outputs.append(y)
    path = tmp_path / "model.tflite"
    path.write_bytes(net.bytes())
    with pytest.raises(EdgeqError, match="operands of 2 and 1 axes"):
        pipeline.import_model(ModelSource(path))


@pytest.mark.parametrize(
    ("op", "shape", "attributes", "message"),
    [
        ("ConvTranspose", (1, 4, 6, 5), {"group": -2}, "in -2 groups"),
        ("ConvTranspose", (1, 4, 6, 5), {"group": 1 << 40}, "in 1099511627776 groups"),
        ("ConvTranspose", (1, 4, 6, 5), {"strides": [2]}, "aren't one an axis"),
        ("ConvTranspose", (1, 4, 6, 5), {"strides": [60000, 60000]}, "takes 43200000000 weights"),
        ("MaxPool", (1, 4, 8), {"kernel_shape": [3, 2]}, "a window of 2 axes"),
    ],
)
def test_numbers_of_windows(
    op: str, shape: tuple[int, ...], attributes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    pytest.importorskip("onnx")
    from tests.onnx.networks import Network as OnnxNetwork

    net = OnnxNetwork()
    operands = [net.constant(np.ones((4, 3, 3, 2)))] if op == "ConvTranspose" else []
    x = net.input(*shape)
    net.outputs.append(net.add(op, x, *operands, **attributes))
    with pytest.raises(EdgeqError, match=message):
        program.load(net.save(tmp_path / "model.onnx"), "model")


def test_scatter_without_operands(tmp_path: Path) -> None:
    net = Network()
    net.input((1, 4), "int8", 0.5, 0)
    y = net.tensor((1, 4), "int8", 0.5, 0)
    net.operator("SCATTER_ND", [], [y])
    net.outputs.append(y)
    path = tmp_path / "model.tflite"
    path.write_bytes(net.bytes())
    with pytest.raises(EdgeqError, match="indices that is not constant"):
        pipeline.import_model(ModelSource(path))


def test_exported_program_of_a_module_that_is_not_there() -> None:
    import torch

    from edgeq.frontend import torch_program

    exported = torch.export.export(torch.nn.Linear(3, 2).eval(), (torch.zeros(1, 3),))
    exported.module_call_graph[0].fqn = "dropout"
    with pytest.raises(EdgeqError, match="torch can't take the exported program apart"):
        torch_program.simplify(exported)
