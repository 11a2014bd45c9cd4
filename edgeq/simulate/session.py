"""Samples in, outputs out: the file protocol of the simulation build (templates/simulation/sim_main.c.j2).

Many samples go through one start of the simulator; long runs are cut into chunks that run side by side. The samples of
a network with states are steps of one sequence, which stays whole.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder
from edgeq.observer import Progress
from edgeq.simulate import run
from edgeq.simulate.counts import Counts
from edgeq.simulate.process import stop_all

MAGIC = 0x51455145
FLAG_LAYERS, FLAG_POISON, FLAG_ARENA = 1, 2, 4
#: multiply-accumulates a second that the slowest simulation reaches on a loaded machine
SLOWEST_MACS_PER_S = 5e5
LARGEST_CHUNK = 32


@dataclass(frozen=True, eq=False)
class RunResult:
    """Arrays [samples, ...] by output name and, if asked for, by the key of every layer whose output exists as a
    whole, and by name of further outputs of such layers; the arena's bytes after each sample; stack bytes of an
    inference; instruction counts of the first sample."""

    outputs: dict[str, np.ndarray]
    layers: dict[str, np.ndarray]
    further: dict[str, np.ndarray]
    arena: np.ndarray | None
    stack_bytes: int
    counts: Counts | None


@dataclass(frozen=True)
class RunOptions:
    """What to record. `cores` limits the cores used (None: all of the board's)."""

    layers: bool = False
    poison: bool = False
    arena: bool = False
    count: bool = False
    cores: int | None = None
    timeout_s: float | None = None

    @property
    def flags(self) -> int:
        return FLAG_LAYERS * self.layers | FLAG_POISON * self.poison | FLAG_ARENA * self.arena


def run_samples(
    firmware: FirmwareFolder,
    inputs: Mapping[str, np.ndarray],
    options: RunOptions | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Runs the firmware on inputs [samples, ...] by name, in the types of the graph's inputs.

    Raises EdgeqError for a fault, a time-out, or output that is not what the harness writes.
    """
    options = options or RunOptions()
    samples = len(next(iter(inputs.values())))
    workers = 1 if options.count else min(os.cpu_count() or 1, 4)
    chunk = max(1, min(LARGEST_CHUNK, -(-samples // workers)))
    if firmware.graph.states:  # a sequence: every step needs those before it
        chunk = samples
    pieces = [
        {name: array[start : start + chunk] for name, array in inputs.items()} for start in range(0, samples, chunk)
    ]

    def work(piece: Mapping[str, np.ndarray]) -> RunResult:
        result = _run_chunk(firmware, piece, options)
        if progress is not None:
            progress(len(next(iter(piece.values()))))
        return result

    with ThreadPoolExecutor(workers) as pool:
        try:
            results = list(pool.map(work, pieces))
        except (KeyboardInterrupt, SystemExit):
            pool.shutdown(wait=False, cancel_futures=True)
            stop_all()
            raise
    return _joined(results)


def _joined(results: list[RunResult]) -> RunResult:
    first = results[0]
    arena = None
    if first.arena is not None:
        arena = np.concatenate([result.arena for result in results if result.arena is not None])
    return RunResult(
        {name: np.concatenate([result.outputs[name] for result in results]) for name in first.outputs},
        {key: np.concatenate([result.layers[key] for result in results]) for key in first.layers},
        {name: np.concatenate([result.further[name] for result in results]) for name in first.further},
        arena,
        max(result.stack_bytes for result in results),
        first.counts,
    )


def _run_chunk(firmware: FirmwareFolder, inputs: Mapping[str, np.ndarray], options: RunOptions) -> RunResult:
    graph = firmware.graph
    samples = len(next(iter(inputs.values())))
    header = np.array([MAGIC, samples, options.flags, options.cores or 0], "<u4").tobytes()
    rows = [
        np.ascontiguousarray(inputs[name], graph.tensor(name).dtype).view(np.int8).reshape(samples, -1)
        for name in graph.inputs
    ]
    timeout_s = options.timeout_s or longest_s(firmware, samples + 1)
    with tempfile.TemporaryDirectory(prefix="edgeq-run-") as name:
        folder = Path(name)
        (folder / "in.bin").write_bytes(header + np.concatenate(rows, axis=1).tobytes())
        result = run.program(firmware, "simulation.elf", folder, count=options.count, timeout_s=timeout_s)
        output = folder / "out.bin"
        data = np.fromfile(output, np.int8) if output.exists() else np.zeros(0, np.int8)
    return _decode(firmware, data, samples, options, result.counts)


def longest_s(firmware: FirmwareFolder, inferences: int) -> float:
    """Seconds after which so many inferences, or training steps, are given up."""
    macs = sum(layer["macs"] for layer in firmware.manifest["layers"])
    return 60.0 + inferences * macs / SLOWEST_MACS_PER_S


def run_harness(firmware: FirmwareFolder, program: str, folder: Path, inferences: int) -> bytes:
    """Runs one of the folder's programs on the in.bin in `folder`; its out.bin, empty where it wrote none. Raises
    EdgeqError for a fault or a time-out."""
    run.program(firmware, program, folder, timeout_s=longest_s(firmware, inferences))
    output = folder / "out.bin"
    return output.read_bytes() if output.exists() else b""


def _decode(
    firmware: FirmwareFolder, data: np.ndarray, samples: int, options: RunOptions, counts: Counts | None
) -> RunResult:
    graph = firmware.graph
    layers = [layer for layer in firmware.manifest["layers"] if layer["output_whole"]] if options.layers else []
    made = {node.output: node.outputs for node in graph.nodes}
    every = [(layer["key"], name) for layer in layers for name in made[layer["output"]]]
    spans = [(graph.tensor(name).dtype, graph.tensor(name).shape) for _, name in every]
    spans += [(graph.tensor(name).dtype, graph.tensor(name).shape) for name in graph.outputs]
    if options.arena:
        spans.append(("int8", (1, firmware.manifest["arena"]["bytes"])))
    sizes = [int(np.prod(shape)) * np.dtype(dtype).itemsize for dtype, shape in spans]
    trailer = data[-8:].view("<u4") if len(data) >= 8 else np.zeros(2, np.uint32)
    if len(data) != samples * sum(sizes) + 8 or trailer[0] != MAGIC:
        raise EdgeqError(f"{firmware.path}: the simulation wrote {len(data)} bytes, not what was asked; build it again")
    rows = data[:-8].reshape(samples, -1)
    values = []
    position = 0
    for (dtype, shape), size in zip(spans, sizes, strict=True):
        stored = np.ascontiguousarray(rows[:, position : position + size]).view(dtype)
        values.append(stored.reshape(samples, *shape[1:]))
        position += size
    outputs_at = len(every)
    outputs = dict(zip(graph.outputs, values[outputs_at : outputs_at + len(graph.outputs)], strict=True))
    recorded = {key: value for (key, name), value in zip(every, values, strict=False) if name in made}
    further = {name: value for (_, name), value in zip(every, values, strict=False) if name not in made}
    arena = values[-1].view(np.uint8) if options.arena else None
    return RunResult(outputs, recorded, further, arena, int(trailer[1]), counts)
