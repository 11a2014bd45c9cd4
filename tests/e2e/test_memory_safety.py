"""A generated network keeps to its memory: run twice over a poisoned arena, and with guards around every buffer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.firmware import make
from edgeq.firmware.stack import Bound
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.ir.graph import Graph
from edgeq.plan.arena import plan
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.reports.stack import read_stack
from edgeq.simulate.session import RunOptions, run_samples
from tests.tools import require_board

OPTIONS = EmitOptions("speed", "int8", {"file": "example", "sha256": ""})
POISON = 0x5A
GUARD_BYTES = 32
BOARDS = [
    "host",
    pytest.param("cortex-m4", marks=pytest.mark.qemu),
    pytest.param("riscv-8core", marks=pytest.mark.qemu),
]
NETWORKS = [("kws_integer", "speed"), ("resnet8_integer", "speed"), ("resnet8_integer", "ram")]


def samples_of(network: str, request: pytest.FixtureRequest) -> Samples:
    samples: Samples = request.getfixturevalue(network.replace("integer", "samples"))
    return samples.evenly(1)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(("network", "optimize"), NETWORKS)
def test_second_run_over_poison_equals_the_first(
    board: str, network: str, optimize: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    require_board(board)
    graph: Graph = request.getfixturevalue(network)
    pipeline.generate(graph, load_board(board), tmp_path, dataclasses.replace(OPTIONS, optimize=optimize))
    firmware = open_folder(tmp_path)
    once = quantize_inputs(graph, samples_of(network, request))
    twice = {name: np.concatenate([array, array]) for name, array in once.items()}
    expected = reference.run(graph, twice)
    for poison in (False, True):
        result = run_samples(firmware, twice, RunOptions(poison=poison))
        for name in graph.outputs:
            np.testing.assert_array_equal(result.outputs[name], expected[name])
    if board != "host":
        stack = read_stack(firmware, result.stack_bytes)
        assert stack is not None
        assert stack.holds
        assert isinstance(stack.simulated, Bound)
        assert result.stack_bytes > 0.8 * stack.simulated.bytes
        assert stack.simulated.callbacks == ()


def built_with_guards(graph: Graph, board: str, optimize: str, folder: Path) -> tuple[FirmwareFolder, np.ndarray]:
    """A firmware whose buffers never share bytes, and a mask of the arena's bytes that belong to none."""
    program, _ = pipeline.arrange(graph, load_board(board), optimize)
    layout = plan(program, reuse=False, guard_bytes=GUARD_BYTES)
    emit(program, layout, folder, OPTIONS)
    make.build(folder, program.board)
    unused = np.ones(layout.arena_bytes, bool)
    for buffer in layout.buffers:
        start = layout.offsets[buffer.name]
        assert unused[start - GUARD_BYTES : start].all()
        unused[start : start + buffer.size_bytes] = False
    return open_folder(folder), unused


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(("network", "optimize"), NETWORKS)
def test_no_byte_outside_a_buffer_is_written(
    board: str, network: str, optimize: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    require_board(board)
    graph: Graph = request.getfixturevalue(network)
    firmware, unused = built_with_guards(graph, board, optimize, tmp_path)
    inputs = quantize_inputs(graph, samples_of(network, request))
    result = run_samples(firmware, inputs, RunOptions(poison=True, arena=True))
    assert result.arena is not None
    assert (result.arena[:, unused] == POISON).all()
    assert not (result.arena[:, ~unused] == POISON).all()
    np.testing.assert_array_equal(result.outputs[graph.outputs[0]], reference.run(graph, inputs)[graph.outputs[0]])
