"""A network of two precisions is exact on every kind of board; its report tells the precision of every layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples
from edgeq.quantize.recipe import Method, Recipe, Rule
from edgeq.verification import verify_layers
from tests.tools import require_board
from tests.unit.test_precision import mixed, types

RECIPE = Recipe(
    Method("int16", weights="omse"),
    (Rule(None, "binary", {"precision": "int8"}), Rule("head", None, {"precision": "int8"})),
    bias_correction=True,
    equalize=True,
)


@pytest.fixture(scope="module")
def two_precisions() -> tuple[Graph, Samples]:
    graph, samples = mixed()
    return pipeline.quantize(pipeline.prepare(graph, RECIPE, samples), samples, RECIPE), samples


@pytest.mark.parametrize(
    "board",
    ["host", *(pytest.param(board, marks=pytest.mark.qemu) for board in ("riscv-8core", "cortex-m4", "cortex-m55"))],
)
def test_exact(board: str, two_precisions: tuple[Graph, Samples], tmp_path: Path) -> None:
    require_board(board)
    integer, samples = two_precisions
    assert set(types(integer).values()) == {"int8", "int16"}
    assert sum(node.op == "rescale" for node in integer.nodes) >= 3  # to int8 and back
    folder = tmp_path / "firmware"
    pipeline.generate(integer, load_board(board), folder, EmitOptions("speed", "mixed", {"file": "two", "sha256": ""}))
    verification = verify_layers(open_folder(folder), samples.evenly(8))
    assert verification.bit_exact, verification.first_difference
