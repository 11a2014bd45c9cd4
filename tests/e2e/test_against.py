"""`edgeq verify --against`: layers beside the activations of torch, TensorFlow Lite and onnx."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from click.testing import CliRunner, Result

from edgeq.against import compare
from edgeq.cli import main
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.ir.graph import constant
from edgeq.quantize.data import load_samples, random_samples
from tests.conftest import EXAMPLES
from tests.tflite.writer import Network
from tests.tools import require_board, require_module

KWS = EXAMPLES / "kws" / "kws.pt2"


def edgeq(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def built(model: Path, folder: Path, *arguments: str) -> Path:
    require_board("host")
    result = edgeq("build", str(model), "--board", "host", "-o", str(folder), "--no-simulate", *arguments)
    assert result.exit_code == 0, result.output
    return folder


def few_samples(source: Path, target: Path) -> str:
    with np.load(source) as arrays:
        np.savez(target, x=arrays["x"][::18])
    return str(target)


@pytest.fixture(scope="module")
def kws(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Firmware of the keyword spotter, and a few of its inputs."""
    folder = tmp_path_factory.mktemp("against")
    calib = EXAMPLES / "kws" / "demo_calib.npz"
    inputs = few_samples(calib, folder / "in.npz")
    return built(KWS, folder / "kws", "--calib", str(calib)), inputs


