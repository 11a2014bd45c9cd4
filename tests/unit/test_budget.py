"""Budgets: what --budget accepts, the choice against trying everything, the search where estimates are off."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.board import load_board
from edgeq.budget import Budget, Limits, limits_on, parse
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.lower.alternatives import Alternatives
from edgeq.lower.choice import Option, choose, flash_of, smallest
from edgeq.lower.select import first_choice, lower
from edgeq.lower.within import MOST_BUILDS, Built, within
from edgeq.plan.arena import plan

KERNELS = ("direct", "packed", "winograd", "scalar")


@pytest.mark.parametrize(
    ("texts", "budget"),
    [
        ([], None),
        (["flash=300000"], Budget(300000, None)),
        (["flash=300KB"], Budget(300000, None)),
        (["flash=1.5 KiB,ram=2kb"], Budget(1536, 2000)),
        (["ram=1MiB", "flash=2MB"], Budget(2000000, 1048576)),
    ],
)
def test_parse(texts: list[str], budget: Budget | None) -> None:
    assert parse(texts) == budget


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["300KB"], "'300KB' is no limit"),
        (["cycles=3"], "'cycles=3' is no limit"),
        (["flash"], "'flash' is no limit"),
        (["flash=300KB,"], "'' is no limit"),
        (["flash="], "'' is no size"),
        (["flash=-3"], "'-3' is no size"),
        (["flash=3TB"], "'3TB' is no size"),
        (["flash=0.4"], "at least one byte"),
        (["flash=1KB,flash=2KB"], "flash is given twice"),
        (["ram=1KB", "ram=1KB"], "ram is given twice"),
    ],
)
def test_parse_refuses(texts: list[str], words: str) -> None:
    with pytest.raises(EdgeqError, match=words):
        parse(texts)


def test_a_board_is_a_limit_too() -> None:
    board = load_board("riscv-rv32imc")
    assert limits_on(board, Budget(10**9, None)) == Limits(512 * 1024, 128 * 1024 - 4096)
    assert limits_on(board, Budget(1000, 10**9)) == Limits(1000, 128 * 1024 - 4096)
    assert limits_on(load_board("host"), Budget(None, 7)) == Limits(float("inf"), 7)


@st.composite
def layers(draw: st.DrawFn) -> list[list[Option]]:
    """Up to five layers of up to four kernels; a kernel has the same code in all of them."""
    code = {kernel: draw(st.integers(0, 5000)) for kernel in KERNELS}
    sizes = st.integers(0, 10) | st.integers(0, 300_000)
    counts = st.integers(0, 10) | st.integers(0, 200_000_000)
    return [
        [Option(draw(counts), draw(sizes), kernel, code[kernel]) for kernel in draw(st.permutations(KERNELS))[:count]]
        for count in draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    ]


def every_choice(options: list[list[Option]]) -> list[tuple[int, int]]:
    """(instructions, flash) of all assignments."""
    return [
        (
            sum(layer[pick].instructions for layer, pick in zip(options, picks, strict=True)),
            flash_of(options, picks),
        )
        for picks in itertools.product(*(range(len(layer)) for layer in options))
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(options=layers(), share=st.floats(0, 1.1))
def test_choice_is_the_best_of_all(options: list[list[Option]], share: float) -> None:
    everything = every_choice(options)
    least, most = min(flash for _, flash in everything), max(flash for _, flash in everything)
    limit = int(least + share * (most - least)) - (share < 0.05)
    expected = min((pair for pair in everything if pair[1] <= limit), default=None)
    choice = choose(options, limit)
    if expected is None:
        assert choice is None
    else:
        assert choice is not None
        assert (choice.instructions, choice.flash_bytes) == expected
        assert flash_of(options, choice.picks) == choice.flash_bytes
    tiny = smallest(options)
    assert (tiny.flash_bytes, tiny.instructions) == min((flash, count) for count, flash in everything)


@dataclass
class FakeCompiler:
    """Makes ELFs whose code is `extra` bytes more than the estimates say, for each build anew."""

    graph: Graph
    board: Any
    extra: tuple[int, ...]
    functions: list[list[str]]

    def plan(self, chosen: Any) -> Any:
        program = lower(self.graph, self.board, chosen)
        return program, plan(program)

    def build(self, program: Any, arena: Any) -> Built:
        extra = self.extra[min(len(self.functions), len(self.extra) - 1)]
        self.functions.append([layer.function for layer in program.layers])
        code = {layer.kernel.function: layer.kernel.code_bytes for layer in program.layers}
        constants = sum(layer.weights_bytes for layer in program.layers)
        return Built(constants + sum(code.values()) + extra, arena.arena_bytes + 100)


def search(graph: Graph, board_name: str, limits: Limits, *extra: int) -> tuple[int, FakeCompiler]:
    board = load_board(board_name)
    compiler = FakeCompiler(graph, board, extra, [])
    return within(Alternatives(graph, board), limits, compiler.plan, compiler.build), compiler


def winograds(functions: list[str]) -> int:
    return sum("winograd" in function for function in functions)


def test_room_is_used(resnet8_integer: Graph) -> None:
    best, compiler = search(resnet8_integer, "cortex-m4", Limits(10**6, 10**6), 5000)
    assert best == 0
    assert len(compiler.functions) == 1
    assert winograds(compiler.functions[0]) == 5


def test_a_wrong_estimate_is_corrected(resnet8_integer: Graph) -> None:
    """Code that turns out larger takes room from the constants; code that turns out smaller gives some back."""
    limits = Limits(110_000, 10**6)
    _, exact = search(resnet8_integer, "cortex-m4", limits, 5000)
    best, larger = search(resnet8_integer, "cortex-m4", limits, 14_000)
    assert winograds(larger.functions[0]) == winograds(exact.functions[0])
    assert 0 < best < len(larger.functions)
    assert winograds(larger.functions[best]) < winograds(exact.functions[-1])
    best, smaller = search(resnet8_integer, "cortex-m4", Limits(95_000, 10**6), -12_000)
    assert best == 1
    assert winograds(smaller.functions[1]) > winograds(smaller.functions[0])


def test_builds_are_bounded(resnet8_integer: Graph) -> None:
    """A compiler that needs more every time is asked for the smallest at last, then refused."""
    board = load_board("riscv-rv32imc")
    extra = tuple(20_000 * count for count in range(1, 20))
    compiler = FakeCompiler(resnet8_integer, board, extra, [])
    with pytest.raises(EdgeqError, match=r"flash is limited to 150000 bytes and the smallest firmware found needs \d+"):
        within(Alternatives(resnet8_integer, board), Limits(150_000, 10**6), compiler.plan, compiler.build)
    assert 1 < len(compiler.functions) <= MOST_BUILDS + 1


def test_too_little_flash(resnet8_integer: Graph) -> None:
    with pytest.raises(EdgeqError, match="flash is limited to 50000 bytes"):
        search(resnet8_integer, "riscv-rv32imc", Limits(50_000, 10**6), 5000)


def test_too_little_ram(resnet8_integer: Graph) -> None:
    with pytest.raises(EdgeqError, match=r"RAM without stacks is limited to 20000 bytes .* needs \d+"):
        search(resnet8_integer, "riscv-rv32imc", Limits(10**6, 20_000), 5000)


def test_ram_forbids_scratch_memory(resnet8_integer: Graph) -> None:
    """Between the arena with Winograd and the one without, some layers go without."""
    board = load_board("riscv-rv32imc")
    _, free = search(resnet8_integer, "riscv-rv32imc", Limits(10**6, 10**6), 5000)
    without = plan(lower(resnet8_integer, board)).arena_bytes
    limit = without + 200
    best, tight = search(resnet8_integer, "riscv-rv32imc", Limits(10**6, limit), 5000)
    assert winograds(tight.functions[best]) < winograds(free.functions[0])


def test_less_flash_than_the_first_choice_needs(resnet8_integer: Graph) -> None:
    """On rv32im the first choice's weights take more than twice the plain ones."""
    board = load_board("riscv-rv32imc")
    firsts = [first_choice(resnet8_integer, layer.node, board) for layer in lower(resnet8_integer, board).layers]
    chosen = Alternatives(resnet8_integer, board).smallest()
    plain = sum(candidate.constant_bytes for candidate in chosen.values())
    assert plain < 0.5 * sum(candidate.constant_bytes for candidate in firsts)
    for first in firsts:
        candidate = chosen[first.node.name]
        if candidate.function != first.function:
            assert candidate.instead_of == first.function
            assert "fewer than " + first.function in candidate.why


def test_a_choice_holds_for_a_variant_of_the_graph(resnet8_integer: Graph) -> None:
    board = load_board("riscv-rv32imc")
    chosen = Alternatives(resnet8_integer, board).smallest()
    variant = resnet8_integer.with_nodes(list(resnet8_integer.nodes), dict(resnet8_integer.tensors))
    program = lower(variant, board, chosen)
    assert [layer.function for layer in program.layers] == [
        layer.function for layer in lower(resnet8_integer, board, chosen).layers
    ]
    assert {layer.node.name for layer in program.layers if layer.instead_of}
