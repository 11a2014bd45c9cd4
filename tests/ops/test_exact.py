"""Every kernel equals the numpy reference on random shapes, paddings, scales and zero points: on the host under
sanitizers and on QEMU for every instruction set."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis.strategies import SearchStrategy

from edgeq import reference
from edgeq.board import Board, load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.firmware import make
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.ir.graph import Graph
from edgeq.lower.select import Candidate, candidates, lower
from edgeq.ops import embedding
from edgeq.ops.softmax import exp_table
from edgeq.plan.arena import plan
from edgeq.plan.over_input import overwriting
from edgeq.quantize.count_bits import count_bits
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.verification import compare
from tests.ops.cases import FORMS, Case, CaseGraph, pointwise_case, winograd_case, winograd_cases
from tests.ops.groups import CASES
from tests.ops.wide_cases import widest_case
from tests.tools import require_board

#: board -> the instruction set whose kernels are under test there
TARGETS = {
    "host-scalar": ("host", ("scalar",)),
    "host-rv32im": ("host", ("rv32im", "scalar")),
    "host-xpulp": ("host", ("xpulp", "scalar")),
    "riscv-rv32imc": ("riscv-rv32imc", ("rv32im", "scalar")),
    "riscv-8core": ("riscv-8core", ("xpulp", "scalar")),
    "cortex-m4": ("cortex-m4", ("dsp", "scalar")),
    "cortex-m55": ("cortex-m55", ("mve", "scalar")),
    "riscv-rvv": ("riscv-rvv", ("rvv", "scalar")),
}
#: where a target's firmware runs besides: vectors of another length
RUNS_ALSO_ON = {"riscv-rvv": ("riscv-rvv256",)}
#: groups with kernels of vectors
VECTOR_KINDS = ("binary", "conv2d", "dwconv2d", "linear", "narrow_dwconv2d", "other", "residual")
#: drawn of every group
COUNT = 100
CASES_A_FIRMWARE = 50
#: their weights take up to 8 times the flash
WINOGRAD_CASES_A_FIRMWARE = 12
#: of a row, so that its sum is 512 times each
EQUAL_VALUES = 512
OPTIONS = EmitOptions("speed", "int8", {"file": "cases", "sha256": ""})


def run_cases(
    cases: Sequence[Case],
    target: str,
    seed: int,
    over_input: bool = False,
    in_place: bool = False,
    kernel: str = "",
    cores: int | None = None,
) -> int:
    """Builds one firmware of all cases, runs it on random and extreme inputs, compares every layer. `in_place`: every
    output is expected where its input is. `kernel`: part of the name of the kernel that all cases use. `cores`: parts
    of any size that each layer is computed in, one after another. Returns how many layers ran over their input."""
    board_name, isa = TARGETS[target]
    board = dataclasses.replace(load_board(board_name), isa=isa)
    rng = np.random.default_rng(seed)
    builder = CaseGraph(rng)
    for case in cases:
        case.add(builder)
    graph = count_bits(builder.finish())
    program = lower(graph, board, picked(graph, board, kernel) if kernel else None)
    if cores is not None:
        parts = [dataclasses.replace(layer, granule=1, cores=min(cores, layer.units)) for layer in program.layers]
        program = dataclasses.replace(program, layers=tuple(parts))
    if over_input:
        forms = overwriting(program)
        program = dataclasses.replace(program, layers=tuple(forms.get(layer.index, layer) for layer in program.layers))
    arena = plan(program)
    if in_place:
        places = [(layer.node.inputs[0], layer.node.output) for layer in program.layers]
        assert all(arena.tensor_offset(x) == arena.tensor_offset(y) for x, y in places)
    with TemporaryDirectory() as folder:
        emit(program, arena, Path(folder), OPTIONS)
        make.build(Path(folder), board)
        firmware = open_folder(Path(folder))
        inputs, texts = random_inputs(graph, rng), [case.text for case in cases for _ in range(case.nodes)]
        for name in (board_name, *RUNS_ALSO_ON.get(target, ())):
            assert_layers_exact(dataclasses.replace(firmware, board=load_board(name)), inputs, texts)
    return sum(layer.over_input is not None for layer in program.layers)


def picked(graph: Graph, board: Board, kernel: str) -> dict[str, Candidate]:
    """For every node the kernel that has `kernel` in its name."""
    return {
        node.name: next(item for item in candidates(graph, node, board) if kernel in item.kernel.function)
        for node in graph.nodes
    }


def random_inputs(graph: Graph, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Four samples: two random ones (the first with indices of rows that exist), all lowest, all highest."""
    inputs = {}
    for name in graph.inputs:
        tensor = graph.tensor(name)
        info, shape = np.iinfo(tensor.dtype), tensor.shape[1:]
        drawn = rng.integers(info.min, info.max + 1, (2, *shape))
        rows = min(embedding.row_counts(graph, name), default=0)
        drawn[:1] = rng.integers(0, rows, (1, *shape)) if rows else drawn[:1]
        ends = [np.full((1, *shape), end) for end in (info.min, info.max)]
        inputs[name] = np.concatenate([drawn, *ends]).astype(tensor.dtype)
    return inputs


