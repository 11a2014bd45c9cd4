"""Every kernel for floating-point activations lies within its bound of a float64 evaluation, on random shapes and
numbers of every size; conversions between types are exact."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from edgeq import stepwise
from edgeq.board import load_board
from edgeq.emit.firmware import emit
from edgeq.firmware import make
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.ops.float_types import FLOATS
from edgeq.plan.arena import plan
from edgeq.simulate.session import RunOptions, RunResult, run_samples
from tests.ops import float_cases, training_cases
from tests.ops.cases import Case, CaseGraph
from tests.ops.test_exact import OPTIONS, TARGETS, drawn_cases, is_special
from tests.tools import require_board

CASES = {**float_cases.CASES, **training_cases.CASES}
#: magnitudes of the samples' numbers: usual ones, large ones, below the normal numbers of FP16
SIZES = (1.0, 40.0, 3e-6)


@functools.cache
def cases_of(kind: str) -> tuple[Case, ...]:
    return tuple(case for strategy, count in CASES[kind] for case in drawn_cases(strategy, count))


def random_inputs(graph: Graph, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A sample of each size and one of mixed sizes; integers over their whole range."""
    inputs = {}
    for name in graph.inputs:
        tensor = graph.tensor(name)
        shape = tensor.shape[1:]
        if tensor.dtype in FLOATS:
            drawn = [rng.standard_normal(shape) * size for size in SIZES]
            drawn.append(rng.standard_normal(shape) * np.exp2(rng.uniform(-20, 6, shape)))
            inputs[name] = np.stack(drawn).astype(tensor.dtype)
        else:
            info = np.iinfo(tensor.dtype)
            inputs[name] = rng.integers(info.min, info.max + 1, (len(SIZES) + 1, *shape)).astype(tensor.dtype)
    return inputs


def run(graph: Graph, target: str, inputs: dict[str, np.ndarray]) -> tuple[RunResult, dict[str, stepwise.Gap]]:
    """What a firmware of the graph makes of the inputs, and how far every layer is from what it should make."""
    board_name, isa = TARGETS[target]
    board = dataclasses.replace(load_board(board_name), isa=isa)
    program = lower(graph, board)
    with TemporaryDirectory() as name:
        folder = Path(name)
        emit(program, plan(program), folder, OPTIONS)
        make.build(folder, board)
        firmware = open_folder(folder)
        result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True))
        return result, stepwise.gaps(firmware, inputs, stepwise.recorded(firmware, result))


def check(target: str, cases: Sequence[Case]) -> None:
    require_board(TARGETS[target][0])
    rng = np.random.default_rng(0)
    builder = CaseGraph(rng)
    for case in cases:
        case.add(builder)
    graph = builder.finish()
    _, gaps = run(graph, target, random_inputs(graph, rng))
    wrong = [f"{key}: {gap}\n{case.text}" for (key, gap), case in zip(gaps.items(), cases, strict=True) if gap.beyond]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_host(kind: str) -> None:
    cases = cases_of(kind)
    check("host-scalar", cases)
    if is_special(cases, "host-xpulp"):
        check("host-xpulp", cases)


@pytest.mark.qemu
@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("target", ["riscv-rv32imc", "riscv-8core", "cortex-m4", "cortex-m55"])
def test_qemu(target: str, kind: str) -> None:
    check(target, cases_of(kind))


def every_number(target: str) -> None:
    """FP16 to float32 of all 65536 bit patterns; float32 to FP16 of patterns of every exponent and of ties."""
    require_board(TARGETS[target][0])
    builder, shape = CaseGraph(np.random.default_rng(0)), (1, 4096)
    builder.node("convert", [builder.activation(shape, 0, 1.0, "float16")], 0, {}, 1.0, "float32")
    builder.node("convert", [builder.activation(shape, 0, 1.0, "float32")], 0, {}, 1.0, "float16")
    halves = np.arange(65536).astype(np.uint16).view(np.float16).reshape(16, 4096)
    bits = builder.rng.integers(0, 1 << 32, (16, 4096), dtype=np.uint64).astype(np.uint32)
    bits[8:] = (halves[8:].astype(np.float32).view(np.uint32) & 0xFFFFE000) + 0x1000  # in the middle of two halves
    bits[12:] += builder.rng.integers(-1, 2, (4, 4096)).astype(np.uint32)
    singles = bits.view(np.float32)
    _, gaps = run(builder.finish(), target, {"x0": halves, "x1": singles})
    assert [gap.values for gap in gaps.values()] == [0, 0]


def test_conversions_are_exact_on_host() -> None:
    every_number("host-scalar")


@pytest.mark.qemu
@pytest.mark.parametrize("target", ["riscv-8core", "cortex-m4"])
def test_conversions_are_exact_on_qemu(target: str) -> None:
    every_number(target)


@pytest.mark.qemu
def test_half_sums_stay_in_range() -> None:
    """Sums in FP16 of the largest inputs: undivided, those of four weights would be infinite and all that follow no
    numbers."""
    require_board("cortex-m55")
    graph = CaseGraph(np.random.default_rng(0))
    x = graph.activation((1, 16), 0, 1.0, "float16")
    weights = np.tile(np.repeat([1.0, -1.0], 4), (8, 2)).astype(np.float16)
    operands = [x, graph.constant("w", weights), graph.constant("b", np.zeros(8, np.float32))]
    graph.node("linear", operands, 0, {"activation": (None, None)}, 1.0, "float16")
    finished = graph.finish()
    inputs = {x: np.stack([np.full(16, 65504.0), np.tile(np.repeat([65504.0, 65000.0], 4), 2)]).astype(np.float16)}
    result, gaps = run(finished, "cortex-m55", inputs)
    assert not any(gap.beyond for gap in gaps.values())
    (made,) = result.outputs.values()
    assert np.isfinite(made).all()
