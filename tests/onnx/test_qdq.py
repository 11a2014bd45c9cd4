"""Quantized ONNX graphs keep their file's scales: firmware equals the reference, and the reference onnxruntime's
integers to a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.observer import Observer
from edgeq.quantize.data import to_model_layout
from edgeq.quantize.recipe import Recipe
from tests.tools import require_board, require_module

pytest.importorskip("onnx")

from tests.onnx.networks import Network, small_cnn
from tests.onnx.test_float import run_onnxruntime

SAMPLES = 24
SHAPE = (1, 3, 12, 10)


def quantized(net: Network, folder: Path, form_name: str = "QDQ", **options: Any) -> Path:
    """The network as onnxruntime's quantize_static writes it, calibrated with noise."""
    require_module("onnxruntime")
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Noise(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            rng = np.random.default_rng(0)
            self.left = iter([{"in0": rng.normal(0, 1, SHAPE).astype(np.float32)} for _ in range(8)])

        def get_next(self) -> Any:
            return next(self.left, None)

    path = folder / "quantized.onnx"
    source = net.save(folder / "float.onnx")
    form = QuantFormat[form_name]
    quantize_static(str(source), str(path), Noise(), quant_format=form, **options)
    return path


def integer_graph(path: Path) -> Graph:
    graph = pipeline.import_model(ModelSource(path))
    return pipeline.quantize(graph, None, Recipe())


def stored_inputs(graph: Graph, data: np.ndarray) -> dict[str, np.ndarray]:
    (name,) = graph.inputs
    tensor = graph.tensor(name)
    integers = np.clip(np.rint(data / tensor.scale) + tensor.zero_point, -128, 127).astype(np.int8)
    return {name: integers.transpose(graph.boundary[name].perm)}


def steps_apart(path: Path, graph: Graph) -> np.ndarray:
    """Differences of the outputs from onnxruntime's in steps of the output's scale."""
    rng = np.random.default_rng(5)
    apart = []
    for _ in range(SAMPLES):
        data = rng.normal(0, 1, SHAPE).astype(np.float32)
        (expected,) = run_onnxruntime(path, {"in0": data})
        (name,) = graph.outputs
        q = graph.tensor(name)
        actual = to_model_layout(graph, name, reference.run(graph, stored_inputs(graph, data))[name])
        actual = actual.astype(np.int32)
        apart.append(np.abs(actual - q.zero_point - np.rint(expected / q.scale)).reshape(-1))
    return np.concatenate(apart)


def types(activation: str, weight: str) -> dict[str, Any]:
    from onnxruntime.quantization import QuantType

    return {"activation_type": QuantType[activation], "weight_type": QuantType[weight]}


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("activation", ["QInt8", "QUInt8"])
def test_static_quantization(activation: str, per_channel: bool, tmp_path: Path) -> None:
    require_module("onnxruntime")
    net = small_cnn(np.random.default_rng(4))
    path = quantized(net, tmp_path, per_channel=per_channel, **types(activation, "QInt8"))
    graph = integer_graph(path)
    weights = [graph.tensor(node.inputs[1]) for node in graph.nodes if node.op == "conv2d"]
    assert {len(np.unique(tensor.quantization.scale)) > 1 for tensor in weights if tensor.quantization} == {per_channel}
    apart = steps_apart(path, graph)
    assert apart.max() <= 2
    assert (apart <= 1).mean() > 0.97


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("activation", ["QInt8", "QUInt8"])
def test_operators_on_integers(activation: str, per_channel: bool, tmp_path: Path) -> None:
    """QLinearConv, QGemm, QLinearAdd and their kin (quant_format=QOperator). Weights have 7 bits: on x86 processors
    without VNNI onnxruntime saturates the sum of two products of uint8 and int8 at int16, as its manual says."""
    require_module("onnxruntime")
    net = small_cnn(np.random.default_rng(4))
    kinds = types(activation, "QInt8")
    path = quantized(net, tmp_path, "QOperator", per_channel=per_channel, reduce_range=True, **kinds)
    apart = steps_apart(path, integer_graph(path))
    assert apart.max() <= 2
    assert (apart <= 1).mean() > 0.97


def test_weights_with_zero_points_are_rounded_anew(tmp_path: Path) -> None:
    require_module("onnxruntime")
    path = quantized(small_cnn(np.random.default_rng(4)), tmp_path, **types("QUInt8", "QUInt8"))
    assert (steps_apart(path, integer_graph(path)) <= 2).mean() > 0.9


def test_weights_are_the_files_integers(tmp_path: Path) -> None:
    net = Network()
    x = net.input(1, 4)
    integers = np.arange(-6, 6).reshape(3, 4)
    scale, zero = net.constant(0.5), net.constant(3, np.int8)
    stored = net.add("DequantizeLinear", net.add("QuantizeLinear", x, scale, zero), scale, zero)
    weights = net.add("DequantizeLinear", net.constant(integers, np.int8), net.constant([1.0, 2.0, 4.0]),
                      net.constant([0, 0, 0], np.int8), axis=0)  # fmt: skip
    bias = net.add("DequantizeLinear", net.constant([7, 8, 9], np.int32), net.constant([0.5, 1.0, 2.0]), axis=0)
    y = net.add("Gemm", stored, weights, bias, transB=1)
    out_scale, out_zero = net.constant(0.25), net.constant(-5, np.int8)
    net.outputs.append(
        net.add("DequantizeLinear", net.add("QuantizeLinear", y, out_scale, out_zero), out_scale, out_zero)
    )
    graph = integer_graph(net.save(tmp_path / "model.onnx"))
    (node,) = graph.nodes
    np.testing.assert_array_equal(graph.constant(node.inputs[1]), integers)
    np.testing.assert_array_equal(graph.constant(node.inputs[2]), [7, 8, 9])
    assert (graph.tensor(graph.inputs[0]).scale, graph.tensor(graph.inputs[0]).zero_point) == (0.5, 3)
    assert (graph.tensor(node.output).scale, graph.tensor(node.output).zero_point) == (0.25, -5)


def test_uint8_is_int8_shifted(tmp_path: Path) -> None:
    net = Network()
    x = net.input(1, 4)
    scale, zero = net.constant(0.5), net.constant(130, np.uint8)
    y = net.add("Relu", net.add("DequantizeLinear", net.add("QuantizeLinear", x, scale, zero), scale, zero))
    net.outputs.append(net.add("DequantizeLinear", net.add("QuantizeLinear", y, scale, zero), scale, zero))
    graph = integer_graph(net.save(tmp_path / "model.onnx"))
    assert {(t.scale, t.zero_point) for t in graph.tensors.values() if not t.is_constant} == {(0.5, 2)}


def test_a_second_scale_rescales(tmp_path: Path) -> None:
    net = Network()
    x = net.input(1, 4)
    zero = net.constant(0, np.int8)
    for value in (0.5, 0.125):
        scale = net.constant(value)
        x = net.add("DequantizeLinear", net.add("QuantizeLinear", x, scale, zero), scale, zero)
    net.outputs.append(x)
    graph = integer_graph(net.save(tmp_path / "model.onnx"))
    assert [node.op for node in graph.nodes] == ["lut"]
    result = reference.run(graph, {graph.inputs[0]: np.array([[1, -3, 20, 127]], np.int8)})[graph.outputs[0]]
    np.testing.assert_array_equal(result, [[4, -12, 80, 127]])


def test_firmware_equals_the_reference(tmp_path: Path) -> None:
    require_board("host")
    path = quantized(small_cnn(np.random.default_rng(4)), tmp_path, per_channel=True)
    options = pipeline.BuildOptions(
        ModelSource(path), load_board("host"), tmp_path / "out", Recipe(), simulate_samples=20
    )
    facts = pipeline.build(options, Observer())
    assert facts.verification is not None
    assert facts.verification.bit_exact


def test_dynamic_quantization_is_refused(tmp_path: Path) -> None:
    net = Network()
    stored, scale, zero = net.add("DynamicQuantizeLinear", net.input(1, 4), outputs=3)
    net.outputs.append(net.add("DequantizeLinear", stored, scale, zero))
    path = net.save(tmp_path / "model.onnx")
    with pytest.raises(EdgeqError, match=r"DynamicQuantizeLinear.*quantize_static"):
        integer_graph(path)
