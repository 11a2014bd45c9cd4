"""A search's parts on disk and in other processes: cache, state, workers; what it may choose among; its recipes."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeq.board import load_board
from edgeq.budget import Limits
from edgeq.emit.env import render
from edgeq.errors import EdgeqError
from edgeq.lower.select import lower
from edgeq.observer import Observer
from edgeq.pipeline import quantize
from edgeq.precision_search import cache, report
from edgeq.precision_search.costs import layer_key
from edgeq.precision_search.options import DEFAULT, parse_precisions, recipe_of
from edgeq.precision_search.result import Row, ranked
from edgeq.precision_search.sensitivity import sensitivity
from edgeq.precision_search.state import State
from edgeq.precision_search.work import Settings, Work
from edgeq.precision_search.workers import Step, workers
from edgeq.quantize.recipe import Recipe, load_recipe
from tests.unit.search_network import work

FACTS = {"model": "a", "board": "b"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEQ_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def small() -> Work:
    return work(DEFAULT)


def test_cache_keeps_and_forgets_what_is_damaged(tmp_path: Path) -> None:
    assert cache.get("key") is None
    cache.put("key", {"cycles": 3})
    assert cache.get("key") == {"cycles": 3}
    assert cache.problem() is None
    (cache.folder() / "key.json").write_text('{"cycles"', encoding="utf-8")
    assert cache.get("key") is None


def test_cache_without_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("EDGEQ_CACHE_DIR", str(tmp_path / "file"))
    assert "can't be written" in str(cache.problem())
    cache.put("key", {"cycles": 3})
    assert cache.get("key") is None


def test_cache_under_many_writers() -> None:
    """A reader sees a whole value whatever others write at that time."""
    values = [{"cycles": [number] * 2000} for number in range(6)]
    cache.put("key", values[0])
    threads = [threading.Thread(target=lambda v=value: [cache.put("key", v) for _ in range(20)]) for value in values]
    for thread in threads:
        thread.start()
    seen = [cache.get("key") for _ in range(200)]
    for thread in threads:
        thread.join()
    assert all(value in values for value in seen)
    assert [path.name for path in cache.folder().iterdir()] == ["key.json"]


def test_layers_with_the_same_work_share_a_key(small: Work) -> None:
    def keys(precision: str, board: str = "cortex-m4") -> dict[str, str]:
        recipe = recipe_of(small.uniform(precision), Settings(dict.fromkeys(small.options, "omse")))
        program = lower(quantize(small.graph, small.subset, recipe), load_board(board))
        return {layer.node.name: layer_key(program, layer) for layer in program.layers}

    int8, int4 = keys("int8"), keys("int4")
    assert int8 == keys("int8")
    assert all(int8[layer] != int4[layer] for layer in small.options)
    assert not set(int8.values()) & set(keys("int8", "riscv-8core").values())


def test_state_resumes_and_refuses(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    state = State(folder, FACTS)
    assert len(state) == 0
    state.put("step 1", {"error": 0.1})
    again = State(folder, FACTS)
    assert len(again) == 1
    assert again.get("step 1") == {"error": 0.1}
    assert again.get("step 2") is None
    with pytest.raises(EdgeqError, match="holds a search with another model"):
        State(folder, {**FACTS, "model": "other"})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("", encoding="utf-8")
    for taken in (tmp_path / "other", tmp_path / "other" / "notes.txt"):
        with pytest.raises(EdgeqError, match="exists and holds no search"):
            State(taken, FACTS)


def test_a_damaged_step_is_done_again(tmp_path: Path, small: Work) -> None:
    state = State(tmp_path / "search", FACTS)
    calls: list[int] = []
    step = Step("count", lambda work, number: calls.append(number) or {"number": number}, (5,))
    with workers(small, state, Observer(), 1, None) as team:
        assert team.results("", [step]) == {"count": {"number": 5}}
        assert team.results("", [step]) == {"count": {"number": 5}}
        assert calls == [5]
        next(path for path in state.folder.glob("steps/*.json") if path.name != "search.json").write_text("{")
        team.results("", [step])
    assert calls == [5, 5]


def test_processes_find_the_same(tmp_path: Path, small: Work) -> None:
    steps = [
        Step(f"{layer} {name}", sensitivity, ("output", layer, name))
        for layer, options in list(small.options.items())[:2]
        for name in options[:2]
    ]
    found = []
    for jobs in (1, 2):
        with workers(small, State(tmp_path / str(jobs), FACTS), Observer(), jobs, None) as team:
            found.append(team.results("", steps))
    assert found[0] == found[1]
    assert len(found[0]) == 4


def test_dask_that_is_not_there(tmp_path: Path, small: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(EdgeqError, match=r"needs the package distributed; run: pip install 'edgeq\[dask\]'"),
        workers(small, State(tmp_path / "s", FACTS), Observer(), 1, "tcp://127.0.0.1:1"),
    ):
        pass


def test_dask_client_is_given_the_same_function(tmp_path: Path, small: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for distributed.Client that does the work here: the work is sent once, not with every step."""
    from concurrent.futures import ThreadPoolExecutor

    sent: list[Any] = []

    class Client:
        def __init__(self, address: str, timeout: float) -> None:
            assert address == "tcp://127.0.0.1:8786"

        def __enter__(self) -> Client:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def scatter(self, value: Any, broadcast: bool) -> Any:
            sent.append(value)
            return value

        def get_executor(self) -> ThreadPoolExecutor:
            return ThreadPoolExecutor(1)

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client))
    step = Step("s", sensitivity, ("baq", next(iter(small.options)), "int8"))
    with workers(small, State(tmp_path / "s", FACTS), Observer(), 1, "tcp://127.0.0.1:8786") as team:
        found = team.results("", [step])
    assert sent == [small]
    assert found["s"]["error"] > 0


