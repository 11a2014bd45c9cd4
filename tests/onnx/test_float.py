"""Float ONNX graphs become canonical graphs that compute what onnxruntime computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import pipeline, reference
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.frontend.onnx import program
from edgeq.ir.graph import Graph
from edgeq.passes import canonicalize
from edgeq.quantize.data import to_model_layout
from tests.tools import require_module

pytest.importorskip("onnx")

from tests.onnx.networks import Network, small_cnn

RNG = np.random.default_rng(3)
SHAPES: dict[str, tuple[int, ...]] = {"image": (1, 4, 9, 8), "sequence": (1, 4, 9), "row": (1, 6)}


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(0, 0.5, shape).astype(np.float32)


def _conv(shape: tuple[int, ...], **attributes: Any) -> Callable[[Network, str], str]:
    return lambda net, x: net.add("Conv", x, net.constant(normal(*shape)), net.constant(normal(shape[0])), **attributes)


def _unary(op: str, **attributes: Any) -> Callable[[Network, str], str]:
    return lambda net, x: net.add(op, x, **attributes)


def _positive(op: str) -> Callable[[Network, str], str]:
    return lambda net, x: net.add(op, net.add("Add", net.add("Abs", x), net.constant(0.5)))


def _reshape(*wanted: int) -> Callable[[Network, str], str]:
    return lambda net, x: net.add("Reshape", x, net.integers(*wanted))


def _shape_arithmetic(net: Network, x: str) -> str:
    """x.reshape(x.shape[0], -1, x.shape[3]) as exporters write it."""
    shape = net.add("Shape", x)
    parts = [
        net.add("Unsqueeze", net.add("Gather", shape, net.constant(index, np.int64), axis=0), net.integers(0))
        for index in (0, 3)
    ]
    return net.add("Reshape", x, net.add("Concat", parts[0], net.integers(-1), parts[1], axis=0))


def _batch_norm(depth: int) -> Callable[[Network, str], str]:
    def make(net: Network, x: str) -> str:
        parts = [normal(depth), normal(depth), normal(depth), np.abs(normal(depth)) + 0.5]
        return net.add("BatchNormalization", x, *(net.constant(part) for part in parts))

    return make


def _split_joined(net: Network, x: str) -> str:
    parts = net.add("Split", x, net.integers(1, 3), axis=1, outputs=2)
    return net.add("Concat", parts[1], parts[0], axis=1)


def _constants(op: str, *shape: int, first: bool = False) -> Callable[[Network, str], str]:
    def make(net: Network, x: str) -> str:
        operands = [x, net.constant(np.abs(normal(*shape)) + 0.5)]
        return net.add(op, *(operands[::-1] if first else operands))

    return make


def _compared(op: str) -> Callable[[Network, str], str]:
    return lambda net, x: _as_float(net, net.add(op, x, net.add("Mul", x, net.constant(-0.5))))


def _as_float(net: Network, truth: str) -> str:
    return str(net.add("Cast", truth, to=1))


def _equal(net: Network, x: str) -> str:
    return _as_float(net, net.add("Equal", net.add("Round", x), net.add("Round", net.add("Abs", x))))


def _where(net: Network, x: str) -> str:
    return str(net.add("Where", net.add("Less", x, net.add("Neg", x)), x, net.add("Exp", x)))


def _logic(net: Network, x: str) -> str:
    truths = [net.add("Greater", x, net.constant(bound)) for bound in (-0.5, 0.0, 0.5)]
    both = net.add("And", truths[0], net.add("Not", truths[2]))
    return _as_float(net, net.add("Or", both, net.add("Xor", truths[1], truths[2])))


CASES: dict[str, tuple[str, Callable[[Network, str], str]]] = {
    "conv padded": ("image", _conv((5, 4, 3, 3), pads=[1, 0, 2, 1], strides=[2, 1])),
    "conv dilated": ("image", _conv((5, 4, 3, 3), dilations=[2, 1])),
    "conv same upper": ("image", _conv((5, 4, 3, 2), auto_pad="SAME_UPPER", strides=[2, 3])),
    "conv same lower": ("image", _conv((5, 4, 3, 2), auto_pad="SAME_LOWER", strides=[2, 3])),
    "conv depthwise": ("image", _conv((4, 1, 3, 3), group=4)),
    "conv of one axis": ("sequence", _conv((5, 4, 3), pads=[1, 1], strides=[2])),
    "conv depthwise of one axis": ("sequence", _conv((4, 1, 3), group=4, dilations=[2])),
    "conv without bias": ("image", lambda net, x: net.add("Conv", x, net.constant(normal(3, 4, 1, 1)))),
    "gemm": ("row", lambda net, x: net.add("Gemm", x, net.constant(normal(6, 5)), net.constant(normal(5)))),
    "gemm scaled": (
        "row",
        lambda net, x: net.add(
            "Gemm", x, net.constant(normal(5, 6)), net.constant(normal(1)), transB=1, alpha=0.5, beta=2.0
        ),
    ),
    "matmul and bias": (
        "row",
        lambda net, x: net.add("Add", net.add("MatMul", x, net.constant(normal(6, 5))), net.constant(normal(5))),
    ),
    "matmul of rows": ("sequence", lambda net, x: net.add("MatMul", x, net.constant(normal(9, 5)))),
    "batch norm of an image": ("image", _batch_norm(4)),
    "batch norm of a sequence": ("sequence", _batch_norm(4)),
    "batch norm of a row": ("row", _batch_norm(6)),
    "conv and batch norm": ("image", lambda net, x: _batch_norm(5)(net, _conv((5, 4, 3, 3))(net, x))),
    "clip": ("image", lambda net, x: net.add("Clip", x, net.constant(-0.2), net.constant(0.3))),
    "clip above": ("image", lambda net, x: net.add("Clip", x, "", net.constant(0.3))),
    "exp": ("image", _unary("Exp")),
    "tanh": ("image", _unary("Tanh")),
    "neg": ("image", _unary("Neg")),
    "elu": ("image", _unary("Elu", alpha=0.7)),
    "selu": ("image", _unary("Selu")),
    "leaky relu": ("image", _unary("LeakyRelu", alpha=0.2)),
    "prelu": ("image", lambda net, x: net.add("PRelu", x, net.constant([[[0.2]]]))),
    "hard sigmoid": ("image", _unary("HardSigmoid", alpha=0.3)),
    "hard swish": ("image", _unary("HardSwish")),
    "softplus": ("image", _unary("Softplus")),
    "erf": ("image", _unary("Erf")),
    "sigmoid": ("image", _unary("Sigmoid")),
    "sqrt": ("image", _positive("Sqrt")),
    "log": ("image", _positive("Log")),
    "reciprocal": ("image", _positive("Reciprocal")),
    "pow": ("image", lambda net, x: net.add("Pow", x, net.constant(2.0))),
    "mul by channel": ("image", _constants("Mul", 1, 4, 1, 1)),
    "div by channel": ("image", _constants("Div", 4, 1, 1)),
    "sub by column": ("image", _constants("Sub", 8)),
    "sub from constant": ("image", _constants("Sub", 1, first=True)),
    "add number": ("image", _constants("Add")),
    "add": ("image", lambda net, x: net.add("Add", x, net.add("Relu", x))),
    "max pool": ("image", _unary("MaxPool", kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 2])),
    "max pool ceil": ("image", _unary("MaxPool", kernel_shape=[2, 3], strides=[2, 2], ceil_mode=1)),
    "max pool of one axis": ("sequence", _unary("MaxPool", kernel_shape=[3], strides=[2])),
    "average pool": ("image", _unary("AveragePool", kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 2])),
    "average pool counted": (
        "image", _unary("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    ),
    "average pool ceil": ("image", _unary("AveragePool", kernel_shape=[2, 3], strides=[2, 2], ceil_mode=1)),
    "global average": ("image", _unary("GlobalAveragePool")),
    "global average of a sequence": ("sequence", _unary("GlobalAveragePool")),
    "global max": ("image", _unary("GlobalMaxPool")),
    "mean": ("image", _unary("ReduceMean", axes=[2, 3])),
    "mean dropped": ("image", _unary("ReduceMean", axes=[-1, -2], keepdims=0)),
    "softmax": ("row", _unary("Softmax")),
    "softmax of channels": ("image", _unary("Softmax", axis=1)),
    "flatten": ("image", _unary("Flatten")),
    "reshape": ("image", _reshape(0, 2, -1)),
    "shape arithmetic": ("image", _shape_arithmetic),
    "squeeze": ("image", lambda net, x: net.add("Squeeze", net.add("GlobalMaxPool", x), net.integers(2, -1))),
    "unsqueeze": ("row", lambda net, x: net.add("Unsqueeze", x, net.integers(1, -1))),
    "transpose": ("image", _unary("Transpose", perm=[0, 2, 3, 1])),
    "slice": (
        "image",
        lambda net, x: net.add("Slice", x, *(net.integers(*v) for v in ((1, -2), (9, -9), (1, 3), (1, -1)))),
    ),
    "split and concat": ("image", _split_joined),
    "gather": ("image", lambda net, x: net.add("Gather", x, net.constant(2, np.int64), axis=1)),
    "pad": ("image", lambda net, x: net.add("Pad", x, net.integers(0, 1, 0, 2, 0, 0, 3, 1), net.constant(0.5))),
    "greater": ("image", _compared("Greater")),
    "less or equal": ("row", _compared("LessOrEqual")),
    "equal": ("image", _equal),
    "and or xor": ("row", _logic),
    "where": ("image", _where),
    "truth": ("row", lambda net, x: net.add("Cast", net.add("Cast", net.add("Relu", x), to=9), to=1)),
    "whole": ("row", lambda net, x: net.add("Cast", net.add("Cast", net.add("Exp", x), to=7), to=1)),
    "top k": ("image", lambda net, x: net.add("TopK", x, net.integers(3), outputs=2, axis=2, largest=0)[0]),
    "cum sum": ("image", lambda net, x: net.add("CumSum", x, net.constant(2, np.int64), exclusive=1, reverse=1)),
    "product": ("image", _unary("ReduceProd", axes=[3])),
    "dropout and cast": ("image", lambda net, x: net.add("Cast", net.add("Dropout", x), to=1)),
}  # fmt: skip


def run_onnxruntime(path: Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def run_edgeq(graph: Graph, inputs: list[np.ndarray]) -> list[np.ndarray]:
    stored = {
        name: array.transpose(graph.boundary[name].perm) for name, array in zip(graph.inputs, inputs, strict=True)
    }
    values = reference.run(graph, stored)
    return [to_model_layout(graph, name, values[name]) for name in graph.outputs]


@pytest.mark.parametrize("case", CASES)
def test_operator(case: str, tmp_path: Path) -> None:
    require_module("onnxruntime")
    kind, make = CASES[case]
    net = Network()
    x = net.input(*SHAPES[kind])
    y = make(net, x)
    if case == "dropout and cast":
        y = net.add("Relu", y)
    net.outputs.append(y)
    path = net.save(tmp_path / "model.onnx")
    data = RNG.normal(0, 1, SHAPES[kind]).astype(np.float32)
    (expected,) = run_onnxruntime(path, {x: data})
    (actual,) = run_edgeq(canonicalize(program.load(path, "model")), [data])
    np.testing.assert_allclose(actual, expected, atol=2e-5)


@pytest.mark.parametrize("opset", [13, 18, 21])
def test_network_in_operator_sets(opset: int, tmp_path: Path) -> None:
    require_module("onnxruntime")
    net = small_cnn(RNG)
    net.opset = opset
    path = net.save(tmp_path / "model.onnx")
    data = RNG.normal(0, 1, (1, 3, 12, 10)).astype(np.float32)
    graph = pipeline.import_model(ModelSource(path))
    assert "transpose" not in {node.op for node in graph.nodes}
    np.testing.assert_allclose(run_edgeq(graph, [data])[0], run_onnxruntime(path, {"in0": data})[0], atol=2e-5)


def test_axes_of_opset_18_are_operands(tmp_path: Path) -> None:
    require_module("onnxruntime")
    net = Network(opset=18)
    x = net.input(1, 4, 9, 8)
    y = net.add("ReduceMean", x, net.integers(2, 3), keepdims=0)
    net.outputs.append(net.add("Softmax", net.add("Gelu" if net.opset > 19 else "Tanh", y)))
    path = net.save(tmp_path / "model.onnx")
    data = normal(1, 4, 9, 8)
    graph = pipeline.import_model(ModelSource(path))
    np.testing.assert_allclose(run_edgeq(graph, [data])[0], run_onnxruntime(path, {x: data})[0], atol=2e-5)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_of_opset_20(approximate: str, tmp_path: Path) -> None:
    require_module("onnxruntime")
    net = Network(opset=20)
    x = net.input(1, 6)
    net.outputs.append(net.add("Gelu", x, approximate=approximate))
    path = net.save(tmp_path / "model.onnx")
    data = normal(1, 6)
    graph = pipeline.import_model(ModelSource(path))
    np.testing.assert_allclose(run_edgeq(graph, [data])[0], run_onnxruntime(path, {x: data})[0], atol=2e-5)


def test_symbolic_batch_is_one_sample(tmp_path: Path) -> None:
    net = Network()
    net.outputs.append(net.add("Relu", net.input("batch", 3, 4, 4)))
    graph = pipeline.import_model(ModelSource(net.save(tmp_path / "model.onnx")))
    assert graph.boundary["in0"].shape == (1, 3, 4, 4)


def test_input_shape_fills_in_symbolic_sizes(tmp_path: Path) -> None:
    net = Network()
    net.outputs.append(net.add("Relu", net.input("batch", 3, "h", "w")))
    path = net.save(tmp_path / "model.onnx")
    with pytest.raises(EdgeqError, match="dynamic shape"):
        pipeline.import_model(ModelSource(path))
    graph = pipeline.import_model(ModelSource(path, input_shape=(1, 3, 6, 7)))
    assert graph.boundary["in0"].shape == (1, 3, 6, 7)


def test_torch_export(tmp_path: Path) -> None:
    """What torch's own exporter writes (the one that needs no further package)."""
    require_module("onnxruntime")
    torch = pytest.importorskip("torch")
    from torch import nn

    torch.manual_seed(1)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, groups=8), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
        nn.Softmax(dim=-1),
    ).eval()  # fmt: skip
    path, data = tmp_path / "model.onnx", torch.randn(1, 3, 10, 10)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (data,), str(path), dynamo=False)
    graph = pipeline.import_model(ModelSource(path))
    np.testing.assert_allclose(run_edgeq(graph, [data.numpy()])[0], module(data).detach().numpy(), atol=2e-5)
