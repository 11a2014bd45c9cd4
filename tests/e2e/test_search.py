"""edgeq search as a user runs it: a small network on a board in QEMU, interrupted, resumed, repeated, built."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from edgeq import pipeline
from edgeq.cli import main
from edgeq.precision_search import costs as cost_steps
from edgeq.precision_search.state import State
from tests.tools import require_board
from tests.unit import search_network

BOARD = "cortex-m4"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return search_network.write(tmp_path_factory.mktemp("search-files"))


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An empty cache of costs; and the model is imported once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEQ_CACHE_DIR", str(tmp_path_factory.mktemp("search-cache")))
        patch.setattr(pipeline, "import_model", cache(pipeline.import_model))
        yield


def invoke(files: dict[str, Path], folder: Path, *arguments: str, board: str = BOARD) -> Result:
    return CliRunner().invoke(
        main,
        ["search", str(files["model.pt2"]), "--board", board, "--calib", str(files["calib.npz"]),
         "--eval", str(files["eval.npz"]), "--jobs", "1", "--points", "3", "--precisions", "int8,int4",
         "-o", str(folder), *arguments],
    )  # fmt: skip


@pytest.fixture(scope="module")
def searched(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    require_board(BOARD)
    folder = tmp_path_factory.mktemp("search") / "out"
    result = invoke(files, folder, "--json")
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


@pytest.mark.qemu
def test_what_is_written(searched: tuple[Path, dict[str, Any]]) -> None:
    folder, document = searched
    assert json.loads((folder / "pareto.json").read_text(encoding="utf-8")) == document
    points = document["points"]
    assert {point["uniform"] for point in points} == {"int8", "int4", None}
    assert document["best"] in {point["name"] for point in points if point["within_budget"]}
    assert [point["flash_bytes"] for point in points] == sorted(point["flash_bytes"] for point in points)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert html.count('<circle class="point"') == sum(point["uniform"] is None for point in points)
    picture = ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + len("</svg>")])
    assert len(picture.findall("circle")) == len(points) + 1  # a ring round the best
    assert not re.search(r"(src|href)=|url\(", html)
    for point in points:
        assert point["build"] in html.replace("&#39;", "'")
        if point["name"].startswith("quant-"):
            assert f"--quant {point['uniform']} " in point["build"]
            continue
        recipe = tomllib.loads((folder / point["recipe"]).read_text(encoding="utf-8"))
        assert {rule["name"]: rule["precision"] for rule in recipe["layer"] if "precision" in rule} == point[
            "precisions"
        ]


@pytest.mark.qemu
def test_predictions_are_near(searched: tuple[Path, dict[str, Any]]) -> None:
    for point in searched[1]["points"]:
        assert abs(point["predicted"]["flash_bytes"] - point["flash_bytes"]) < 0.03 * point["flash_bytes"]
        assert abs(point["predicted"]["est_cycles"] - point["est_cycles"]) < 0.05 * point["est_cycles"]


@pytest.mark.qemu
def test_a_point_builds_as_it_was_judged(
    searched: tuple[Path, dict[str, Any]], files: dict[str, Path], tmp_path: Path
) -> None:
    point = next(point for point in searched[1]["points"] if point["uniform"] is None)
    words = point["build"].split()
    assert words[:2] == ["edgeq", "build"]
    result = CliRunner().invoke(main, [*words[1:-1], str(tmp_path / "out"), "--simulate-samples", "4", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["verify"]["bit_exact"] is True
    assert report["memory"]["flash_bytes"] == point["flash_bytes"]
    assert report["memory"]["ram_bytes"] - report["memory"]["stack_bytes"] == point["ram_bytes"]
    assert report["accuracy"]["quantized_reference"] == point["accuracy"]
    assert abs(report["cost"]["est_cycles"] - point["est_cycles"]) < 0.01 * point["est_cycles"]


@pytest.mark.qemu
def test_interrupted_resumed_and_the_same(
    searched: tuple[Path, dict[str, Any]], files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between steps, with costs from the cache: nothing is measured for them again."""
    folder, keep, done = tmp_path / "out", State.put, 6

    def measured_again(*arguments: object) -> None:
        raise AssertionError("costs were measured again")

    def put_and_stop(state: State, key: str, result: dict[str, Any]) -> None:
        keep(state, key, result)
        if len(state) == done:
            raise KeyboardInterrupt

    monkeypatch.setattr(cost_steps, "measured", measured_again)
    with monkeypatch.context() as patch:
        patch.setattr(State, "put", put_and_stop)
        stopped = invoke(files, folder)
    assert stopped.exit_code == 130
    assert f"the same command goes on from what is in {folder}" in stopped.stderr
    assert not (folder / "pareto.json").exists()
    result = invoke(files, folder)
    assert result.exit_code == 0, result.output
    assert f"going on with {done} finished steps" in result.stderr
    for name in ("pareto.json", "report.html"):
        one, other = ((path / name).read_text(encoding="utf-8") for path in (searched[0], folder))
        assert one.replace(str(searched[0]), "") == other.replace(str(folder), "")


