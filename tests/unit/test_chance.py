"""Mistakes of every sample, and which differences of them are more than chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from edgeq.accuracy import mistakes, share_right
from edgeq.ir.meaning import Meaning
from edgeq.precision_search.chance import LEVEL, surely_fewer, surely_less


@pytest.mark.parametrize(
    ("better", "worse", "sure"), [(5, 0, False), (6, 0, True), (9, 1, True), (8, 1, True), (8, 2, False), (0, 6, False)]
)
def test_a_difference_is_sure_where_chance_seldom_brings_it(better: int, worse: int, sure: bool) -> None:
    ours, theirs = [0] * better + [2] * worse + [1] * 50, [1] * (better + worse) + [1] * 50
    assert surely_fewer(ours, theirs) is sure
    assert sure == (better > worse and 2 * binom.cdf(worse, better + worse, 0.5) < LEVEL)


def test_equal_answers_are_no_difference() -> None:
    assert not surely_fewer([0, 1], [0, 1])


def test_errors_that_are_less_by_more_than_chance() -> None:
    """Of n pairs whose differences have mean -1 and standard deviation 1, t is sqrt(n), and 5 % of chance lie beyond
    2.57 for 6 pairs and beyond 2.45 for 7 (tables of Student's t)."""
    for count, sure in ((6, False), (7, True)):
        theirs = np.random.default_rng(0).standard_normal(count)
        apart = np.linspace(-1, 1, count)
        ours = theirs - 1 + apart / apart.std(ddof=1)
        assert surely_less(ours, theirs) is sure
        assert not surely_less(theirs, ours)
    assert not surely_less(np.ones(9), np.ones(9))
    assert not surely_less([0.0], [1.0])


def test_mistakes_of_classes() -> None:
    outputs, labels = np.eye(3)[[0, 2, 1, 1]], np.array([0, 1, 1, 2])
    assert mistakes(outputs, labels, Meaning()) == [0, 1, 0, 1]
    assert share_right(outputs, labels, Meaning()) == 0.5


def test_mistakes_of_texts_are_words() -> None:
    meaning = Meaning(labels=("", "A", "B", "C"), decoding="ctc")
    heard = np.eye(4)[[[1, 0, 2, 2], [0, 3, 0, 0], [0, 0, 0, 0]]]
    said = np.array([[1, 2], [1, 3], [2, -1]])
    assert mistakes(heard, said, meaning) == [0, 1, 1]
    assert share_right(heard, said, meaning) == pytest.approx(1 - 2 / 5)
