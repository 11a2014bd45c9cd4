"""ONNX files that are damaged, hostile or beyond edgeq end in one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq import pipeline
from edgeq.cli import main
from edgeq.errors import EdgeqError
from edgeq.frontend import guard
from edgeq.frontend.load import ModelSource

pytest.importorskip("onnx")

from onnx import ModelProto, TensorProto, helper

from tests.onnx.networks import Network, small_cnn


def refused(path: Path, words: str) -> None:
    with pytest.raises(EdgeqError, match=words):
        pipeline.import_model(ModelSource(path))


def changed(folder: Path, change: Callable[[ModelProto], object]) -> Path:
    """The small network with a change."""
    model = small_cnn(np.random.default_rng(1)).model()
    change(model)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def single(folder: Path, make: Callable[[Network, str], str], *shape: int) -> Path:
    net = Network()
    net.outputs.append(make(net, net.input(*(shape or (1, 4, 6, 6)))))
    return net.save(folder / "model.onnx")


def test_kind(tmp_path: Path) -> None:
    path = small_cnn(np.random.default_rng(1)).save(tmp_path / "model.onnx")
    assert guard.kind_of(path) == guard.KIND_ONNX


@pytest.mark.parametrize("content", [b"", b"hello, world", bytes(64), b"\xff" * 40, b"\x08\x07"])
def test_no_protobuf(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    refused(path, "no ONNX model")


def test_cut_short(tmp_path: Path) -> None:
    path = small_cnn(np.random.default_rng(1)).save(tmp_path / "model.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    refused(path, r"damaged|no ONNX model")


def test_external_data_is_never_opened(tmp_path: Path) -> None:
    def external(model: ModelProto) -> None:
        tensor = model.graph.initializer[0]
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="../../etc/passwd")

    refused(changed(tmp_path, external), "another file, which edgeq never opens")


def test_external_data_in_an_attribute(tmp_path: Path) -> None:
    def external(model: ModelProto) -> None:
        tensor = TensorProto(data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
        model.graph.node.insert(0, helper.make_node("Constant", [], ["k"], value=tensor))

    refused(changed(tmp_path, external), "another file")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.opset_import[0].__setattr__("version", 12), "operator set 12; 13 to"),
        (lambda m: m.opset_import[0].__setattr__("version", 9999), "operator set 9999"),
        (lambda m: m.graph.initializer[0].dims.__setitem__(0, 1 << 40), "at most .* elements|too small"),
        (lambda m: m.graph.initializer[0].dims.__setitem__(0, -1), "elements are supported|Negative"),
        (lambda m: m.graph.initializer[0].__setattr__("raw_data", b"abc"), "constant 'c0' is damaged|too small"),
        (lambda m: m.graph.initializer[0].__setattr__("data_type", 17), "FLOAT8E4M3FN|no valid"),
        (lambda m: m.graph.node[0].__setattr__("op_type", "Nonsense"), "Nonsense"),
        (lambda m: m.graph.node[0].input.__setitem__(1, "nowhere"), "nowhere"),
        (lambda m: m.graph.input[0].type.tensor_type.shape.dim[0].__setattr__("dim_value", 4), "batch of 1"),
        (lambda m: m.graph.input[0].type.tensor_type.shape.dim[2].__setattr__("dim_param", "h"), "dynamic shape"),
        (lambda m: m.graph.input[0].type.tensor_type.shape.dim[2].__setattr__("dim_value", 1 << 50), "elements"),
        (lambda m: m.graph.input[0].type.tensor_type.__setattr__("elem_type", 7), "only look-ups in a table"),
        (lambda m: m.graph.initializer[0].__setattr__("raw_data", np.full(216, np.nan, "<f4").tobytes()), "NaN"),
        (lambda m: m.functions.add(name="f", domain="d"), "functions of its own"),
    ],
)
def test_damage(change: Callable[[ModelProto], object], words: str, tmp_path: Path) -> None:
    refused(changed(tmp_path, change), words)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda net, x: net.add("NonZero", x), "no valid ONNX model|operator NonZero"),
        (lambda net, x: net.add("LSTM", x, x, x), "operator LSTM|supported"),
        (lambda net, x: net.add("Conv", x, net.constant(np.zeros((4, 2, 1, 1))), group=3), "3 groups"),
        (lambda net, x: net.add("Conv", x, net.constant(np.zeros((4, 3, 1, 1)))), "weights that fit"),
        (lambda net, x: net.add("Conv", x, net.constant(np.zeros((4, 4, 9, 9)))), "output of shape"),
        (lambda net, x: net.add("MaxPool", x, kernel_shape=[0, 2]), "sizes above 0"),
        (lambda net, x: net.add("Softmax", x, axis=9), "axis 9"),
        (lambda net, x: net.add("Reshape", x, net.integers(1, 7, -1)), "a reshape of"),
        (lambda net, x: net.add("Div", x, net.constant(0.0)), "division by zero"),
        (lambda net, x: net.add("MatMul", net.constant(np.ones((4, 6))), x), "a constant in the place of the input"),
        (lambda net, x: net.add("Pad", x, net.integers(0, 0, 0, 0, 0, 0, 65000, 65000)), "at most .* elements"),
        (lambda net, x: net.add("Add", x, net.add("Expand", net.constant(1.0), net.integers(1 << 40))), "constant of"),
        (
            lambda net, x: net.add("Reshape", x, net.add("ConstantOfShape", net.integers(1 << 20, 1 << 20))),
            "constant of",
        ),
        (
            lambda net, x: net.add("Gather", x, net.add("Range", *(net.constant(v, np.int64) for v in (0, 2**50, 1)))),
            "constant of",
        ),
    ],
)
def test_refusals_name_the_layer(make: Callable[[Network, str], str], words: str, tmp_path: Path) -> None:
    refused(single(tmp_path, make), words)


def test_too_much_arithmetic(tmp_path: Path) -> None:
    def many(net: Network, x: str) -> str:
        for _ in range(40):
            x = net.add("Conv", x, net.constant(np.zeros((64, 64, 3, 3))), pads=[1, 1, 1, 1])
        return x

    refused(single(tmp_path, many, 1, 64, 500, 500), "multiply-accumulates")


def test_subgraphs_are_refused(tmp_path: Path) -> None:
    def loop(model: ModelProto) -> None:
        body = helper.make_graph([], "body", [], [])
        model.graph.node.insert(0, helper.make_node("If", ["in0"], ["k"], then_branch=body, else_branch=body))

    refused(changed(tmp_path, loop), "without control flow")


def test_a_zip_named_onnx_is_told_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"PK\x03\x04" + bytes(40))
    refused(path, "damaged or cut short")


def test_without_the_package(tmp_path: Path) -> None:
    """A clear sentence where onnx is not installed."""
    path = small_cnn(np.random.default_rng(1)).save(tmp_path / "model.onnx")
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from pathlib import Path\n"
        "from edgeq.frontend.onnx import program\n"
        f"program.load(Path({str(path)!r}), 'm')\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "the onnx package is not installed, and .onnx files need it; run: pip install onnx" in result.stderr


@pytest.mark.usefixtures("frameworks_in_a_process")
def test_inspect_and_doctor_know_onnx(tmp_path: Path) -> None:
    path = small_cnn(np.random.default_rng(1)).save(tmp_path / "model.onnx")
    result = CliRunner().invoke(main, ["inspect", str(path), "--board", "host", "--json"])
    assert result.exit_code == 0, result.output
    assert '"op": "dwconv2d"' in result.output
    assert "onnx" in CliRunner().invoke(main, ["doctor"]).output


def test_a_float_model_needs_calibration(tmp_path: Path) -> None:
    path = small_cnn(np.random.default_rng(1)).save(tmp_path / "model.onnx")
    result = CliRunner().invoke(main, ["build", str(path), "--board", "host", "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "--calib" in result.stderr
