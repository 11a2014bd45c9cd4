"""docs/operators.md says what the code says."""

from __future__ import annotations

import pytest

from edgeq import ops
from tests.golden.operator_table import ROOT, document, where_tested

PAGE = ROOT / "docs" / "operators.md"


def test_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    text = document()
    if request.config.getoption("--update-golden"):
        PAGE.write_text(text, encoding="utf-8")
    assert text == PAGE.read_text(encoding="utf-8"), "docs/operators.md is out of date; run --update-golden"


@pytest.mark.parametrize("name", sorted(ops.registry()))
def test_every_operator_is_tested(name: str) -> None:
    assert where_tested(name)
