"""How far a network's answers are from the float network's, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import nn

from edgeq import reference
from edgeq.ir.graph import Graph
from edgeq.precision_search.difference import Difference
from tests.unit.test_import import imported


def scores(last: nn.Module | None = None) -> tuple[Graph, np.ndarray]:
    """A linear network with 3 classes, maybe with something behind it, and its outputs on 40 samples."""
    torch.manual_seed(0)
    layers = [nn.Linear(4, 3), *([last] if last else [])]
    graph = imported(nn.Sequential(*layers).eval(), torch.zeros(1, 4))
    inputs = {graph.inputs[0]: np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32)}
    return graph, reference.run(graph, inputs)[graph.outputs[0]]


def difference(graph: Graph, exact: np.ndarray, made: np.ndarray) -> float:
    (name,) = graph.outputs
    return Difference(graph, {name: exact})({name: made})


def test_one_sample_by_hand() -> None:
    """Probabilities 1/2, 1/4, 1/4 and scores that tell two classes alike from the third: q = (e^t, e^t, 1) / .. is
    nearest at p where e^t / (2 e^t + 1) = 3/8, with sum p log(p / q) = 1/2 log(4/3) + 1/4 log(2/3)."""
    graph, _ = scores()
    exact, made = np.log(np.array([[0.5, 0.25, 0.25]])), np.array([[2.0, 2.0, 0.0]])
    expected = 0.5 * np.log(4 / 3) + 0.25 * np.log(2 / 3)
    assert difference(graph, exact, made) == pytest.approx(expected, abs=1e-6)


def test_a_factor_and_a_shift_change_no_answer() -> None:
    graph, exact = scores()
    assert difference(graph, exact, exact) == pytest.approx(0, abs=1e-9)
    assert difference(graph, exact, 0.1 * exact + 5) == pytest.approx(0, abs=1e-7)
    assert difference(graph, exact, exact[:, ::-1]) > 0.01


def test_nothing_is_further_than_the_same_answer_to_everything() -> None:
    graph, exact = scores()
    shares = softmax(exact.astype(np.float64), axis=1)
    most = float((shares * np.log(3 * shares)).sum(axis=1).mean())
    assert difference(graph, exact, np.ones_like(exact)) == pytest.approx(most)
    assert difference(graph, exact, -exact) == pytest.approx(most)


def test_probabilities_are_taken_as_such() -> None:
    """Behind a softmax, integers of which may be zero."""
    graph, exact = scores()
    behind, shares = scores(nn.Softmax(dim=1))
    assert shares == pytest.approx(softmax(exact, axis=1), abs=1e-6)
    rng = np.random.default_rng(1)
    moved = (exact + 0.1 * rng.standard_normal(exact.shape)).astype(np.float32)
    expected = difference(graph, exact, moved)
    assert difference(behind, shares, softmax(moved, axis=1)) == pytest.approx(expected, rel=1e-3)
    certain = np.eye(3, dtype=np.float32)[exact.argmax(axis=1)]
    assert 0 < difference(behind, shares, certain) < np.inf


def test_rows_of_scores_count_each() -> None:
    graph, exact = scores()
    moved = exact + np.random.default_rng(1).standard_normal(exact.shape).astype(np.float32)
    rows = difference(graph, exact.reshape(8, 5, 3), moved.reshape(8, 5, 3))
    assert rows == pytest.approx(difference(graph, exact, moved))


def test_what_is_no_class_is_squared_and_divided_by_its_variance() -> None:
    graph, exact = scores()
    name, number = graph.outputs[0], np.tile([[1.0], [3.0]], (20, 1))
    found = Difference(graph, {name: exact, "number": number})({name: exact, "number": number + 0.5})
    assert found == pytest.approx(0.25)
    assert difference(graph, number, number - 1) == pytest.approx(1.0)
