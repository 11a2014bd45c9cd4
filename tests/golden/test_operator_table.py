"""docs/operators.md says what the code says."""

from __future__ import annotations

import pytest

from edgeq import ops
from edgeq.frontend.tflite import schema
from edgeq.frontend.tflite.refusals import INSTEAD
from tests.golden import tflite_table
from tests.golden.operator_table import ROOT, document, where_tested

PAGE = ROOT / "docs" / "operators.md"


def test_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    text = document()
    if request.config.getoption("--update-golden"):
        PAGE.write_text(text, encoding="utf-8")
    assert text == PAGE.read_text(encoding="utf-8"), "docs/operators.md is out of date; run --update-golden"


def test_tflite_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    text, page = tflite_table.document(), ROOT / "docs" / "tflite.md"
    if request.config.getoption("--update-golden"):
        page.write_text(text, encoding="utf-8")
    assert text == page.read_text(encoding="utf-8"), "docs/tflite.md is out of date; run --update-golden"


def test_every_tflite_operator_is_imported_or_refused() -> None:
    """Whatever is not imported has a next step in its refusal."""
    imported = {target for operator in ops.registry().values() for target in operator.tflite_targets}
    assert set(schema.OPERATORS.values()) - {"CUSTOM"} <= imported | set(INSTEAD)
    assert set(INSTEAD) <= set(schema.OPERATORS.values())


@pytest.mark.parametrize("name", sorted(ops.registry()))
def test_every_operator_is_tested(name: str) -> None:
    assert where_tested(name)
