"""Choices compared as whole networks: the estimate against what the integers make, the local search against trying
everything."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from edgeq import pipeline
from edgeq.budget import Limits
from edgeq.precision_search import refine
from edgeq.precision_search.chance import surely_less
from edgeq.precision_search.front import Front
from edgeq.precision_search.options import recipe_of
from edgeq.precision_search.points import outputs_of
from edgeq.precision_search.program import NOTHING, Option, Room
from edgeq.precision_search.work import Picks, Settings
from edgeq.quantize.observe import OBSERVERS
from tests.unit.search_network import work


def test_the_error_of_the_network_is_that_of_the_integers() -> None:
    job = work(("int8", "int4", "ternary"))
    for precision in ("int8", "int4", "ternary"):
        picks = job.uniform(precision)
        plain = Settings(dict.fromkeys(picks, "gptq"), dict.fromkeys(list(picks)[:1], "minmax"))
        judged = {}
        for settings in (plain, plain.with_other_biases):
            integer = pipeline.quantize(job.graph, job.calibration, recipe_of(picks, settings))
            judged[settings.bias_correction] = job.difference(outputs_of(integer, job.subset))
        found = refine.network_error(job, picks, plain)
        assert found["error"] == pytest.approx(judged[found["bias_correction"]], rel=0.05), precision
        assert judged[found["bias_correction"]] == min(judged.values()), precision


def test_tuning_lessens_the_error_and_says_by_how_much() -> None:
    """From bad settings; the result is one that no other observer of a layer improves beyond chance."""
    job = work(("int8", "int4"))
    picks = job.uniform("int4")
    first = Settings(dict.fromkeys(picks, "omse"), dict.fromkeys(picks, "percentile"))
    made = refine.tuned(job, picks, first)
    found = Settings(**made["settings"])
    own = refine._errors(job, picks, found)
    assert made["error"] == own.mean()
    assert made["error"] < refine._errors(job, picks, first).mean()
    assert not found.network_rounding
    last = job.graph.nodes[-1].name
    for observer in OBSERVERS:
        assert not surely_less(refine._errors(job, picks, found.with_observer(last, observer)), own)


def test_errors_that_do_not_add_up() -> None:
    """The program's sums would have "a" and "b" in 2 bits; together those ruin the network, and none of the program's
    choices is the best that there is."""
    sizes = {"a": 100, "b": 100, "c": 150, "d": 60}
    layers = {
        name: [
            Option("int8", 0.0, 4 * size, {}, 1, 1),
            Option("int4", 0.01 * size, 2 * size, {}, 1, 1),
            Option("int2", 0.012 * size if name in "ab" else 0.05 * size, size, {}, 1, 1),
        ]
        for name, size in sizes.items()
    }
    errors = {(name, option.precision): option.error for name, own in layers.items() for option in own}

    def whole(picks: Picks) -> float:
        both = picks["a"] == picks["b"] == "int2"
        return sum(errors[name, precision] for name, precision in picks.items()) + 100.0 * both

    def all_of(choices: Sequence[Picks]) -> list[float]:
        return [whole(picks) for picks in choices]

    front = Front(layers, Limits(10_000, 10_000, 10_000), NOTHING)
    rooms = {target: front.room("flash", target, Room(0, 0, 0)) for target in (400.0, 700.0, 1000.0, 1640.0)}
    found = refine.choices(front, rooms, [dict.fromkeys(layers, "int8")], all_of)
    assert set(found) == {700.0, 1000.0, 1640.0}  # nothing takes as little as 400
    for target, picks in found.items():
        every = (
            dict(zip(layers, chosen, strict=True)) for chosen in itertools.product(("int8", "int4", "int2"), repeat=4)
        )
        assert whole(picks) == min(whole(other) for other in every if front.fits(other, rooms[target]))
    first = front.best(rooms[700.0])
    assert first is not None
    assert whole(first) > whole(found[700.0])
