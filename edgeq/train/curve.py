"""Training in the simulator beside PyTorch's on the same samples in the same order: loss and accuracy as they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq import reference
from edgeq.accuracy import accuracy
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder
from edgeq.ops import step_control
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.train import derive, simulate
from edgeq.train.simulate import COMMIT, EVALUATE, INFER, STEP, Record, Trained


@dataclass(frozen=True)
class Point:
    """After `steps` steps: the mean loss of those since the point before, and the share of evaluation samples that are
    right (None without any), of the device and of PyTorch."""

    steps: int
    loss: float
    torch_loss: float
    accuracy: float | None
    torch_accuracy: float | None


@dataclass(frozen=True)
class Committed:
    """Accuracy of the int8 inference model on the evaluation samples, as it was built and with what was trained
    committed to it (None where the firmware refused the parameters); `exact`: whether its outputs equalled those of the
    Python reference both times."""

    before: float
    after: float | None
    exact: bool


@dataclass(frozen=True, eq=False)
class Curve:
    """`skipped`: steps that changed nothing because the gradient was no number. `parameter_gap`: the largest
    difference of a parameter from PyTorch's at the end, relative to the parameter's own change there (its norm).
    `committed`: None without evaluation samples, and for inference models that take no trained parameters."""

    points: tuple[Point, ...]
    steps: int
    evaluated: int
    skipped: int
    loss_scale: float
    parameter_gap: float
    committed: Committed | None = None

    def as_json(self) -> dict[str, Any]:
        """What train-sim prints with --json."""
        return {
            "steps": self.steps,
            "evaluation_samples": self.evaluated,
            "skipped_steps": self.skipped,
            "loss_scale": self.loss_scale,
            "parameter_gap": self.parameter_gap,
            "int8": None if self.committed is None else vars(self.committed),
            "points": [vars(point) for point in self.points],
        }


def schedule(steps: int, samples: int, evaluated: int, points: int) -> tuple[list[Record], list[int]]:
    """The records: passes over the samples in their order, evaluations of `evaluated` further ones (behind them)
    before the first step and at `points` equal distances; and the numbers of steps at which these happen."""
    evaluations = [Record(EVALUATE, samples + index) for index in range(evaluated)]
    marks = sorted({round(steps * point / points) for point in range(1, points + 1)})
    records = list(evaluations)
    for step in range(steps):
        records.append(Record(STEP, step % samples))
        if step + 1 in marks:
            records += evaluations
    return records, [0, *marks]


def train(
    firmware: FirmwareFolder, training: Samples, evaluation: Samples | None, steps: int, points: int, config: np.ndarray
) -> Curve:
    """Trains in the simulator and in PyTorch. Raises EdgeqError as simulate.run."""
    from edgeq.train import torch_mirror  # PyTorch takes seconds to load, which no other command has to wait for

    graph = firmware.graph
    torch_mirror.require_known(graph)
    together = training if evaluation is None else _joined(training, evaluation)
    evaluated = 0 if evaluation is None else len(evaluation)
    records, marks = schedule(steps, len(training), evaluated, points)
    looks = _inferences(firmware, len(training), evaluated)
    after = [Record(COMMIT), *looks] if looks else []
    made = simulate.run(firmware, together, [*looks, *records, *after], config, may_fail=bool(after))
    _require_done(firmware, made)
    begun = made.rows[len(looks) : len(looks) + len(records)]
    assert together.labels is not None
    inputs = simulate.stored_inputs(graph, together)
    rows, parameters = torch_mirror.train(graph, inputs, together.labels, records, config)
    device = [(float(row["loss"]), int(row["predicted"])) for row in begun]
    return Curve(
        tuple(_points(records, marks, device, rows, together.labels)),
        steps,
        evaluated,
        int(sum((row["flags"] & step_control.SKIPPED) != 0 for row in begun)),
        float(begun["loss_scale"][-1]),
        _parameter_gap(firmware, made.parameters, parameters),
        _committed(firmware, made, evaluation) if looks and evaluation is not None else None,
    )


def _inferences(firmware: FirmwareFolder, first: int, count: int) -> list[Record]:
    """Inferences of the samples from `first` on, where there is a model that takes what is trained."""
    training = firmware.manifest["training"]
    judged = training["spec"]["loss"] == "cross_entropy" and not training["commit"]["obstacle"]
    return [Record(INFER, first + index) for index in range(count)] if judged else []


def _require_done(firmware: FirmwareFolder, made: Trained) -> None:
    """Raises EdgeqError where anything but a commit was refused."""
    for index, row in enumerate(made.rows):
        if row["status"] and row["kind"] != COMMIT:
            raise EdgeqError(f"{firmware.path}: record {index} ended with status {row['status']} of eq_status_t")


def _committed(firmware: FirmwareFolder, made: Trained, evaluation: Samples) -> Committed:
    assert evaluation.labels is not None
    built = simulate.inference_graph(firmware)
    before, after = np.split(made.inferred[built.outputs[0]], 2)
    refused = bool(made.rows["status"].any())
    graphs = [built, built if refused else simulate.committed_graph(firmware, made.parameters)]
    given = quantize_inputs(built, evaluation)
    exact = all(
        np.array_equal(found, reference.run(graph, given)[graph.outputs[0]])
        for graph, found in zip(graphs, (before, after), strict=True)
    )
    shares = [accuracy(outputs, evaluation.labels) for outputs in (before, after)]
    return Committed(shares[0], None if refused else shares[1], exact)


def _joined(training: Samples, evaluation: Samples) -> Samples:
    assert training.labels is not None
    assert evaluation.labels is not None
    return Samples(
        {name: np.concatenate([array, evaluation.inputs[name]]) for name, array in training.inputs.items()},
        np.concatenate([training.labels, evaluation.labels]),
    )


def _points(
    records: list[Record],
    marks: list[int],
    device: list[tuple[float, int]],
    torch_rows: list[tuple[float, int]],
    labels: np.ndarray,
) -> list[Point]:
    both = (device, torch_rows)
    points: list[Point] = []
    at = done = 0
    sums: list[list[float]] = [[], []]
    for mark in marks:
        while done < mark:
            for index in (0, 1):
                sums[index].append(both[index][at][0])
            at, done = at + 1, done + 1
        hits, seen = [0, 0], 0
        while at < len(records) and records[at].kind == EVALUATE:
            for index in (0, 1):
                hits[index] += both[index][at][1] == int(labels[records[at].sample].reshape(-1)[0])
            seen, at = seen + 1, at + 1
        shares = [hits[index] / seen if seen else None for index in (0, 1)]
        mean = [float(np.mean(values)) if values else float("nan") for values in sums]
        if mark or seen:
            points.append(Point(mark, mean[0], mean[1], shares[0], shares[1]))
        sums = [[], []]
    return points


def _parameter_gap(firmware: FirmwareFolder, ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> float:
    graph, gap = firmware.graph, 0.0
    initial = {state.start: state.initial for state in graph.states if state.memory == derive.PARAMETERS}
    for name, values in theirs.items():
        first = initial[name]
        assert first is not None
        moved = float(np.linalg.norm(values - graph.constant(first)[0]))
        if moved > 0.0:
            gap = max(gap, float(np.linalg.norm(ours[name] - values)) / moved)
    return gap
