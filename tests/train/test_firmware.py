"""The firmware of a training step: every layer within its bound, step after step, on every kind of board; the same
bytes every time; the same losses and parameters as PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq import pipeline, stepwise
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.emit.training import Beside, wrapping
from edgeq.firmware import make
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.ir import verify
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.ops import step_control
from edgeq.plan.arena import Plan, plan
from edgeq.quantize.data import Samples
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.train import commit, curve, derive, recompute, simulate, torch_mirror
from edgeq.train.commit import Commit
from edgeq.train.derive import TrainingGraph
from edgeq.train.simulate import EVALUATE, KEEP, ROLLBACK, STEP, Record
from tests.tools import require_board
from tests.train import networks

BOARDS = ["host", *(pytest.param(name, marks=pytest.mark.qemu) for name in ("riscv-8core", "cortex-m4", "cortex-m55"))]
STEPS = 6


def built(training: TrainingGraph, board: str, folder: Path, inference: Graph | None = None) -> FirmwareFolder:
    """`inference`: the int8 model to commit to."""
    program, arena = pipeline.trained_program(training, load_board(board))
    beside = Beside(Commit(training.graph, {}, "none was built"), program, arena)
    if inference is not None:
        found = commit.prepared(inference, training.sources)
        beside = Beside(found, *pipeline.arrange(found.graph, program.board))
    folder.mkdir()
    source = {"file": "x", "sha256": ""}
    emit(program, arena, folder, EmitOptions("speed", "fp32", source, wrapping(training, "small", beside)))
    make.build(folder, program.board)
    return open_folder(folder)


def samples_of(firmware: FirmwareFolder, count: int) -> Samples:
    inputs, targets = networks.data(firmware.graph, count)
    return Samples(inputs, targets)


def step_inputs(firmware: FirmwareFolder, count: int, **settings: float) -> dict[str, np.ndarray]:
    """Inputs of the layers' own harness: samples with target and configuration."""
    inputs, targets = networks.data(firmware.graph, count)
    target = firmware.graph.tensor(derive.TARGET)
    config = np.repeat(
        derive.configuration(**{"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3, **settings}), count, 0
    )
    return {**inputs, derive.TARGET: targets.reshape(count, -1).astype(target.dtype), derive.CONFIG: config}


@pytest.mark.parametrize("text", ["fp32,all,momentum", "fp16,all,adam,batch:2", "int8+fp32,last:2,mse"])
@pytest.mark.parametrize("board", BOARDS)
def test_every_layer_is_within_its_bound(board: str, text: str, tmp_path: Path) -> None:
    """On what the firmware's layers before it made, over several steps, in a poisoned arena."""
    require_board(board)
    firmware = built(networks.derived(networks.small(), text), board, tmp_path / "train")
    inputs = step_inputs(firmware, STEPS)
    result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True))
    gaps = stepwise.gaps(firmware, inputs, stepwise.recorded(firmware, result))
    assert not {key: gap for key, gap in gaps.items() if gap.beyond}
    control = result.outputs[firmware.graph.outputs[2]].reshape(STEPS, -1)
    every = firmware.manifest["training"]["spec"]["samples"]
    assert control[:, step_control.APPLIES].sum() == STEPS // every


@pytest.mark.parametrize(
    "text", ["fp32,all,sgd", "fp32,all,adam,batch:3", "fp16,last:3,momentum", "fp16,*:0.5", "int8+fp16,last:1"]
)
@pytest.mark.parametrize("board", BOARDS)
def test_it_trains_as_pytorch_does(board: str, text: str, tmp_path: Path) -> None:
    require_board(board)
    firmware = built(networks.derived(networks.small(), text), board, tmp_path / "train")
    samples = samples_of(firmware, 12)
    found = curve.train(firmware, samples, None, 60, 3, derive.configuration(lr=0.01, momentum=0.9))
    halves = "fp16" in text
    assert found.parameter_gap < (0.03 if halves else 2e-4), found
    for point in found.points:
        assert abs(point.loss - point.torch_loss) <= (0.02 if halves else 1e-4) * point.torch_loss
    assert found.points[-1].loss < found.points[0].loss
    assert found.skipped == 0


def test_the_same_bytes_twice_and_on_any_number_of_cores(tmp_path: Path) -> None:
    require_board("riscv-8core")
    training = networks.derived(networks.small(), "fp16,all,momentum")
    firmware = built(training, "riscv-8core", tmp_path / "a")
    samples = samples_of(firmware, 10)
    records = [Record(STEP, index % 10) for index in range(50)]
    config = derive.configuration(lr=0.01, momentum=0.9)
    runs = [simulate.run(firmware, samples, records, config, cores) for cores in (None, None, 1, 3)]
    for run in runs[1:]:
        assert run.rows.tobytes() == runs[0].rows.tobytes()
        assert all(np.array_equal(run.parameters[name], array) for name, array in runs[0].parameters.items())


