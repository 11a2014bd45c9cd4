"""The networks that come trained for few bits build without calibration data, exactly, in the types that they were
trained for."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.ops import weight_types
from edgeq.quantize.data import random_samples
from edgeq.quantize.observe import unprescribed
from edgeq.quantize.recipe import load_recipe
from edgeq.verification import verify_layers

EXAMPLES = Path(__file__).parents[2] / "examples"
TRAINED = sorted(path for path in EXAMPLES.glob("*/*.pt2") if path.stem.rpartition("_")[2] in weight_types.TYPES)


def test_there_are_some() -> None:
    assert {path.stem.rpartition("_")[2] for path in TRAINED} == {"int4", "ternary", "binary"}


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_trained_networks_are_exact(path: Path, tmp_path: Path) -> None:
    wanted = path.stem.rpartition("_")[2]
    graph = pipeline.import_model(ModelSource(path))
    assert unprescribed(graph) == []
    integer = pipeline.quantize(graph, None, load_recipe("int8"))
    stored = {node.name: weight_types.of_node(integer, node) for node in integer.nodes if node.op == "conv2d"}
    assert set(list(stored.values())[1:]) == {wanted}  # the first one may be int8
    folder = tmp_path / "firmware"
    pipeline.generate(integer, load_board("host"), folder, EmitOptions("speed", "int8", {}))
    verification = verify_layers(open_folder(folder), random_samples(graph, 2))
    assert verification.bit_exact, verification.first_difference