def test_options_are_what_kernels_read(small: Work) -> None:
    by_operator = {node.op: small.options[node.name] for node in small.graph.nodes if node.name in small.options}
    assert set(by_operator) == {"conv2d", "dwconv2d", "linear"}
    assert by_operator["conv2d"] == by_operator["linear"] == DEFAULT
    assert by_operator["dwconv2d"] == ("int8", "int4", "ternary")
    depthwise = next(node.name for node in small.graph.nodes if node.op == "dwconv2d")
    assert small.uniform("int2")[depthwise] == "int8"
    first, *_, last = small.options
    assert small.recipe("int2") == {**small.uniform("int2"), first: "int8", last: "int8"}
    assert small.recipe("int4") == small.uniform("int4")


@pytest.mark.parametrize(
    ("text", "words"), [("int8,int3", "'int3' can't be searched; nearest: int"), ("", "'' can't be searched")]
)
def test_precisions_that_are_not_there(text: str, words: str) -> None:
    with pytest.raises(EdgeqError, match=words):
        parse_precisions(text)


def test_recipe_files_are_the_recipe(small: Work, tmp_path: Path) -> None:
    picks = {layer: options[index % len(options)] for index, (layer, options) in enumerate(small.options.items())}
    roundings = dict(zip(picks, ("gptq", "omse") * 9, strict=False))
    observers = dict.fromkeys(list(picks)[:2], "minmax")
    recipe = recipe_of(picks, Settings(roundings, observers, bias_correction=True, network_rounding=True))
    path = tmp_path / "point.toml"
    path.write_text(render("report/recipe.toml.j2", recipe=recipe, row=Row(picks, recipe, {}, name="point1")))
    loaded = load_recipe(str(path))
    assert Row(picks, recipe, {}).roundings == roundings
    assert loaded == replace(recipe, source=loaded.source)
    methods = loaded.methods(small.graph)
    assert {layer: methods[layer].precision for layer in picks} == picks


def test_the_pictures_line_only_rises_and_labels_do_not_overlap() -> None:
    assert report._front([(1, 90), (3, 50), (2, 95), (4, 50), (5, 40)]) == [(1, 90), (3, 50), (5, 40)]
    dots: list[dict[str, Any]] = [{"x": 100 + x, "y": 50, "label": "point1", "kind": "point"} for x in (0, 1, 2, 90)]
    report._place_labels(dots)
    assert [dot["label_y"] for dot in dots] == [50 + report.ABOVE, 50 + report.BELOW, None, 50 + report.ABOVE]
    dots.append({"x": 95, "y": 50 + report.ABOVE, "label": "point9", "kind": "point"})  # where the first label was
    report._place_labels(dots)
    assert dots[0]["label_y"] == 50 + report.BELOW


