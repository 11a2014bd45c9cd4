"""Trains inside the simulator: samples in, a row of results a record out (templates/train/sim_train.c.j2)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.emit.firmware import BESIDE
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder
from edgeq.ir import serialize
from edgeq.ir.graph import Graph
from edgeq.ops import step_control
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.simulate.session import MAGIC, run_harness
from edgeq.train import commit, derive

STEP, EVALUATE, SAVE, LOAD, COMMIT, ROLLBACK, KEEP, INFER = range(1, 9)
ROW = np.dtype(
    [
        ("loss", "<f4"),
        ("norm", "<f4"),
        ("loss_scale", "<f4"),
        ("updates", "<u4"),
        ("flags", "<u4"),
        ("predicted", "<u4"),
        ("status", "<u4"),
        ("kind", "<u4"),
    ]
)


@dataclass(frozen=True)
class Record:
    """A thing to do: STEP, EVALUATE or INFER with a sample's position, or another kind without one."""

    kind: int
    sample: int = -1


@dataclass(frozen=True)
class Slots:
    """The two slots of non-volatile memory that SAVE and LOAD use; `full`: checkpoints with the optimizer's memory."""

    contents: tuple[bytes, bytes]
    full: bool = True

    @staticmethod
    def blank(firmware: FirmwareFolder, full: bool = True) -> Slots:
        """Erased ones."""
        erased = b"\xff" * slot_bytes(firmware)
        return Slots((erased, erased), full)


SLOT_FILES = ("slot0.bin", "slot1.bin")
#: of a checkpoint (eq_checkpoint.h)
HEADER_BYTES = 64


def slot_bytes(firmware: FirmwareFolder) -> int:
    """Bytes of a slot that holds a full checkpoint."""
    return HEADER_BYTES + sum(firmware.manifest["training"]["memories"].values())


@dataclass(frozen=True, eq=False)
class Trained:
    """What the firmware said to every record (ROW), its parameters at the end by name, the inference model's outputs
    of every INFER (by name, in their order) and the constants that its trained layers read at the end, and the slots
    afterwards."""

    rows: np.ndarray
    parameters: dict[str, np.ndarray]
    inferred: dict[str, np.ndarray]
    tuned: bytes
    slots: Slots | None = None


def network_inputs(graph: Graph) -> tuple[str, ...]:
    """The inputs of a training graph that are the network's."""
    return tuple(name for name in graph.inputs if name not in (derive.TARGET, derive.CONFIG))


def stored_inputs(graph: Graph, samples: Samples) -> dict[str, np.ndarray]:
    """The network's inputs as the firmware takes them."""
    names = network_inputs(graph)
    given = Samples({name: samples.inputs[name] for name in names}, samples.labels)
    return quantize_inputs(graph, given)


def one_step(firmware: FirmwareFolder, samples: Samples) -> dict[str, np.ndarray]:
    """Inputs of a training step for counting its instructions: the first sample, class 0."""
    graph = firmware.graph
    target = graph.tensor(derive.TARGET)
    inputs = {name: array[:1] for name, array in stored_inputs(graph, samples).items()}
    return {
        **inputs,
        derive.TARGET: np.zeros((1, *target.shape[1:]), target.dtype),
        derive.CONFIG: derive.configuration(lr=0.01),
    }


def run(
    firmware: FirmwareFolder,
    samples: Samples,
    records: Sequence[Record],
    config: np.ndarray,
    cores: int | None = None,
    slots: Slots | None = None,
    may_fail: bool = False,
) -> Trained:
    """Does the records one after another, from the parameters that the network was built with. `samples` have labels:
    classes, or rows of targets. `may_fail`: records may be refused, which their status tells.

    Raises EdgeqError for a fault, a time-out, or what the harness doesn't write.
    """
    with tempfile.TemporaryDirectory(prefix="edgeq-train-") as name:
        folder = Path(name)
        write_request(folder, firmware, samples, records, config, cores, slots)
        data = run_harness(firmware, "training.elf", folder, len(records) + 1)
        after = None if slots is None else read_slots(folder, slots.full)
    return _decoded(firmware, data, records, after, may_fail)


def inference_graph(firmware: FirmwareFolder) -> Graph:
    """The inference model that the firmware commits to. Raises EdgeqError where it has none."""
    obstacle = firmware.manifest["training"]["commit"]["obstacle"]
    if obstacle:
        raise EdgeqError(f"{firmware.path}: what is trained can't be committed: {obstacle}")
    return serialize.load(firmware.path / BESIDE)


def committed_graph(firmware: FirmwareFolder, parameters: Mapping[str, np.ndarray]) -> Graph:
    """The inference model once those parameters are committed. Raises EdgeqError where the firmware refuses them."""
    sources = firmware.manifest["training"]["commit"]["sources"]
    return commit.committed(
        inference_graph(firmware), {name: derive.Source(**row) for name, row in sources.items()}, parameters
    )


