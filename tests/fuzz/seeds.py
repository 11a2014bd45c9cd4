"""The sound files that are damaged: made here, or the examples."""

from __future__ import annotations

import copy
import io
import warnings

import numpy as np
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from tests.conftest import EXAMPLES
from tests.tflite.drawn import Case
from tests.tflite.groups import GROUPS
from tests.tflite.recurrent_cases import FORMS, Lstm, float_lstm, lstms
from tests.tflite.sparse_cases import densities
from tests.tflite.writer import Network

FILES_A_GROUP = 3


def tflite_networks() -> list[Network]:
    """Small networks of every group of operators that edgeq imports, the same ones every time; one of each
    group in uint8 where it can be."""
    made: list[Network] = recurrent_networks()
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


def recurrent_networks() -> list[Network]:
    """LSTMs in integers, with all further forms too, in float and with int8 weights, a table that integers are looked
    up in, and a sparse constant of which each level is another."""
    made = [Network() for _ in range(5)]
    lstm = find(lstms(), lambda case: case.steps == 3, settings=settings(database=None))
    lstm.add(made[0], np.random.default_rng(0))
    Lstm(2, 3, 4, -12, 0.5, (1, 2, 3), 0.0, 1.0, FORMS[-1], 2).add(made[0], np.random.default_rng(0))
    for network, hybrid in zip(made[1:], (False, True), strict=False):
        float_lstm(network, np.random.default_rng(0), hybrid)
    table = made[3].tensor((7, 4), "float32", data=np.linspace(-1, 1, 28).reshape(7, 4).astype(np.float32))
    ids, y = made[3].input((1, 5), "int32"), made[3].tensor((1, 5, 4), "float32")
    made[3].operator("GATHER", [table, ids], [y], "GatherOptions", axis=0)
    made[3].outputs.append(y)
    mixed = find(
        densities(), lambda case: "True" in case.text and "{}" not in case.text, settings=settings(database=None)
    )
    mixed.add(made[4], np.random.default_rng(0))
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
    files += [net.model().SerializeToString(), *onnx_rarer_files()]
    return files + files[:1] * 2


def onnx_rarer_files() -> list[bytes]:
    """Operators with many forms: recurrent layers, Einsum, Resize, ConvTranspose, Where, normalizations, look-ups."""
    from onnx import TensorProto

    from tests.onnx.networks import Network as OnnxNetwork
    from tests.onnx.test_recurrent import CASES as RECURRENT

    files = []
    for name in ("lstm both ways", "gru as torch has it", "deep", "lstm with states", "lstm from constants"):
        net = OnnxNetwork()
        net.outputs += RECURRENT[name](net, np.random.default_rng(0))
        files.append(net.model().SerializeToString())

    def ramp(*shape: int) -> np.ndarray:
        return np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype(np.float32)

    net = OnnxNetwork()
    x = net.input(1, 4, 6, 5)
    y = net.add("ConvTranspose", x, net.constant(ramp(4, 3, 3, 2)), strides=[2, 1], pads=[1, 0, 1, 0], group=1)
    y = net.add("InstanceNormalization", y, net.constant(ramp(3)), net.constant(ramp(3)), epsilon=1e-3)
    larger = net.add("Resize", y, "", net.constant([1.0, 1.0, 2.0, 1.5]), mode="linear")
    nearest = net.add("Resize", y, "", "", net.integers(1, 3, 22, 9), mode="nearest",
                      coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    y = net.add("Where", net.add("Greater", larger, nearest), larger, net.constant(0.0))
    net.outputs += [net.add("DepthToSpace", net.add("Tile", y, net.integers(1, 4, 1, 1)), blocksize=2),
                    net.add("ReduceL2", larger, axes=[2, 3]), net.add("ArgMax", nearest, axis=1)]  # fmt: skip
    files.append(net.model().SerializeToString())
    for batch in ((), (1,)):
        net = OnnxNetwork()
        x = net.input(1, 5, 8)
        x = x if batch else net.add("Squeeze", x, net.integers(0))
        y = net.add("LayerNormalization", x, net.constant(ramp(8)), net.constant(ramp(8)), axis=-1)
        labels = "bti,bsi->bts" if batch else "ti,si->ts"
        scores = net.add("Einsum", y, x, equation=labels)
        scores = net.add("Add", scores, net.constant(np.triu(np.full((5, 5), -1e9), 1)))
        y = net.add("MatMul", net.add("Softmax", scores, axis=-1), y)
        y = net.add("Expand", net.add("ReduceMean", y, axes=[-1]), net.integers(*batch, 5, 3))
        net.outputs.append(y if batch else net.add("Unsqueeze", y, net.integers(0)))
        files.append(net.model().SerializeToString())
    net = OnnxNetwork()
    net.outputs.append(net.add("Relu", net.add("Gather", net.constant(ramp(7, 4)), net.input(1, 5), axis=0)))
    model = net.model()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    return [*files, model.SerializeToString()]


def pt2_files() -> list[bytes]:
    """The keyword spotting example, and a small network of what it has not."""
    import torch
    from torch import nn

    class Rarer(nn.Module):
        """Integer inputs, a mask, a recurrent layer with a state, a comparison; values without a batch in front."""

        def __init__(self) -> None:
            super().__init__()
            self.table, self.layer, self.norm = nn.Embedding(9, 6), nn.GRU(6, 5), nn.LayerNorm(5)

        def forward(self, ids: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x = self.table(ids)[0]
            hidden = torch.triu(torch.full((4, 4), float("-inf")), 1)
            x, end = self.layer(torch.softmax(x @ x.T + hidden, -1) @ x, state)
            return torch.where(x > 0.1, self.norm(x), x.mean())[None], end

    saved = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        example = (torch.zeros(1, 4, dtype=torch.int64), torch.zeros(1, 5))
        torch.export.save(torch.export.export(Rarer().eval(), example), saved)
    return [(EXAMPLES / "kws" / "kws_split.pt2").read_bytes(), saved.getvalue()]