@pytest.mark.qemu
def test_another_budget_in_the_same_folder(searched: tuple[Path, dict[str, Any]], files: dict[str, Path]) -> None:
    """What was judged before is there at once, and only what keeps to the budget is on the front."""
    folder, document = searched
    flash = sorted(point["flash_bytes"] for point in document["points"])
    result = invoke(files, folder, "--budget", f"flash={flash[-1] - 1}", "--json")
    assert result.exit_code == 0, result.output
    points = {point["name"]: point for point in json.loads(result.stdout)["points"]}
    assert points["uniform-int8"]["within_budget"] is False
    assert points["uniform-int8"]["pareto"] is False
    assert any(point["within_budget"] for point in points.values())
    refused = invoke(files, folder, "--budget", "flash=1KB")
    assert refused.exit_code == 2
    (message,) = [line for line in refused.stderr.splitlines() if line.startswith("edgeq: ")]
    assert "flash is limited to 1000 and the smallest recipe found takes" in message


def test_on_the_host(files: dict[str, Path], tmp_path: Path) -> None:
    require_board("host")
    result = invoke(files, tmp_path / "out", "--sensitivity", "baq", "--precisions", "int8", board="host")
    assert result.exit_code == 0, result.output
    assert "uniform-int8" in result.stdout
    assert "Cycles" not in result.stdout


@pytest.mark.parametrize("together", [True, False])
def test_what_points_have_beside_precisions(
    together: bool, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where PyTorch's gradients are there, all layers rounded together; else one rounding after the other, and it is
    said why. Uniform recipes have neither, and there is a point of the same precisions."""
    require_board("host")
    if not together:
        find = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    result = invoke(files, tmp_path / "out", "--precisions", "int4", "--json", board="host")
    assert result.exit_code == 0, result.output
    why = "rounded one after the other, not together: PyTorch, whose gradients it takes, is not installed"
    assert (why in result.stderr) is not together
    points = json.loads(result.stdout)["points"]
    rounded = {}
    for point in points:
        if not point["name"].startswith("quant-"):
            recipe = tomllib.loads((tmp_path / "out" / point["recipe"]).read_text(encoding="utf-8"))
            rounded[point["name"]] = recipe["network_rounding"]
    assert rounded == {"uniform-int4": False, "point1": together}
    assert len({json.dumps(point["precisions"]) for point in points}) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--budget", "power=3"], "'power=3' is no limit; write flash=300KB, ram=40KB, cycles=900k"),
        (["--budget", "cycles=3KB"], "'3KB' is no number of cycles"),
        (["--precisions", "int8,int5"], "'int5' can't be searched"),
        (["--board", "host", "--budget", "cycles=9k"], "cycles are not counted on the host"),
        (["--board", "host", "--sweep", "cycles"], "cycles are not counted on the host"),
        (["--calib", "missing.npz"], "--calib missing.npz: there is no such file"),
    ],
)
def test_bad_options(arguments: list[str], words: str, files: dict[str, Path], tmp_path: Path) -> None:
    require_board(BOARD)
    result = invoke(files, tmp_path / "out", *arguments)
    assert result.exit_code == 2
    (message,) = [line for line in result.stderr.splitlines() if line.startswith("edgeq: ")]
    assert words in message
    assert not (tmp_path / "out").exists()


def test_evaluation_data_without_labels(files: dict[str, Path], tmp_path: Path) -> None:
    require_board("host")
    np.savez(tmp_path / "x.npz", x=search_network.samples(4, seed=2))
    result = invoke({**files, "eval.npz": tmp_path / "x.npz"}, tmp_path / "out", board="host")
    assert result.exit_code == 2
    assert "has no labels; a search needs y, the class of every sample" in result.stderr
    assert not (tmp_path / "out").exists()