def test_torch(kws: tuple[Path, str]) -> None:
    folder, inputs = kws
    result = edgeq("verify", str(folder), "--against", "torch", "--model", str(KWS), "--inputs", inputs, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["bit_exact"]
    assert report["against"]["first_divergence"] is None
    assert report["against"]["not_compared"] == {}
    assert [layer["name"] for layer in report["against"]["layers"]] == [layer["name"] for layer in report["layers"]]
    assert all(25 < layer["sqnr_db"] < 60 for layer in report["against"]["layers"])


def test_torch_residual_network(tmp_path: Path) -> None:
    """ResNet8: batch norms, which have several results, and additions."""
    model = EXAMPLES / "resnet8" / "resnet8.pt2"
    inputs = tmp_path / "in.npz"
    with np.load(EXAMPLES / "resnet8" / "demo.npz") as arrays:
        np.savez(inputs, x=arrays["x"][:8])
    folder = built(model, tmp_path / "out", "--calib", str(inputs))
    firmware = open_folder(folder)
    result = compare.compare(firmware, "torch", model, load_samples(inputs, firmware.graph, "--inputs"))
    assert result.first_divergence is None
    assert len(result.layers) == len(firmware.manifest["layers"])
    assert min(layer.sqnr_db for layer in result.layers) > 15


def with_layer_negated(firmware: FirmwareFolder, number: int) -> tuple[FirmwareFolder, str]:
    """The folder with the weights of a layer negated in its reference, and the layer's key."""
    layer = firmware.manifest["layers"][number]
    node = next(node for node in firmware.graph.nodes if node.name == layer["node"])
    old = firmware.graph.tensor(node.inputs[1])
    assert old.data is not None
    tensors = {**firmware.graph.tensors, old.name: constant(old.name, -old.data, old.quantization)}
    graph = replace(firmware.graph, tensors=MappingProxyType(tensors))
    return replace(firmware, graph=graph), layer["key"]


@pytest.mark.parametrize("number", [0, 3, 10])
def test_the_first_wrong_layer_is_named(kws: tuple[Path, str], number: int) -> None:
    folder, inputs = kws
    firmware, key = with_layer_negated(open_folder(folder), number)
    samples = load_samples(Path(inputs), firmware.graph, "--inputs")
    assert compare.compare(firmware, "torch", KWS, samples).first_divergence == key


@pytest.mark.usefixtures("frameworks_in_a_process")
def test_table(kws: tuple[Path, str]) -> None:
    folder, inputs = kws
    result = edgeq("verify", str(folder), "--against", "torch", "--model", str(KWS), "--inputs", inputs)
    assert "no layer diverges" in result.stdout


def test_refusals(kws: tuple[Path, str]) -> None:
    folder, inputs = kws
    other = str(EXAMPLES / "kws" / "kws_split.pt2")
    for arguments, words in (
        (("--against", "torch", "--model", other, "--inputs", inputs), "is not the file that"),
        (("--against", "torch", "--model", str(KWS)), "give --inputs"),
        (("--against", "tflite", "--model", str(KWS)), "is no file that --against tflite reads"),
        (("--against", "torch"), "belong together"),
        (("--against", "torch", "--model", "nowhere.pt2"), "no such file"),
    ):
        result = edgeq("verify", str(folder), *arguments)
        assert result.exit_code == 2, result.output
        assert words in result.stderr


def residual_network() -> Network:
    """Convolutions, an addition that TensorFlow Lite does in place, a pool, a linear layer, softmax."""
    rng = np.random.default_rng(2)
    net = Network()
    x = net.input((1, 6, 6, 8), "int8", 0.05, 3)

    def conv(source: int, zero: int) -> int:
        weights = net.tensor((8, 3, 3, 8), "int8", 0.01, 0, rng.integers(-127, 128, (8, 3, 3, 8)).astype(np.int8))
        bias = net.tensor((8,), "int32", 0.0005, 0, rng.integers(-900, 900, 8).astype(np.int32))
        y = net.tensor((1, 6, 6, 8), "int8", 0.05, zero)
        net.operator("CONV_2D", [source, weights, bias], [y], "Conv2DOptions", padding=0, stride_w=1, stride_h=1,
                     fused_activation_function=1, dilation_w_factor=1, dilation_h_factor=1)  # fmt: skip
        return y

    first = conv(x, -128)
    second = conv(first, -128)
    added = net.tensor((1, 6, 6, 8), "int8", 0.08, -100)
    net.operator("ADD", [first, second], [added], "AddOptions", fused_activation_function=0)
    pooled = net.tensor((1, 1, 1, 8), "int8", 0.08, -100)
    net.operator("AVERAGE_POOL_2D", [added], [pooled], "Pool2DOptions", padding=1, stride_w=6, stride_h=6,
                 filter_width=6, filter_height=6, fused_activation_function=0)  # fmt: skip
    weights = net.tensor((5, 8), "int8", 0.02, 0, rng.integers(-127, 128, (5, 8)).astype(np.int8))
    bias = net.tensor((5,), "int32", 0.0016, 0, rng.integers(-900, 900, 5).astype(np.int32))
    logits = net.tensor((1, 5), "int8", 0.1, 5)
    net.operator("FULLY_CONNECTED", [pooled, weights, bias], [logits], "FullyConnectedOptions",
                 fused_activation_function=0, keep_num_dims=False)  # fmt: skip
    y = net.tensor((1, 5), "int8", 1 / 256, -128)
    net.operator("SOFTMAX", [logits], [y], "SoftmaxOptions", beta=1.0)
    net.outputs.append(y)
    return net


def test_tflite(tmp_path: Path) -> None:
    require_module("tflite_runtime")
    path = tmp_path / "net.tflite"
    path.write_bytes(residual_network().bytes())
    folder = built(path, tmp_path / "out")
    result = edgeq("verify", str(folder), "--against", "tflite", "--model", str(path), "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)["against"]
    assert len(report["layers"]) + len(report["not_compared"]) == len(json.loads(result.stdout)["layers"])
    assert len(report["layers"]) >= 4
    assert {layer["steps"] for layer in report["layers"]} == {0.0}
    assert set(report["not_compared"].values()) <= {"tflite does not keep its value"}
    firmware, key = with_layer_negated(open_folder(folder), 0)
    samples = random_samples(firmware.graph, count=4)
    wrong = compare.compare(firmware, "tflite", path, samples)
    compared = [layer.name for layer in wrong.layers]
    assert wrong.first_divergence == (key if key in compared else compared[0])


@pytest.mark.parametrize("quantized", [False, True])
def test_onnx(quantized: bool, tmp_path: Path) -> None:
    require_module("onnx")
    from tests.onnx.networks import small_cnn
    from tests.onnx.test_qdq import quantized as quantized_file

    rng = np.random.default_rng(4)
    net = small_cnn(rng)
    path = quantized_file(net, tmp_path, per_channel=True) if quantized else net.save(tmp_path / "net.onnx")
    inputs = tmp_path / "in.npz"
    np.savez(inputs, x=rng.normal(0, 1, (12, 3, 12, 10)).astype(np.float32))
    folder = built(path, tmp_path / "out", "--calib", str(inputs))
    arguments = ("--against", "onnx", "--model", str(path), "--inputs", str(inputs), "--json")
    result = edgeq("verify", str(folder), *arguments)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)["against"]
    assert len(report["layers"]) >= 8
    assert report["first_divergence"] is None
    if quantized:  # one rounding instead of two: now and then a step
        assert max(layer["steps"] for layer in report["layers"]) <= 2.01
    firmware, key = with_layer_negated(open_folder(folder), 0)
    samples = load_samples(inputs, firmware.graph, "--inputs")
    assert compare.compare(firmware, "onnx", path, samples).first_divergence == key