def assert_layers_exact(firmware: FirmwareFolder, inputs: dict[str, np.ndarray], texts: list[str]) -> None:
    result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True))
    expected: dict[str, np.ndarray] = {}
    reference.run(firmware.graph, inputs, watch=lambda name, values: expected.setdefault(name, values))
    for layer, text in zip(firmware.manifest["layers"], texts, strict=True):
        difference = compare(layer["key"], expected[layer["output"]], result.layers[layer["key"]])
        assert difference is None, f"{layer['function']}: {difference}\n{text}"
    for name in firmware.graph.outputs:  # those behind the first of a layer as well
        difference = compare(name, expected[name], result.outputs[name])
        assert difference is None, f"output {name}: {difference}"


@functools.cache
def cases_of(kind: str, count: int) -> tuple[Case, ...]:
    """`count` different cases of a group."""
    return tuple(drawn_cases(CASES[kind], count))


def is_special(cases: Sequence[Case], target: str) -> bool:
    """Whether a kernel of the target's own instruction set is under test, not none but what the host runs as well."""
    board_name, isa = TARGETS[target]
    board = dataclasses.replace(load_board(board_name), isa=isa)
    builder = CaseGraph(np.random.default_rng(0))
    for case in cases:
        case.add(builder)
    graph = count_bits(builder.finish())
    return any(candidates(graph, node, board)[0].kernel.isa == isa[0] for node in graph.nodes)


def drawn_cases(strategy: SearchStrategy[Case], count: int) -> list[Case]:
    """`count` different cases as hypothesis draws them, the same every time."""
    cases: list[Case] = []

    @settings(max_examples=count, deadline=None, derandomize=True, database=None, phases=(Phase.generate,))
    @given(case=strategy)
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    return cases


def check(target: str, cases: Sequence[Case], over_input: bool = False) -> None:
    require_board(TARGETS[target][0])
    over = 0
    for seed, start in enumerate(range(0, len(cases), CASES_A_FIRMWARE)):
        over += run_cases(cases[start : start + CASES_A_FIRMWARE], target, seed, over_input)
    assert over >= (2 if over_input else 0)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_host(kind: str) -> None:
    """The scalar kernels, and those of other instruction sets that are C without them."""
    cases = cases_of(kind, COUNT)
    check("host-scalar", cases)
    for target in ("host-rv32im", "host-xpulp"):
        if is_special(cases, target):
            check(target, cases)


@pytest.mark.qemu
@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("target", ["riscv-rv32imc", "riscv-8core", "cortex-m4", "cortex-m55"])
def test_qemu(target: str, kind: str) -> None:
    """All cases where a kernel of the instruction set is among them; one firmware where the host has proven all."""
    cases = cases_of(kind, COUNT)
    check(target, cases if is_special(cases, target) else cases[:CASES_A_FIRMWARE])


@pytest.mark.qemu
@pytest.mark.parametrize("kind", VECTOR_KINDS)
def test_vectors_of_two_lengths(kind: str) -> None:
    """One firmware, with vectors of 128 and of 256 bits."""
    check("riscv-rvv", cases_of(kind, COUNT)[:CASES_A_FIRMWARE])


@pytest.mark.parametrize("kind", ["conv2d", "dwconv2d"])
def test_over_input_on_host(kind: str) -> None:
    """Convolutions over their own input."""
    check("host-scalar", cases_of(kind, COUNT), over_input=True)


@pytest.mark.qemu
@pytest.mark.parametrize("kind", ["conv2d", "dwconv2d"])
@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m55"])
def test_over_input_on_qemu(target: str, kind: str) -> None:
    check(target, cases_of(kind, COUNT)[:CASES_A_FIRMWARE], over_input=True)


@pytest.mark.qemu
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m55", "riscv-rvv"])
def test_pointwise_in_place(target: str, form: str) -> None:
    """Pointwise kernels with the output where the input is: every remainder of pixels, channels around every block."""
    require_board(TARGETS[target][0])
    cases = [
        pointwise_case(channels, (height, 3), form)
        for channels in (1, 3, 4, 6, 16, 20, 33, 64, 65, 80, 96)
        for height in (1, 2, 3, 4)
    ]
    run_cases(cases, target, 0, in_place=True)