@pytest.mark.qemu
def test_boards_agree(tmp_path: Path) -> None:
    """Their kernels sum in other orders, and are the host's within 1e-5 of how far 50 steps moved a parameter; each
    makes the same bytes twice."""
    training = networks.derived(networks.small(), "fp32,all,momentum")
    records = [Record(STEP, index % 10) for index in range(50)]
    made = {}
    for board in ("host", "riscv-8core", "cortex-m55"):
        require_board(board)
        firmware = built(training, board, tmp_path / board)
        first, second = (
            simulate.run(firmware, samples_of(firmware, 10), records, derive.configuration(lr=0.01, momentum=0.9))
            for _ in (1, 2)
        )
        assert first.rows.tobytes() == second.rows.tobytes()
        assert all(np.array_equal(second.parameters[name], array) for name, array in first.parameters.items())
        made[board] = first.parameters
    for state in training.graph.states:
        if state.memory == derive.PARAMETERS:
            ours = made["host"][state.start]
            assert state.initial is not None
            moved = float(np.linalg.norm(ours - training.graph.constant(state.initial)[0]))
            for board, parameters in made.items():
                assert float(np.linalg.norm(parameters[state.start] - ours)) <= 1e-5 * moved, (board, state.start)


def test_a_bad_step_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """An input that drives activations beyond FP16: the step is skipped, the loss scale halves, the next one works."""
    require_board("host")
    firmware = built(networks.derived(networks.small(), "fp16,all,momentum"), "host", tmp_path / "train")
    samples = samples_of(firmware, 3)
    name = next(iter(samples.inputs))
    samples.inputs[name][1] = np.sign(samples.inputs[name][1]) * 6e4
    config = derive.configuration(lr=0.01, momentum=0.9)
    good, bad = (Record(STEP, index) for index in (0, 1))
    made = simulate.run(firmware, samples, [good, bad, good], config)
    flags = made.rows["flags"].tolist()
    assert flags == [step_control.UPDATED, step_control.SKIPPED, step_control.UPDATED]
    assert made.rows["loss_scale"].tolist() == [1024.0, 512.0, 512.0]
    assert made.rows["updates"].tolist() == [1, 1, 2]
    alone = simulate.run(firmware, samples, [good, bad], config)
    before = simulate.run(firmware, samples, [good], config)
    assert all(np.array_equal(alone.parameters[name], array) for name, array in before.parameters.items())


def test_gradients_are_clipped(tmp_path: Path) -> None:
    require_board("host")
    firmware = built(networks.derived(networks.small(), "fp32,all,sgd"), "host", tmp_path / "train")
    samples, records = samples_of(firmware, 4), [Record(STEP, index) for index in range(4)]
    config = derive.configuration(lr=0.1, clip=0.05)
    made = simulate.run(firmware, samples, records, config)
    assert np.all(made.rows["flags"] == step_control.UPDATED | step_control.CLIPPED)
    inputs = simulate.stored_inputs(firmware.graph, samples)
    assert samples.labels is not None
    _, parameters = torch_mirror.train(firmware.graph, inputs, samples.labels, records, config)
    for name, array in parameters.items():
        np.testing.assert_allclose(made.parameters[name], array, atol=1e-6)


def test_evaluation_and_rollback(tmp_path: Path) -> None:
    require_board("host")
    firmware = built(networks.derived(networks.small(), "fp32,all,momentum"), "host", tmp_path / "train")
    samples, config = samples_of(firmware, 3), derive.configuration(lr=0.05, momentum=0.9)
    look, step = Record(EVALUATE, 2), Record(STEP, 0)
    records = [look, step, look, Record(KEEP), step, look, Record(ROLLBACK), look, step, look]
    made = simulate.run(firmware, samples, records, config)
    loss = {index: made.rows["loss"][index] for index, record in enumerate(records) if record is look}
    assert loss[0] != loss[2] != loss[5]
    assert loss[7] == loss[2]
    first = simulate.run(firmware, samples, [step, Record(ROLLBACK), look], config)
    assert first.rows["loss"][2] == loss[0]


def test_the_application_that_ships_is_linked_and_small(tmp_path: Path) -> None:
    """Frozen weights are constants in flash; parameters are no bytes of flash but once, as the values to begin with."""
    require_board("cortex-m4")
    from edgeq.firmware.sizes import read_sizes

    board = load_board("cortex-m4")
    sizes = []
    for index, trainable in enumerate(("all", "last:1")):
        training = networks.derived(networks.small(), f"fp32,{trainable}")
        firmware = built(training, "cortex-m4", tmp_path / str(index))
        sizes.append(read_sizes(firmware.path / "firmware.elf", board, firmware.manifest["model"]))
    assert sizes[1].ram < sizes[0].ram
    assert sizes[1].code < sizes[0].code


def test_less_memory_gives_the_same_parameters(tmp_path: Path) -> None:
    """Layers that are computed again: a smaller arena, the same bytes."""
    require_board("host")
    training = networks.derived(networks.small(), "fp32,all,momentum")
    board = load_board("host")

    def planned(graph: Graph) -> Plan:
        return plan(lower(graph, board))

    whole = planned(training.graph)
    lean = recompute.within(training, whole.arena_bytes - 1, planned)
    assert lean.again
    assert lean.arena_bytes < whole.arena_bytes == lean.whole
    verify.run(lean.training.graph, "recompute")
    firmware = [built(item, "host", tmp_path / str(index)) for index, item in enumerate((training, lean.training))]
    samples, config = samples_of(firmware[0], 5), derive.configuration(lr=0.05, momentum=0.9)
    records = [Record(STEP, index) for index in range(5)]
    first, second = (simulate.run(item, samples, records, config) for item in firmware)
    assert first.rows.tobytes() == second.rows.tobytes()
    for name, array in first.parameters.items():
        assert np.array_equal(array, second.parameters[name]), name
    least = recompute.within(training, 0, planned)
    assert least.arena_bytes <= lean.arena_bytes
