"""Every operator that TensorFlow Lite defines for integers, against its reference kernels, byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from edgeq import pipeline, reference
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite import program
from edgeq.frontend.tflite.unsigned import signed_bytes
from edgeq.ir.graph import Graph
from edgeq.passes import canonicalize
from edgeq.quantize.data import to_model_layout
from edgeq.quantize.recipe import Recipe
from tests.tflite.drawn import Case
from tests.tflite.groups import GROUPS
from tests.tflite.placement_cases import ROWS
from tests.tflite.reference import run_reference
from tests.tflite.writer import TYPES, Network
from tests.tools import require_module

#: operators a file: enough to be quick, few enough to read a failure
OPERATORS = 12
#: successive inferences: more than a state remembers
SAMPLES, STEPS = 3, 9


def check(cases: list[Case], number: int, folder: Path) -> None:
    """One file of independent operators: edgeq's integer reference equals TFLite's on random inputs."""
    rng = np.random.default_rng(number)
    network = Network()
    for case in cases:
        case.add(network, rng)
    path = folder / "cases.tflite"
    path.write_bytes(network.bytes())
    graph = integer_graph(path)
    count = STEPS if graph.states else SAMPLES
    inputs = [np.concatenate([random_input(network, index, rng) for _ in range(count)]) for index in network.inputs]
    expected = run_reference(path.read_bytes(), inputs)
    stored = {
        name: array.astype(graph.tensor(name).dtype).transpose(graph.boundary[name].perm)
        for name, array in zip(graph.inputs, inputs, strict=True)
    }
    actual = reference.run(graph, stored)
    for case, name, right in zip(cases, graph.outputs, expected, strict=True):
        wanted = signed_bytes(right) if right.dtype == np.uint8 else right
        np.testing.assert_array_equal(to_model_layout(graph, name, actual[name]), wanted, err_msg=case.text)


def integer_graph(path: Path) -> Graph:
    """A fully quantized file as edgeq's integer graph."""
    return pipeline.quantize(canonicalize(program.load(path)), None, Recipe())


def random_input(network: Network, index: int, rng: np.random.Generator) -> np.ndarray:
    if network.tensors[index]["type"] == TYPES["bool"]:
        return rng.integers(0, 2, network.tensors[index]["shape"]).astype(bool)
    if network.tensors[index]["type"] == TYPES["int32"]:
        return rng.integers(0, ROWS, network.tensors[index]["shape"]).astype(np.int32)
    info = np.iinfo(np.int16 if network.tensors[index]["type"] == 7 else np.int8)
    return rng.integers(info.min, info.max + 1, network.tensors[index]["shape"]).astype(info.dtype)


@pytest.mark.parametrize("group", GROUPS)
def test_equals_reference_kernels(group: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")

    @seed(1)
    @settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(GROUPS[group], min_size=OPERATORS, max_size=OPERATORS), st.integers(0, 2**31))
    def run(cases: list[Case], number: int) -> None:
        check(cases, number, tmp_path)

    run()


@pytest.mark.parametrize(
    ("places", "message"), [([[1, 0]], "outside"), ([[0, 3]], "outside"), ([[0, 0, 0]], "an index")]
)
def test_gather_of_places_that_are_not_there(places: list[list[int]], message: str, tmp_path: Path) -> None:
    network = Network()
    x, y = network.input((1, 3), "int8", 0.1, 3), network.tensor((1, 1), "int8", 0.1, 3)
    indices = np.array([places], np.int32)
    network.operator("GATHER_ND", [x, network.tensor(indices.shape, "int32", data=indices)], [y])
    network.outputs.append(y)
    path = tmp_path / "gather.tflite"
    path.write_bytes(network.bytes())
    with pytest.raises(EdgeqError, match=message):
        program.load(path)


@pytest.mark.sweep
@pytest.mark.parametrize("group", GROUPS)
def test_long_sweep(group: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(GROUPS[group], min_size=OPERATORS, max_size=OPERATORS), st.integers(0, 2**31))
    def run(cases: list[Case], number: int) -> None:
        check(cases, number, tmp_path)

    run()
