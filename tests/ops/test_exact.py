"""Every kernel equals the numpy reference on random shapes, paddings, scales and zero points: on the host under
sanitizers and on QEMU for every instruction set."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from edgeq import pipeline, reference
from edgeq.boards import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.verify import compare
from tests.ops.cases import CASES, Case, CaseGraph
from tests.tools import require_board

#: board -> the instruction set whose kernels are under test there
TARGETS = {
    "host-scalar": ("host", ("scalar",)),
    "host-xpulp": ("host", ("xpulp", "scalar")),
    "riscv-rv32imc": ("riscv-rv32imc", ("scalar",)),
    "riscv-8core": ("riscv-8core", ("xpulp", "scalar")),
    "cortex-m4": ("cortex-m4", ("dsp", "scalar")),
    "cortex-m55": ("cortex-m55", ("mve", "scalar")),
}
OPTIONS = EmitOptions("speed", "int8", {"file": "cases", "sha256": ""})


def run_cases(cases: list[Case], target: str, seed: int) -> None:
    """Builds one firmware of all cases, runs it on random and extreme inputs, compares every layer."""
    board_name, isa = TARGETS[target]
    board = dataclasses.replace(load_board(board_name), isa=isa)
    rng = np.random.default_rng(seed)
    builder = CaseGraph(rng)
    for case in cases:
        case.add(builder)
    graph = builder.finish()
    inputs = {}
    for name in graph.inputs:
        shape = graph.tensor(name).shape[1:]
        drawn = rng.integers(-128, 128, (2, *shape)).astype(np.int8)
        inputs[name] = np.concatenate([drawn, np.full((1, *shape), -128, np.int8), np.full((1, *shape), 127, np.int8)])
    with TemporaryDirectory() as folder:
        pipeline.generate(graph, board, Path(folder), OPTIONS)
        firmware = open_folder(Path(folder))
        result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True))
    expected: dict[str, np.ndarray] = {}
    reference.run(graph, inputs, watch=lambda name, values: expected.setdefault(name, values))
    for layer, case in zip(firmware.manifest["layers"], cases, strict=True):
        difference = compare(layer["key"], expected[layer["output"]], result.layers[layer["key"]])
        assert difference is None, f"{layer['function']} on {target}: {difference}\n{case.text}"


def drawn_cases(kind: str, count: int) -> list[Case]:
    """`count` different cases as hypothesis draws them, the same every time."""
    cases: list[Case] = []

    @settings(max_examples=count, deadline=None, derandomize=True, database=None, phases=(Phase.generate,))
    @given(case=CASES[kind])
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    return cases


def check(target: str, kind: str, count: int, per_firmware: int = 50) -> None:
    require_board(TARGETS[target][0])
    cases = drawn_cases(kind, count)
    for seed, start in enumerate(range(0, len(cases), per_firmware)):
        run_cases(cases[start : start + per_firmware], target, seed)


@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("target", ["host-scalar", "host-xpulp"])
def test_host(target: str, kind: str) -> None:
    check(target, kind, 100)


@pytest.mark.qemu
@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("target", ["riscv-rv32imc", "riscv-8core", "cortex-m4", "cortex-m55"])
def test_qemu(target: str, kind: str) -> None:
    check(target, kind, 100)


@pytest.mark.sweep
@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_sweep(target: str, kind: str) -> None:
    check(target, kind, 2000)
