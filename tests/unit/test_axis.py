"""Axes of report.html: ticks that can be told apart, within the picture."""

from __future__ import annotations

import pytest

from edgeq.reports.axis import Axis


@pytest.mark.parametrize(
    "values", [[99.0, 99.0], [99.0, 99.00000000000001], [0.0], [87.2, 87.8], [1e3, 4.8e5], [1e-3, 1.2e-3]]
)
def test_ticks_are_different_round_and_inside(values: list[float]) -> None:
    axis = Axis.of(values, 500.0, 20.0, 6)
    texts = [str(tick["text"]) for tick in axis.ticks]
    assert 2 <= len(texts) <= 7
    assert len(set(texts)) == len(texts)
    for tick in axis.ticks:
        assert 20.0 <= float(tick["at"]) <= 500.0
        assert axis.at(float(str(tick["text"]).replace(",", ""))) == tick["at"]
