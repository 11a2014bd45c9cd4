"""The sound files that are damaged: made here, or the examples."""

from __future__ import annotations

import copy

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.conftest import EXAMPLES
from tests.tflite.drawn import Case
from tests.tflite.groups import GROUPS
from tests.tflite.writer import Network

FILES_A_GROUP = 3


def tflite_networks() -> list[Network]:
    """Small networks of every group of operators that edgeq imports, the same ones every time; one of each
    group in uint8 where it can be."""
    made: list[Network] = []
    for name in sorted(GROUPS):

        @seed(1)
        @settings(
            max_examples=FILES_A_GROUP,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(GROUPS[name], min_size=3, max_size=3))
        def collect(cases: list[Case]) -> None:
            network = Network()
            for case in cases:
                case.add(network, np.random.default_rng(len(made)))
            made.append(network)

        collect()
        unsigned = copy.deepcopy(made[-1])
        if unsigned.unsigned(np.random.default_rng(0)):
            made.append(unsigned)
    return made


def onnx_files() -> list[bytes]:
    """One operator each, and whole networks, float and quantized."""
    from tests.onnx.networks import Network as OnnxNetwork
    from tests.onnx.networks import small_cnn
    from tests.onnx.test_float import CASES, SHAPES

    files = [small_cnn(np.random.default_rng(1)).model().SerializeToString()]
    for kind, make in CASES.values():
        net = OnnxNetwork()
        net.outputs.append(make(net, net.input(*SHAPES[kind])))
        files.append(net.model().SerializeToString())
    net = OnnxNetwork()
    x = net.input(1, 3, 6, 6)
    scale, zero = net.constant(0.02), net.constant(130, np.uint8)

    def stored(value: str) -> str:
        quantized = net.add("QuantizeLinear", value, scale, zero)
        return str(net.add("DequantizeLinear", quantized, scale, zero))

    weights = net.add(
        "DequantizeLinear", net.constant(np.arange(-54, 54).reshape(4, 3, 3, 3), np.int8),
        net.constant([0.01, 0.02, 0.03, 0.04]), net.constant([0] * 4, np.int8), axis=0,
    )  # fmt: skip
    net.outputs.append(stored(net.add("MaxPool", stored(net.add("Conv", stored(x), weights)), kernel_shape=[2, 2])))
    files.append(net.model().SerializeToString())
    net = OnnxNetwork()
    scale, zero, no = net.constant(0.02), net.constant(3, np.int8), net.constant(0, np.int8)
    weights = net.constant(np.arange(-54, 54).reshape(4, 3, 3, 3), np.int8)
    stored = net.add("QuantizeLinear", net.input(1, 3, 6, 6), scale, zero)
    bias = net.constant([5, 6, 7, 8], np.int32)
    y = net.add("QLinearConv", stored, scale, zero, weights, net.constant(0.01), no, scale, zero, bias)
    net.outputs.append(net.add("DequantizeLinear", net.add("MaxPool", y, kernel_shape=[2, 2]), scale, zero))
    return [*files, net.model().SerializeToString()] + files[:1] * 2


def pt2_file() -> bytes:
    return (EXAMPLES / "kws" / "kws_split.pt2").read_bytes()
