"""uint8 models: the drawn int8 operators with bytes from 0 to 255, against TensorFlow Lite's uint8 kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from edgeq import reference
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite.unsigned import signed_bytes
from edgeq.quantize.data import load_samples, quantize_inputs, to_model_layout
from tests.ops.cases import CHANNELS
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.groups import GROUPS
from tests.tflite.reference import run_reference
from tests.tflite.test_single_operators import integer_graph, random_input
from tests.tflite.writer import TYPES, Network
from tests.tools import require_module

#: what edgeq says of operators whose uint8 kernels are other ones, and of models that pass their input on
REFUSED = ("nothing to build", "computes in float", "rounds otherwise", "of uint8")
#: groups of operators without uint8 kernels, or refused ones
NOT_UNSIGNED = ("casts", "matmuls", "products", "row_normalizations", "svdf_layers")
UNSIGNED = [name for name in GROUPS if not name.startswith("wide")]


def random_bytes(network: Network, index: int, rng: np.random.Generator) -> np.ndarray:
    """uint8 from 0 to 255 where the model takes such, else what an int8 model is given."""
    if network.tensors[index]["type"] == TYPES["uint8"]:
        return rng.integers(0, 256, network.tensors[index]["shape"]).astype(np.uint8)
    return random_input(network, index, rng)


def as_stored(array: np.ndarray, dtype: str) -> np.ndarray:
    return signed_bytes(array) if array.dtype == np.uint8 else array.astype(dtype)


def check(case: Case, number: int, folder: Path) -> bool:
    """One operator. False where TensorFlow Lite has no uint8 form of it, or where nothing is left of it."""
    rng = np.random.default_rng(number)
    network = Network()
    case.add(network, rng)
    if not network.unsigned(rng):
        return False
    path = folder / "case.tflite"
    path.write_bytes(network.bytes())
    inputs = [random_bytes(network, index, rng) for index in network.inputs]
    try:
        expected = run_reference(path.read_bytes(), inputs)
    except RuntimeError:
        return False
    try:
        graph = integer_graph(path)
    except EdgeqError as error:
        if any(text in str(error) for text in REFUSED):
            return False
        raise
    stored = {
        name: as_stored(array, graph.tensor(name).dtype).transpose(graph.boundary[name].perm)
        for name, array in zip(graph.inputs, inputs, strict=True)
    }
    actual = reference.run(graph, stored)
    for name, right in zip(graph.outputs, expected, strict=True):
        wanted = signed_bytes(right) if right.dtype == np.uint8 else right
        np.testing.assert_array_equal(to_model_layout(graph, name, actual[name]), wanted, err_msg=case.text)
    return True


@pytest.mark.parametrize("group", UNSIGNED)
def test_equals_unsigned_kernels(group: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")
    compared = []

    @seed(1)
    @settings(max_examples=30, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(GROUPS[group], st.integers(0, 2**31))
    def run(case: Case, number: int) -> None:
        compared.append(check(case, number, tmp_path))

    run()
    assert any(compared) or group in NOT_UNSIGNED


@pytest.mark.sweep
@pytest.mark.parametrize("group", UNSIGNED)
def test_long_sweep(group: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")

    @settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(GROUPS[group], st.integers(0, 2**31))
    def run(case: Case, number: int) -> None:
        check(case, number, tmp_path)

    run()


@st.composite
def sums(draw: st.DrawFn) -> Case:
    """SUM, of which TensorFlow Lite 2.14 has a sound kernel for uint8 alone (it reads int8 as such)."""
    shape = (1, *draw(st.lists(st.integers(1, 6), min_size=1, max_size=2)), draw(st.sampled_from(CHANNELS)))
    axes = sorted(draw(st.sets(st.integers(1, len(shape) - 1), min_size=1)))
    source, target = (draw(scales()), draw(zero_points())), (draw(scales()) * 3, draw(zero_points()))
    target = draw(st.sampled_from((source, target)))

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, "int8", *source)
        y = network.tensor(tuple(1 if axis in axes else size for axis, size in enumerate(shape)), "int8", *target)
        network.operator("SUM", [x, network.integers(*axes)], [y], "ReducerOptions", keep_dims=True)
        network.outputs.append(y)

    return Case(f"SUM {shape} {axes} {source} {target}", add)


def test_sums(tmp_path: Path) -> None:
    require_module("tflite_runtime")
    compared = []

    @seed(1)
    @settings(max_examples=30, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(sums(), st.integers(0, 2**31))
    def run(case: Case, number: int) -> None:
        compared.append(check(case, number, tmp_path))

    run()
    assert sum(compared) > 20


def test_sums_of_int8(tmp_path: Path) -> None:
    """TensorFlow Lite 2.14 reads int8 as uint8 in SUM; later versions run the uint8 kernel's template on int8, whose
    result depends on bytes less their zero points alone. So an int8 model has the bytes of its uint8 twin, less 128."""
    require_module("tflite_runtime")

    @seed(1)
    @settings(max_examples=30, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(sums(), st.integers(0, 2**31))
    def run(case: Case, number: int) -> None:
        rng, network = np.random.default_rng(number), Network()
        case.add(network, rng)
        path = tmp_path / "sum.tflite"
        path.write_bytes(network.bytes())
        graph = integer_graph(path)
        data = rng.integers(0, 256, network.tensors[network.inputs[0]]["shape"]).astype(np.uint8)
        assert network.unsigned(rng)
        (expected,) = run_reference(network.bytes(), [data])
        stored = signed_bytes(data).transpose(graph.boundary[graph.inputs[0]].perm)
        made = reference.run(graph, {graph.inputs[0]: stored})[graph.outputs[0]]
        np.testing.assert_array_equal(to_model_layout(graph, graph.outputs[0], made), signed_bytes(expected))

    run()


def test_sum_of_int8_is_read_as_uint8() -> None:
    """What docs/tflite.md says of 2.14: -1 counts as 255, and two of them are 128 steps of 4."""
    require_module("tflite_runtime")
    network = Network()
    x, y = network.input((1, 2), "int8", 1.0, 0), network.tensor((1, 1), "int8", 4.0, 0)
    network.operator("SUM", [x, network.integers(1)], [y], "ReducerOptions", keep_dims=True)
    network.outputs.append(y)
    (made,) = run_reference(network.bytes(), [np.array([[-1, -1], [3, 4]], np.int8)])
    np.testing.assert_array_equal(made.astype(np.uint8), [[128], [2]])


def test_unsigned_data(tmp_path: Path) -> None:
    """Arrays of uint8 are the bytes that a uint8 model takes; real numbers are real numbers."""
    network = Network()
    x = network.input((1, 6), "uint8", 0.5, 100)
    y = network.tensor((1, 6), "uint8", 1 / 256, 0)
    network.operator("LOGISTIC", [x], [y])
    network.outputs.append(y)
    path = tmp_path / "model.tflite"
    path.write_bytes(network.bytes())
    graph = integer_graph(path)
    stored = np.array([[0, 1, 100, 128, 254, 255]], np.uint8)
    np.savez(tmp_path / "bytes.npz", x=stored)
    np.savez(tmp_path / "real.npz", x=(stored.astype(np.float32) - 100) * 0.5)
    for name in ("bytes", "real"):
        inputs = quantize_inputs(graph, load_samples(tmp_path / f"{name}.npz", graph, "--inputs"))
        (actual,) = reference.run(graph, inputs).values()
        np.testing.assert_array_equal(actual, signed_bytes(run_reference(path.read_bytes(), [stored])[0]))
