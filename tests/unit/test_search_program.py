"""The integer program of a search against trying everything, and the front that it gives."""

from __future__ import annotations

import ctypes
import itertools
import os
from typing import Any

import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.budget import Limits
from edgeq.precision_search.front import Front
from edgeq.precision_search.program import NOTHING, Option, Room, Total, least, least_error, total

CODE = {"eq_conv_int8": 40, "eq_conv_int4": 150, "eq_conv_narrow.c": 300}

options = st.builds(
    Option,
    precision=st.just(""),
    error=st.floats(0, 1e3, allow_subnormal=False).map(lambda value: round(value, 6)),
    constant_bytes=st.integers(0, 500),
    code=st.sets(st.sampled_from(sorted(CODE)), max_size=2).map(lambda names: {name: CODE[name] for name in names}),
    cycles=st.integers(0, 1000),
    live_bytes=st.integers(1, 50),
)
layers_of = st.lists(st.lists(options, min_size=1, max_size=3), min_size=1, max_size=4)


def everything(layers: list[list[Option]], room: Room) -> list[tuple[tuple[int, ...], Total]]:
    """Every choice within the room."""
    found = []
    for choice in itertools.product(*(range(len(layer)) for layer in layers)):
        takes = total(layers, choice)
        if (
            takes.flash_bytes <= room.flash_bytes
            and takes.cycles <= room.cycles
            and takes.live_bytes <= room.live_bytes
        ):
            found.append((choice, takes))
    return found


@settings(max_examples=60, deadline=None)
@given(layers_of, st.integers(0, 1500), st.integers(0, 3000), st.integers(1, 50))
def test_against_trying_everything(layers: list[list[Option]], flash_bytes: int, cycles: int, live_bytes: int) -> None:
    room = Room(flash_bytes, cycles, live_bytes)
    possible = everything(layers, room)
    chosen = least_error(layers, room)
    if not possible:
        assert chosen is None
        return
    assert chosen is not None
    takes = total(layers, chosen)
    best = min(other.error for _, other in possible)
    assert takes in [other for _, other in possible]
    assert takes.error <= best * (1 + 2e-6) + 1e-9
    for what, key in (("flash", "flash_bytes"), ("cycles", "cycles"), ("ram", "live_bytes")):
        smallest = least(layers, what, room)
        assert smallest is not None
        assert getattr(total(layers, smallest), key) == min(getattr(other, key) for _, other in possible)


def test_of_equal_errors_the_smallest() -> None:
    layer = [
        Option("a", 0.5, 100, {"f": 0}, 1, 1),
        Option("b", 0.5, 60, {"f": 0}, 9, 1),
        Option("c", 0.7, 10, {"f": 0}, 1, 1),
    ]
    assert least_error([layer, layer], Room()) == (1, 1)


def test_code_is_paid_once() -> None:
    layer = [Option("int8", 0.0, 100, {"int8": 50}, 1, 1), Option("int4", 1.0, 50, {"int4": 60}, 1, 1)]
    # one layer alone does not pay for another kernel; two do
    assert least([layer], "flash", Room()) == (1,)
    assert total([layer, layer], (0, 1)).flash_bytes == 260
    assert least_error([layer, layer], Room(flash_bytes=200)) == (1, 1)


def test_errors_of_many_magnitudes() -> None:
    """Differences below HiGHS's absolute gap of 1e-6 still decide."""
    fine = [Option("a", 3e-9, 10, {"f": 0}, 0, 1), Option("b", 1e-9, 10, {"f": 0}, 0, 1)]
    coarse = [Option("a", 2e-4, 10, {"f": 0}, 0, 1), Option("b", 5e-4, 10, {"f": 0}, 0, 1)]
    assert least_error([fine, coarse], Room()) == (1, 0)


def test_the_solver_says_nothing(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """HiGHS prints on the process's stdout, past Python's."""
    solve = scipy.optimize.milp

    def chatty(*arguments: Any, **options: Any) -> Any:
        os.write(1, b"HighsMipSolverData\n")
        ctypes.CDLL(None).puts(b"tmpSolver.run();")
        return solve(*arguments, **options)

    monkeypatch.setattr(scipy.optimize, "milp", chatty)
    assert least_error([[Option("int8", 0.1, 5, {}, 1, 1)]], Room()) == (0,)
    print("done")
    assert capfd.readouterr().out == "done\n"


@pytest.fixture
def front() -> Front:
    def layer(size: int) -> list[Option]:
        return [
            Option("int8", 0.001 * size, size, {"int8": 100}, size, 64),
            Option("int4", 0.1 * size, size // 2, {"int4": 100}, 2 * size, 32),
        ]

    limits = Limits(10_000, 10_000, 10_000)
    return Front({"a": layer(400), "b": layer(1000), "c": layer(200)}, limits, Total(0.0, 500, 50, 7))


def test_targets_go_from_least_error_to_least_flash(front: Front) -> None:
    targets = front.targets("flash", 5)
    assert targets == sorted(targets, reverse=True)
    assert front.best(front.room("flash", targets[0], Room(0, 0, 0))) == dict.fromkeys("abc", "int8")
    assert front.best(front.room("flash", targets[-1], Room(0, 0, 0))) == dict.fromkeys("abc", "int4")
    assert front.best(front.room("flash", targets[-1] - 1, Room(0, 0, 0))) is None
    assert front.best(front.room("flash", targets[-1], Room(1, 0, 0))) is None  # its build had turned out larger


def test_more_flash_never_means_more_error(front: Front) -> None:
    errors = []
    for target in front.targets("flash", 12):
        picks = front.best(front.room("flash", target, Room(0, 0, 0)))
        assert picks is not None
        assert front.own(picks).flash_bytes <= target
        errors.append(front.own(picks).error)
    assert errors == sorted(errors)


def test_what_a_build_exceeded_is_taken_off_the_budget(front: Front) -> None:
    whole = front.best(front.room("cycles", 1e9, Room(0, 0, 0)))
    assert whole == dict.fromkeys("abc", "int8")
    less = front.best(front.room("cycles", 1e9, Room(10_000 - 500 - 1700 + 1, 0, 0)))
    assert less is not None
    assert less != whole


def test_ram_is_each_layers_own_limit(front: Front) -> None:
    assert front.best(front.room("ram", 63, Room(0, 0, 0))) == dict.fromkeys("abc", "int4")
    assert front.least("ram") == dict.fromkeys("abc", "int4")


def test_nothing_is_nothing() -> None:
    assert Total(0.0, 0, 0, 0) == NOTHING