def _as_real(samples: Samples) -> Samples:
    """Samples of a training step whose activations are float16 as real numbers."""
    return Samples(
        {
            name: array.astype(np.float32) if array.dtype == np.float16 else array
            for name, array in samples.inputs.items()
        },
        samples.labels,
    )


def read_slots(folder: Path, full: bool) -> Slots:
    """The slots as the harness left them."""
    first, second = ((folder / name).read_bytes() for name in SLOT_FILES)
    return Slots((first, second), full)


def write_request(
    folder: Path,
    firmware: FirmwareFolder,
    samples: Samples,
    records: Sequence[Record],
    config: np.ndarray,
    cores: int | None = None,
    slots: Slots | None = None,
) -> None:
    """The files that the harness reads."""
    graph = firmware.graph
    inputs = stored_inputs(graph, samples)
    inference = inference_graph(firmware) if any(record.kind == INFER for record in records) else None
    given = {} if inference is None else quantize_inputs(inference, _as_real(samples))
    assert samples.labels is not None
    kind: Any = np.uint32 if graph.tensor(derive.TARGET).dtype == "int32" else np.float32
    targets = np.ascontiguousarray(samples.labels.astype(kind))
    header = [MAGIC, len(records), cores or 0, int(slots is not None and slots.full)]
    settings = config.reshape(-1)[: step_control.EVALUATES]  # the interface evaluates by itself
    parts = [np.array(header, "<u4").tobytes(), settings.astype("<f4").tobytes()]
    for record in records:
        parts.append(np.array([record.kind], "<u4").tobytes())
        if record.kind in (STEP, EVALUATE):
            parts += [np.ascontiguousarray(inputs[name][record.sample]).tobytes() for name in network_inputs(graph)]
            parts.append(targets[record.sample].tobytes())
        elif record.kind == INFER:
            assert inference is not None
            parts += [np.ascontiguousarray(given[name][record.sample]).tobytes() for name in inference.inputs]
    (folder / "in.bin").write_bytes(b"".join(parts))
    for name, content in zip(SLOT_FILES, slots.contents if slots else (), strict=slots is not None):
        (folder / name).write_bytes(content)


def _decoded(
    firmware: FirmwareFolder, data: bytes, records: Sequence[Record], slots: Slots | None, may_fail: bool
) -> Trained:
    training = firmware.manifest["training"]
    inference = inference_graph(firmware) if any(record.kind == INFER for record in records) else None
    outputs = [] if inference is None else [inference.tensor(name) for name in inference.outputs]
    after = {INFER: sum(tensor.size_bytes for tensor in outputs)}
    sizes = [ROW.itemsize + after.get(record.kind, 0) for record in records]
    parameters, tuned = training["memories"][derive.PARAMETERS], training["commit"].get("bytes", 0)
    if len(data) != sum(sizes) + parameters + tuned + 4 or data[-4:] != np.array([MAGIC], "<u4").tobytes():
        raise EdgeqError(f"{firmware.path}: the simulation wrote {len(data)} bytes, not what was asked; build it again")
    starts = np.cumsum([0, *sizes])
    rows = np.frombuffer(b"".join(data[start : start + ROW.itemsize] for start in starts[:-1]), ROW)
    refused = np.flatnonzero(rows["status"])
    if len(refused) and not may_fail:
        first = int(refused[0])
        raise EdgeqError(f"{firmware.path}: record {first} ended with status {rows['status'][first]} of eq_status_t")
    inferred: dict[str, np.ndarray] = {}
    offset = ROW.itemsize
    looked = [start for start, record in zip(starts, records, strict=False) if record.kind == INFER]
    for tensor in outputs:
        parts = [data[start + offset : start + offset + tensor.size_bytes] for start in looked]
        inferred[tensor.name] = np.frombuffer(b"".join(parts), tensor.dtype).reshape(len(looked), *tensor.shape[1:])
        offset += tensor.size_bytes
    memory = data[starts[-1] :]
    constants = memory[parameters : parameters + tuned]
    return Trained(rows, parameters_in(firmware, memory[:parameters]), inferred, constants, slots)


def parameters_in(firmware: FirmwareFolder, memory: bytes) -> dict[str, np.ndarray]:
    """The parameters by name in the bytes of their memory."""
    offsets = {row["name"]: row["offset"] for row in firmware.manifest["arena"]["tensors"]}
    tensors = [
        firmware.graph.tensor(state.start) for state in firmware.graph.states if state.memory == derive.PARAMETERS
    ]
    return {
        tensor.name: np.frombuffer(memory, "<f4", tensor.elements, offsets[tensor.name]).reshape(tensor.shape[1:])
        for tensor in tensors
    }