def test_a_layers_name_is_no_glob(small: Work) -> None:
    nodes = [replace(node, name="a[0]*" if node.name in small.options else node.name) for node in small.graph.nodes[:1]]
    graph = replace(small.graph, nodes=(*nodes, *small.graph.nodes[1:]))
    recipe = recipe_of({"a[0]*": "int4"}, Settings({"a[0]*": "gptq"}))
    assert recipe.methods(graph)["a[0]*"].precision == "int4"


def row(accuracy: float, flash: int, ram: int, cycles: int | None, precision: str, named: bool = False) -> Row:
    judged = {
        "accuracy": accuracy, "eval_error": 1 - accuracy ** (2 if named else 1), "flash_bytes": flash, "ram_bytes": ram,
        "est_cycles": cycles, "problem": None, "mistakes": [number >= 100 * accuracy for number in range(100)],
        "eval_errors": [1 - accuracy ** (2 if named else 1) + 0.01 * (number * flash % 7) for number in range(100)],
    }  # fmt: skip
    uniform = precision if precision == "int8" else None
    return Row({"a": precision, "b": "int8"}, Recipe(), judged, uniform=uniform, named=named)


def test_rows_are_named_and_ranked() -> None:
    rows = [
        row(0.9, 100, 10, 50, "int8"), row(0.92, 80, 10, 60, "int4"), row(0.5, 90, 10, 70, "int2"),
        row(0.99, 500, 10, 10, "int16"), row(0.9, 110, 10, 50, "int8", named=True),
    ]  # fmt: skip
    found = ranked(rows, Limits(200, 20, 100))
    assert [item.name for item in found] == ["point1", "point2", "uniform-int8", "quant-int8"]
    assert [item.pareto for item in found] == [True, False, True, False]
    assert [item.file for item in found] == ["point1.toml", "point2.toml", "uniform-int8.toml", None]
    assert [item.better_than for item in found] == [("uniform-int8", "quant-int8"), (), (), ()]
    assert not any(item.surely_better_than for item in found)
    assert ranked([*rows, row(0.8, 120, 10, 50, "int8")], Limits(200, 20, 100))[0].surely_better_than == (
        "uniform-int8",
    )
    assert [item.nearer_than for item in found] == [("uniform-int8", "quant-int8"), (), ("quant-int8",), ()]
    assert [item.surely_nearer_than for item in found] == [item.nearer_than for item in found]
    over = ranked(rows, Limits(85, 20, 100))
    assert [(item.name, item.within_budget) for item in over] == [
        ("point1", True),
        ("uniform-int8", False),
        ("quant-int8", False),
    ]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(60, 20, 100), "--budget: flash is limited to 60 and the smallest recipe found takes 80 bytes of flash"),
        (Limits(200, 9, 100), "--budget: ram is limited to 9 and the smallest recipe found takes 10 bytes of RAM"),
        (Limits(200, 20, 49), "--budget: cycles is limited to 49 and the smallest recipe found takes 50 estimated"),
        (Limits(90, 20, 55), "no recipe was found that keeps to flash and ram and cycles at once"),
    ],
)
def test_budgets_that_cannot_be_met(limits: Limits, words: str) -> None:
    with pytest.raises(EdgeqError, match=words):
        ranked([row(0.9, 100, 10, 50, "int8"), row(0.92, 80, 10, 60, "int4")], limits)


def test_what_fits_no_board() -> None:
    judged = {"accuracy": 0.9, "problem": "too big"}
    with pytest.raises(EdgeqError, match="fits the board"):
        ranked([Row({"a": "int8"}, Recipe(), judged)], Limits(1, 1))


def test_work_is_sent_without_what_is_derived(small: Work) -> None:
    import pickle

    assert small.exact is not None
    sent = pickle.loads(pickle.dumps(small))
    assert "exact" not in vars(sent)
    assert all(np.array_equal(sent.exact[name], array) for name, array in small.exact.items())
    assert json.dumps(dict(sent.options)) == json.dumps(dict(small.options))
