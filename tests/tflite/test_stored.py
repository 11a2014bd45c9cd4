"""Operators on integers as they are stored: the ends of their ranges, divisors of 0, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq import reference
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite import program
from edgeq.passes import canonicalize
from tests.tflite.reference import run_reference
from tests.tflite.test_single_operators import integer_graph
from tests.tflite.writer import Network
from tests.tools import require_module

FUNCTIONS = ("FLOOR_DIV", "FLOOR_MOD", "BITWISE_XOR", "RIGHT_SHIFT")


def network(name: str, kinds: tuple[str, str, str], count: int, divisors: np.ndarray | None = None) -> Network:
    """An operator of two inputs of `count` elements, or of one and a constant; in scales that differ."""
    made = Network()
    x = made.input((1, count), kinds[0], 0.5, 0)
    if divisors is None:
        other = made.input((1, count), kinds[1], 0.25, 0)
    else:
        other = made.tensor(divisors.shape, kinds[1], 0.25, 0, divisors)
    y = made.tensor((1, count), kinds[2], 0.125, 0)
    made.operator(name, [x, other], [y])
    made.outputs.append(y)
    return made


def written(made: Network, folder: Path) -> Path:
    path = folder / "stored.tflite"
    path.write_bytes(made.bytes())
    return path


@pytest.mark.parametrize("kind", ["int8", "int16"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_ends_of_the_range(name: str, kind: str, tmp_path: Path) -> None:
    """Every pair of the least, largest and smallest integers; the least one divided by -1 wraps around."""
    require_module("tflite_runtime")
    info = np.iinfo(kind)
    ends = np.array([info.min, info.min + 1, -17, -2, -1, 0, 1, 2, 7, 8, 15, 16, info.max - 1, info.max], kind)
    x, y = (side.reshape(1, -1) for side in np.meshgrid(ends, ends))
    if name.startswith("FLOOR"):
        x, y = x[y != 0][None], y[y != 0][None]
    path = written(network(name, (kind, kind, kind), x.shape[1]), tmp_path)
    graph = integer_graph(path)
    (expected,) = run_reference(path.read_bytes(), [x, y])
    made = reference.run(graph, dict(zip(graph.inputs, (x, y), strict=True)))
    np.testing.assert_array_equal(made[graph.outputs[0]], expected)


@pytest.mark.parametrize("kind", ["int8", "int16"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_real_numbers(name: str, kind: str, tmp_path: Path) -> None:
    """The float reference computes what the integers that stand for its numbers become."""
    path = written(network(name, (kind, kind, kind), 40), tmp_path)
    graph, real, rng = integer_graph(path), canonicalize(program.load(path)), np.random.default_rng(1)
    info = np.iinfo(kind)
    inputs = {name: rng.integers(info.min, info.max + 1, (2, 40)).astype(kind) for name in graph.inputs}
    made = reference.run(graph, inputs)[graph.outputs[0]]
    numbers = {name: np.float32(array * graph.tensor(name).scale) for name, array in inputs.items()}
    np.testing.assert_array_equal(reference.run(real, numbers)[real.outputs[0]], made * np.float32(0.125))


@pytest.mark.parametrize("name", ["FLOOR_DIV", "FLOOR_MOD"])
def test_computed_divisors_of_zero(name: str, tmp_path: Path) -> None:
    """TensorFlow Lite stops the inference there; firmware can't, and gives 0."""
    graph = integer_graph(written(network(name, ("int8", "int8", "int8"), 3), tmp_path))
    x, y = np.array([[5, -5, 7]], np.int8), np.array([[0, 0, 2]], np.int8)
    (made,) = (reference.run(graph, dict(zip(graph.inputs, (x, y), strict=True)))[name] for name in graph.outputs)
    np.testing.assert_array_equal(made, [[0, 0, 3 if name == "FLOOR_DIV" else 1]])


@pytest.mark.parametrize(
    ("name", "kinds", "divisors", "message"),
    [
        ("FLOOR_DIV", ("int8", "int8", "int8"), np.array([[1, 0, 2]], np.int8), "a division by zero"),
        ("FLOOR_MOD", ("int8", "int8", "int8"), np.array([[0]], np.int8), "a division by zero"),
        ("BITWISE_XOR", ("uint8", "uint8", "uint8"), None, "BITWISE_XOR of uint8"),
        ("RIGHT_SHIFT", ("int16", "int16", "int8"), None, "of other than int8 alone or int16 alone"),
        ("RIGHT_SHIFT", ("float32", "float32", "float32"), None, "of other than int8 alone or int16 alone"),
    ],
)
def test_refused(
    name: str, kinds: tuple[str, str, str], divisors: np.ndarray | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(EdgeqError, match=message):
        integer_graph(written(network(name, kinds, 3, divisors), tmp_path))


@pytest.mark.parametrize(
    ("source", "shape", "message"),
    [
        ("bool", (1, 4), "BITCAST of bool"),
        ("int8", (1, 4), "a last axis of 2"),
        ("int8", (1, 3, 2), "an output that the file calls"),
    ],
)
def test_bitcast_refused(source: str, shape: tuple[int, ...], message: str, tmp_path: Path) -> None:
    made = Network()
    x, y = made.input(shape, source, 0.5, 0), made.tensor((1, 4), "int16", 0.5, 0)
    made.operator("BITCAST", [x], [y])
    made.outputs.append(y)
    with pytest.raises(EdgeqError, match=message):
        integer_graph(written(made, tmp_path))


@pytest.mark.parametrize(
    ("count", "scale", "message"), [(4, 0.25, "a sum of int16 in another scale"), (65537, 0.5, "at most 65536")]
)
def test_sums_of_int16_refused(count: int, scale: float, message: str, tmp_path: Path) -> None:
    made = Network()
    x, y = made.input((1, count), "int16", 0.5, 0), made.tensor((1, 1), "int16", scale, 0)
    made.operator("SUM", [x, made.integers(1)], [y], "ReducerOptions", keep_dims=True)
    made.outputs.append(y)
    with pytest.raises(EdgeqError, match=message):
        integer_graph(written(made, tmp_path))


@pytest.mark.parametrize(
    ("places", "message"), [([[0, 4]], "an index outside"), ([[0, 1], [0, 1]], "an index outside"), ([[0]], "indices")]
)
def test_sparse_places_that_are_not_there(places: list[list[int]], message: str, tmp_path: Path) -> None:
    made = Network()
    x, y = made.input((1,), "int8", 0.5, 0), made.tensor((1, 4), "int8", 0.5, 0)
    at, zero = np.array(places, np.int32), made.tensor((), "int8", 0.5, 0, np.array(0, np.int8))
    indices = made.tensor(at.shape, "int32", data=at)
    made.operator("SPARSE_TO_DENSE", [indices, made.integers(1, 4), x, zero], [y])
    made.outputs.append(y)
    with pytest.raises(EdgeqError, match=message):
        integer_graph(written(made, tmp_path))
