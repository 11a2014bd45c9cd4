"""Operators of real numbers that TensorFlow Lite has no kernels of quantized integers for, and new forms of others:
edgeq's float graph computes what the reference kernels compute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeq import reference
from edgeq.frontend.tflite import program
from edgeq.passes import canonicalize
from tests.tflite.reference import run_reference
from tests.tflite.writer import TYPES, Network
from tests.tools import require_module

SHAPE = (1, 3, 4)
Operands = tuple[list[int], str, dict[str, object]]


def plain(network: Network, operands: list[int]) -> Operands:
    return operands, "", {}


def along(axis: int, table: str = "", **options: object) -> Callable[[Network, list[int]], Operands]:
    """One operand and an axis."""
    return lambda network, operands: ([*operands, network.integers(axis)], table, options)


def cast(network: Network, operands: list[int]) -> Operands:
    return operands, "CastOptions", {"in_data_type": TYPES["float32"], "out_data_type": TYPES["bool"]}


#: operator -> number of float operands, type of the result, what else it takes
CASES: dict[str, tuple[int, str, Callable[[Network, list[int]], Operands]]] = {
    "ADD_N": (3, "float32", plain), "CAST": (1, "bool", cast), "COS": (1, "float32", plain),
    "EQUAL": (2, "bool", plain), "FLOOR_DIV": (2, "float32", plain), "FLOOR_MOD": (2, "float32", plain),
    "GREATER": (2, "bool", plain), "LESS_EQUAL": (2, "bool", plain), "NEG": (1, "float32", plain),
    "NOT_EQUAL": (2, "bool", plain), "REVERSE_V2": (1, "float32", along(2)),
    "SQUARED_DIFFERENCE": (2, "float32", plain), "MATRIX_SET_DIAG": (2, "float32", plain),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_float_operator(name: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")
    count, made, complete = CASES[name]
    network, rng = Network(), np.random.default_rng(0)
    shapes = [SHAPE] * count if name != "MATRIX_SET_DIAG" else [SHAPE, SHAPE[:2]]
    operands, table, options = complete(network, [network.input(shape, "float32") for shape in shapes])
    y = network.tensor(SHAPE, made)
    network.operator(name, operands, [y], table, **options)
    network.outputs.append(y)
    path = tmp_path / "operator.tflite"
    path.write_bytes(network.bytes())
    inputs = [np.round(rng.normal(0, 2, (4, *shape[1:]))).astype(np.float32) + 0.25 for shape in shapes]
    graph = canonicalize(program.load(path))
    values = reference.run(graph, dict(zip(graph.inputs, inputs, strict=True)))[graph.outputs[0]]
    np.testing.assert_allclose(values, run_reference(path.read_bytes(), inputs)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("reverse", [False, True])
def test_running_sum(reverse: bool, tmp_path: Path) -> None:
    """CUMSUM, which the optimized kernels have alone."""
    require_module("tflite_runtime")
    from tflite_runtime.interpreter import Interpreter

    network, data = Network(), np.random.default_rng(0).normal(0, 2, SHAPE).astype(np.float32)
    operands = [network.input(SHAPE, "float32"), network.integers(2)]
    y = network.tensor(SHAPE, "float32")
    network.operator("CUMSUM", operands, [y], "CumsumOptions", exclusive=not reverse, reverse=reverse)
    network.outputs.append(y)
    path = tmp_path / "operator.tflite"
    path.write_bytes(network.bytes())
    interpreter = Interpreter(model_content=network.bytes())
    interpreter.allocate_tensors()
    interpreter.set_tensor(network.inputs[0], data)
    interpreter.invoke()
    graph = canonicalize(program.load(path))
    values = reference.run(graph, {graph.inputs[0]: data})[graph.outputs[0]]
    np.testing.assert_allclose(values, interpreter.get_tensor(y), rtol=1e-5, atol=1e-5)
