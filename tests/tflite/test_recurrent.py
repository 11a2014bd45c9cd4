"""UNIDIRECTIONAL_SEQUENCE_LSTM and LSTM against TensorFlow Lite's reference kernels, over several invocations:
full-integer files byte for byte, float ones nearly."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.frontend.tflite import program
from edgeq.ir.graph import Graph
from edgeq.passes import canonicalize
from edgeq.simulate.session import RunOptions, run_samples
from tests.tflite.recurrent_cases import FORMS, STEP, Lstm, float_lstm, lstms
from tests.tflite.test_single_operators import integer_graph, random_input
from tests.tflite.writer import Network
from tests.tools import require_board, require_module

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


Run = Callable[[Graph, dict[str, np.ndarray]], dict[str, np.ndarray]]


def check(cases: list[Lstm], number: int, folder: Path, run: Run = reference.run) -> None:
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
    made = run(graph, dict(zip(graph.inputs, columns, strict=True)))
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


@pytest.mark.parametrize("board", ["host", pytest.param("cortex-m4", marks=pytest.mark.qemu)])
def test_firmware_of_all_forms(board: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")
    require_board(board)
    cases = [
        Lstm(steps, 5, 6, -11, 2.0, (3, -5, 100), 0.4, 1.03, forms, 4 if "projected" in forms else 6, 0.3)
        for forms, steps in zip(FORMS, itertools.cycle((None, 3)), strict=False)
    ]

    def run(graph: Graph, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        options = EmitOptions("speed", "int8", {"file": "lstm", "sha256": ""})
        pipeline.generate(graph, load_board(board), tmp_path / "made", options)
        return run_samples(open_folder(tmp_path / "made"), inputs, RunOptions(poison=True)).outputs

    check(cases, 0, tmp_path, run)


def test_float_reference_of_all_forms(tmp_path: Path) -> None:
    """Two steps of the output from the integers, where it has a few dozen."""
    require_module("tflite_runtime")
    rng, network, h_scale = np.random.default_rng(0), Network(), 0.0083
    for forms in FORMS:
        Lstm(3, 5, 6, -12, 0.5, (3, 0, 0), 0.4, 1.0, forms, 6, 0.3).add(network, rng)
    path = tmp_path / "lstm.tflite"
    path.write_bytes(network.bytes())
    graph = canonicalize(program.load(path))
    samples = [[random_input(network, index, rng) for index in network.inputs] for _ in range(INVOCATIONS)]
    expected = run_tflite(path.read_bytes(), samples)
    columns = [np.concatenate([sample[index] for sample in samples]) for index in range(len(FORMS))]
    real = [(column.astype(np.float32) - 3) * np.float32(0.02) for column in columns]
    made = reference.run(graph, dict(zip(graph.inputs, real, strict=True)))
    for position, (forms, name) in enumerate(zip(FORMS, graph.outputs, strict=True)):
        right = h_scale * np.concatenate([outputs[position] for outputs in expected])
        np.testing.assert_allclose(made[name], right, atol=2.5 * h_scale, err_msg=str(sorted(forms)))
        assert np.ptp(right) > 20 * h_scale


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


def with_operand(index: int, stands_for: int) -> Callable[[Network], None]:
    """Gives the operator another operand, or with -1 none, at a place."""

    def change(network: Network) -> None:
        inputs = network.operators[0]["inputs"]
        inputs[index] = stands_for if stands_for == -1 else inputs[stands_for]

    return change


def of_the_other_kernel(network: Network) -> None:
    """Twelve intermediate values are those of a kernel that computes its gates in float."""
    network.operators[0]["intermediates"] = [*network.operators[0]["intermediates"]] * 2 + [0, 0]


@pytest.mark.parametrize(
    ("forms", "outputs", "change", "message"),
    [
        ({"peepholes", "projected"}, 9, None, "more outputs than cells"),
        ({"projected", "projection_bias"}, 3, with_operand(16, -1), "the weights of its projection"),
        ({"peepholes"}, 5, with_operand(10, -1), "peepholes"),
        ({"peepholes"}, 5, with_operand(10, 13), "int16"),
        ({"coupled"}, 5, with_operand(12, 13), "parts of an input gate"),
        ({"normalized"}, 5, with_operand(20, -1), "norm"),
        (set(), 5, of_the_other_kernel, "12 intermediate values"),
    ],
)
def test_full_integer_refused(
    forms: set[str], outputs: int, change: Callable[[Network], None] | None, message: str, tmp_path: Path
) -> None:
    network = Network()
    layer = Lstm(3, 4, 5, -12, 0.5, (0, 0, 0), 0.0, 1.0, frozenset(forms), outputs)
    layer.add(network, np.random.default_rng(0))
    if change is not None:
        change(network)
    path = tmp_path / "lstm.tflite"
    path.write_bytes(network.bytes())
    with pytest.raises(EdgeqError, match=message):
        integer_graph(path)


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
