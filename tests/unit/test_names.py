"""Names in the generated C never meet, whatever the model calls its layers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.emit.names import model_name, unique_identifiers


@given(st.lists(st.text(max_size=12), unique=True))
def test_identifiers_are_legal_and_unique(names: list[str]) -> None:
    result = unique_identifiers(names)
    assert len({text.upper() for text in result.values()}) == len(names)
    assert all(re.fullmatch(r"[a-z_][a-z0-9_]*", text) for text in result.values())


@pytest.mark.parametrize("name", ["main", "Double", "stdint", "weights", "eq_types"])
def test_models_do_not_hide_headers_or_keywords(name: str) -> None:
    assert model_name(name) != name.lower()


def test_ordinary_names_stay() -> None:
    assert model_name("KWS-small") == "kws_small"
    assert Path(f"{model_name('resnet8')}.h").name == "resnet8.h"