@pytest.mark.parametrize("target", ["host-scalar", pytest.param("cortex-m55", marks=pytest.mark.qemu)])
def test_softmax_whose_quotient_is_whole(target: str) -> None:
    """Rows of 512 equal values: each share is 1/512 plus a half, a quotient of exactly 1, which the product with the
    sum's reciprocal gives as 0 and only a remainder equal to the divisor puts right."""
    require_board(TARGETS[target][0])

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, 2, EQUAL_VALUES), 0, 0.05)
        table = graph.constant("table", exp_table(0.05, EQUAL_VALUES))
        graph.node("softmax", [x, table], -128, {}, scale=1 / 256)

    run_cases([Case("softmax of equal values", add)], target, 0)


def check_winograd(target: str, kernel: str, count: int, over_input: bool = False, cores: int | None = None) -> None:
    require_board(TARGETS[target][0])
    cases = drawn_cases(winograd_cases(), count)
    over = 0
    for seed, start in enumerate(range(0, len(cases), WINOGRAD_CASES_A_FIRMWARE)):
        part = cases[start : start + WINOGRAD_CASES_A_FIRMWARE]
        over += run_cases(part, target, seed, over_input, kernel=kernel, cores=cores)
    assert over >= (count // 20 if over_input else 0)


@pytest.mark.parametrize("over_input", [False, True])
@pytest.mark.parametrize("kernel", ["winograd2x2", "winograd4x4"])
def test_winograd_on_host(kernel: str, over_input: bool) -> None:
    check_winograd("host-rv32im", kernel, 100, over_input)


@pytest.mark.parametrize(("kernel", "in_c"), [("winograd2x2", 3669), ("winograd4x4", 229)])
def test_winograd_at_its_limit(kernel: str, in_c: int) -> None:
    """Sums as large as they may become; with one more channel the kernel does not apply."""
    run_cases([winograd_case((2, 3), in_c, 127), winograd_case((2, 3), in_c, -127)], "host-rv32im", 0, kernel=kernel)
    graph = CaseGraph(np.random.default_rng(0))
    winograd_case((2, 3), in_c + 1, 127).add(graph)
    board = dataclasses.replace(load_board("host"), isa=TARGETS["host-rv32im"][1])
    finished = graph.finish()
    names = [item.kernel.function for item in candidates(finished, finished.nodes[0], board)]
    assert names
    assert not any(kernel in name for name in names)


@pytest.mark.parametrize("kernel", ["winograd2x2", "winograd4x4"])
def test_winograd_in_parts_on_host(kernel: str) -> None:
    """Ranges that begin and end anywhere in a tile."""
    check_winograd("host-rv32im", kernel, 60, cores=5)


@pytest.mark.qemu
def test_winograd_in_parts_on_qemu() -> None:
    check_winograd("cortex-m4", "winograd2x2", 60, cores=5)


@pytest.mark.qemu
@pytest.mark.parametrize("over_input", [False, True])
@pytest.mark.parametrize(
    ("target", "kernel"),
    [("cortex-m4", "winograd2x2"), ("riscv-rv32imc", "winograd2x2"), ("riscv-rv32imc", "winograd4x4")],
)
def test_winograd_on_qemu(target: str, kernel: str, over_input: bool) -> None:
    check_winograd(target, kernel, 100, over_input)


@pytest.mark.parametrize(
    ("target", "kernel"),
    [
        ("host-xpulp", "s16_xpulp"),
        pytest.param("cortex-m4", "s16_dsp", marks=pytest.mark.qemu),
        pytest.param("cortex-m55", "s16_mve", marks=pytest.mark.qemu),
    ],
)
def test_int16_sums_at_the_limit(target: str, kernel: str) -> None:
    """Sums of 32 bits that become as large as they can; where they could be one larger the kernel does not apply."""
    require_board(TARGETS[target][0])
    largest = 2**31 - 1 - 516 * 127 * 2**15
    for weight, bias in ((127, -largest), (-127, largest)):
        run_cases([widest_case(weight, bias)], target, 0, kernel=kernel)
        graph = CaseGraph(np.random.default_rng(0))
        widest_case(weight, bias + int(np.sign(bias))).add(graph)
        board = dataclasses.replace(load_board(TARGETS[target][0]), isa=TARGETS[target][1])
        finished = graph.finish()
        names = [item.kernel.function for item in candidates(finished, finished.nodes[0], board)]
        assert names == ["eq_linear_s16_scalar"]


@pytest.mark.sweep
@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_sweep(target: str, kind: str) -> None:
    check(target, cases_of(kind, 2000))
