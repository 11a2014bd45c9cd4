"""UNIDIRECTIONAL_SEQUENCE_LSTM and LSTM against TensorFlow Lite's reference kernels, over several invocations:
full-integer files byte for byte, float ones nearly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from edgeq import reference
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite import program
from edgeq.passes import canonicalize
from tests.tflite.recurrent_cases import STEP, Lstm, float_lstm, lstms
from tests.tflite.test_single_operators import integer_graph, random_input
from tests.tflite.writer import Network
from tests.tools import require_module

LAYERS, INVOCATIONS = 4, 4


def run_tflite(content: bytes, samples: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """Outputs of one interpreter that sees the samples one after another."""
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    results = []
    for inputs in samples:
        for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        results.append([interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()])
    return results


def check(cases: list[Lstm], number: int, folder: Path) -> None:
    rng = np.random.default_rng(number)
    network = Network()
    for case in cases:
        case.add(network, rng)
    path = folder / "lstm.tflite"
    path.write_bytes(network.bytes())
    graph = integer_graph(path)
    samples = [[random_input(network, index, rng) for index in network.inputs] for _ in range(INVOCATIONS)]
    expected = run_tflite(path.read_bytes(), samples)
    columns = [np.concatenate([sample[index] for sample in samples]) for index in range(len(cases))]
    made = reference.run(graph, dict(zip(graph.inputs, columns, strict=True)))
    for position, (case, name) in enumerate(zip(cases, graph.outputs, strict=True)):
        right = np.concatenate([outputs[position] for outputs in expected])
        np.testing.assert_array_equal(made[name], right, err_msg=str(case))


def test_full_integer_equals_reference_kernels(tmp_path: Path) -> None:
    require_module("tflite_runtime")

    @seed(1)
    @settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(lstms(), min_size=LAYERS, max_size=LAYERS), st.integers(0, 2**31))
    def run(cases: list[Lstm], number: int) -> None:
        check(cases, number, tmp_path)

    run()


@pytest.mark.sweep
def test_long_sweep(tmp_path: Path) -> None:
    require_module("tflite_runtime")

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(lstms(), min_size=LAYERS, max_size=LAYERS), st.integers(0, 2**31))
    def run(cases: list[Lstm], number: int) -> None:
        check(cases, number, tmp_path)

    run()


@pytest.mark.parametrize("options", [{}, {"cell_clip": 0.3}, {"operator": STEP}])
@pytest.mark.parametrize("hybrid", [False, True])
def test_float(hybrid: bool, options: dict[str, Any], tmp_path: Path) -> None:
    require_module("tflite_runtime")
    rng = np.random.default_rng(5)
    network = Network()
    float_lstm(network, rng, hybrid, **options)
    path = tmp_path / "lstm.tflite"
    path.write_bytes(network.bytes())
    graph = canonicalize(program.load(path))
    shape = network.tensors[network.inputs[0]]["shape"]
    samples = [[rng.normal(0, 1, shape).astype(np.float32)] for _ in range(INVOCATIONS)]
    expected = run_tflite(path.read_bytes(), samples)
    made = reference.run(graph, {graph.inputs[0]: np.concatenate([sample[0] for sample in samples])})
    right = np.concatenate([outputs[0] for outputs in expected])
    # with int8 weights TensorFlow Lite rounds the inputs of the products to int8 as well
    np.testing.assert_allclose(made[graph.outputs[0]], right, atol=2e-2 if hybrid else 1e-5)


@pytest.mark.parametrize(
    ("operand", "message"),
    [
        (1, "coupled input and forget gates"),
        (9, "peepholes"),
        (16, "a projection of the outputs"),
        (20, "layer normalization"),
        (None, "another activation than tanh"),
    ],
)
def test_forms_without_a_kernel(operand: int | None, message: str, tmp_path: Path) -> None:
    network = Network()
    options = {"fused_activation_function": 0} if operand is None else {}
    float_lstm(network, np.random.default_rng(0), False, **options)
    if operand is not None:
        inputs = network.operators[0]["inputs"]
        inputs[operand] = -1 if inputs[operand] != -1 else inputs[12]
    path = tmp_path / "lstm.tflite"
    path.write_bytes(network.bytes())
    with pytest.raises(EdgeqError, match=message):
        program.load(path)


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [({"kernel_type": 1}, (1, 5), "an LSTM of the basic kernel"), ({}, (1, 1, 5), "an LSTM's step of shape")],
)
def test_steps_refused(options: dict[str, Any], shape: tuple[int, ...], message: str, tmp_path: Path) -> None:
    network = Network()
    float_lstm(network, np.random.default_rng(0), False, STEP, **options)
    network.tensors[network.inputs[0]]["shape"] = list(shape)
    path = tmp_path / "lstm.tflite"
    path.write_bytes(network.bytes())
    with pytest.raises(EdgeqError, match=message):
        program.load(path)
