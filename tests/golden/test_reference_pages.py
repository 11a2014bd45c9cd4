"""docs/reference says what the code says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.frontend.importer import Importer
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.passes import canonicalize
from edgeq.plan.arena import plan
from edgeq.quantize.convert import to_integer
from tests.golden import reference_pages
from tests.golden.operator_table import ROOT
from tests.golden.test_golden import FOLDER as TINY

FOLDER = ROOT / "docs" / "reference"


def remembering() -> Graph:
    """x + state, which is the next state."""
    importer = Importer("tiny")
    x, state = importer.input("x", (1, 4)), importer.state("state", (1, 4))
    importer.begin_call("sum", "", ())
    made = importer.add("add", [x, state], {})
    importer.keep(state, made)
    graph = canonicalize(importer.finish([made]))
    return to_integer(graph, dict.fromkeys(graph.tensors, (-1.0, 1.0)))


def headers(folder: Path) -> dict[str, str]:
    """What a header is about -> its text, of the golden network and of one with a state."""
    program = lower(remembering(), dataclasses.replace(load_board("cortex-m4"), isa=("scalar",)))
    emit(program, plan(program), folder, EmitOptions("speed", "int8", {"file": "tiny", "sha256": ""}))
    return {
        "tiny.h": (TINY / "tiny.h").read_text(encoding="utf-8"),
        "tiny_float.h: conversions, for firmware that has floats": (TINY / "tiny_float.h").read_text(encoding="utf-8"),
        "tiny.h of a network that keeps a state": (folder / "tiny.h").read_text(encoding="utf-8"),
    }


@pytest.mark.parametrize("name", ["cli", "boards", "recipes", "c-api"])
def test_page_is_up_to_date(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    made = {
        "cli": reference_pages.cli,
        "boards": reference_pages.boards,
        "recipes": reference_pages.recipes,
        "c-api": lambda: reference_pages.c_api(headers(tmp_path)),
    }[name]()
    page = FOLDER / f"{name}.md"
    if request.config.getoption("--update-golden"):
        page.write_text(made, encoding="utf-8")
    assert made == page.read_text(encoding="utf-8"), f"docs/reference/{name}.md is out of date; run --update-golden"
