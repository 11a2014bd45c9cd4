"""ONNX's LSTM and GRU against onnxruntime: both ways, states, layouts of what surrounds them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq.errors import EdgeqError
from edgeq.frontend.onnx import program
from edgeq.ir.graph import Graph
from edgeq.passes import canonicalize
from tests.onnx.networks import Network
from tests.onnx.test_float import run_edgeq, run_onnxruntime
from tests.tools import require_module

GATES = {"LSTM": 4, "GRU": 3}
STEPS, FEATURES, CELLS = 5, 4, 6


def add(
    net: Network,
    op: str,
    x: str,
    rng: np.random.Generator,
    features: int = FEATURES,
    biased: bool = True,
    states: tuple[str, ...] = (),
    **attributes: Any,
) -> list[str]:
    """Names of the results of a layer with random weights."""
    ways = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = GATES[op] * CELLS
    w, r = (net.constant(rng.uniform(-0.6, 0.6, (ways, rows, inner))) for inner in (features, CELLS))
    bias = net.constant(rng.uniform(-0.5, 0.5, (ways, 2 * rows))) if biased else ""
    count = 3 if op == "LSTM" else 2
    operands = [x, w, r, bias, "", *states] if states or biased else [x, w, r]
    made: list[str] = net.add(op, *operands, outputs=count, hidden_size=CELLS, **attributes)
    return made


def time_first(net: Network, batch_first: str) -> str:
    made: str = net.add("Transpose", batch_first, perm=[1, 0, 2])
    return made


def sequence(op: str, biased: bool = True, **attributes: Any) -> Callable[[Network, np.random.Generator], list[str]]:
    """What torch's exporter writes for a layer with batch_first, and its last states."""

    def make(net: Network, rng: np.random.Generator) -> list[str]:
        x = time_first(net, net.input(1, STEPS, FEATURES))
        y, *states = add(net, op, x, rng, biased=biased, **attributes)
        ways = 2 if attributes.get("direction") == "bidirectional" else 1
        if ways == 1:
            outputs = [net.add("Transpose", net.add("Squeeze", y, net.integers(1)), perm=[1, 0, 2])]
        else:
            joined = net.add("Reshape", net.add("Transpose", y, perm=[0, 2, 1, 3]), net.integers(0, 0, -1))
            outputs = [net.add("Transpose", joined, perm=[1, 0, 2])]
        return outputs + [net.add("Transpose", state, perm=[1, 0, 2]) for state in states]

    return make


def deep(net: Network, rng: np.random.Generator) -> list[str]:
    """Two layers, the second both ways, and a dense layer on its last states."""
    y, *_ = add(net, "GRU", time_first(net, net.input(1, STEPS, FEATURES)), rng, linear_before_reset=1)
    y = net.add("Squeeze", y, net.integers(1))
    _, h, _ = add(net, "LSTM", y, rng, CELLS, direction="bidirectional")
    flat = net.add("Reshape", net.add("Transpose", h, perm=[1, 0, 2]), net.integers(1, -1))
    return [net.add("Gemm", flat, net.constant(rng.uniform(-0.5, 0.5, (2 * CELLS, 3))))]


def states_given(op: str, **attributes: Any) -> Callable[[Network, np.random.Generator], list[str]]:
    def make(net: Network, rng: np.random.Generator) -> list[str]:
        x = time_first(net, net.input(1, STEPS, FEATURES))
        states = tuple(net.input(1, 1, CELLS) for _ in range(2 if op == "LSTM" else 1))
        _, *last = add(net, op, x, rng, states=states, **attributes)
        return last

    return make


def constant_state(net: Network, rng: np.random.Generator) -> list[str]:
    x = time_first(net, net.input(1, STEPS, FEATURES))
    states = (net.constant(rng.uniform(-0.9, 0.9, (1, 1, CELLS))), net.constant(np.zeros((1, 1, CELLS))))
    return add(net, "LSTM", x, rng, states=states)[1:]


CASES: dict[str, Callable[[Network, np.random.Generator], list[str]]] = {
    "lstm": sequence("LSTM"),
    "lstm without biases": sequence("LSTM", biased=False),
    "lstm backwards": sequence("LSTM", direction="reverse"),
    "lstm both ways": sequence("LSTM", direction="bidirectional"),
    "gru": sequence("GRU"),
    "gru as torch has it": sequence("GRU", linear_before_reset=1),
    "gru both ways": sequence("GRU", direction="bidirectional"),
    "gru backwards as torch has it": sequence("GRU", direction="reverse", linear_before_reset=1),
    "deep": deep,
    "lstm with states": states_given("LSTM"),
    "gru with state": states_given("GRU"),
    "lstm from constants": constant_state,
}


@pytest.mark.parametrize("case", CASES)
def test_computes_what_onnxruntime_computes(case: str, tmp_path: Path) -> None:
    require_module("onnxruntime")
    rng = np.random.default_rng(2)
    net = Network()
    net.outputs += CASES[case](net, rng)
    path = net.save(tmp_path / "model.onnx")
    data = [rng.normal(0, 0.7, shape).astype(np.float32) for _, shape in net.inputs]
    graph = canonicalize(program.load(path, "model"))
    assert "transpose" not in {node.op for node in graph.nodes}
    expected = run_onnxruntime(path, dict(zip((name for name, _ in net.inputs), data, strict=True)))
    for actual, right in zip(run_edgeq(graph, data), expected, strict=True):
        np.testing.assert_allclose(actual.reshape(right.shape), right, atol=2e-5)


def loaded(folder: Path, op: str, extra: tuple[str, ...] = (), **attributes: Any) -> Graph:
    """A layer with sequence lengths and further operands as `extra` says."""
    net, rng = Network(), np.random.default_rng(0)
    x = time_first(net, net.input(1, STEPS, FEATURES))
    rows = GATES[op] * CELLS
    operands = [net.constant(rng.normal(0, 1, (1, rows, inner))) for inner in (FEATURES, CELLS)]
    made = {
        "lengths": lambda: net.constant([3], np.int32),
        "peepholes": lambda: net.constant(np.zeros((1, 3 * CELLS))),
        "": lambda: "",
    }
    y = net.add(op, x, *operands, "", *(made[what]() for what in extra), outputs=1, hidden_size=CELLS, **attributes)
    net.outputs.append(net.add("Relu", y))
    return program.load(net.save(folder / "model.onnx"), "model")


@pytest.mark.parametrize(
    ("op", "extra", "attributes", "message"),
    [
        ("LSTM", ("", "", "", "peepholes"), {}, "peepholes"),
        ("LSTM", (), {"input_forget": 1}, "coupled gates"),
        ("LSTM", (), {"clip": 3.0}, "clipping of the gates"),
        ("GRU", (), {"activations": ["HardSigmoid", "Tanh"]}, "the activations HardSigmoid, Tanh"),
        ("GRU", ("lengths",), {}, "sequence lengths"),
        ("LSTM", (), {"direction": "sideways"}, "direction"),
    ],
)
def test_forms_without_a_kernel(
    op: str, extra: tuple[str, ...], attributes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(EdgeqError, match=message):
        loaded(tmp_path, op, extra, **attributes)
