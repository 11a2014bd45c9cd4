"""Recordings in, events out: the harness of a stream (templates/stream/sim_stream.c.j2), and the same in Python."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeq import reference
from edgeq.audio import wav
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder
from edgeq.quantize.data import load_arrays, require_file
from edgeq.simulate.session import MAGIC, run_harness
from edgeq.stream.decode import Event, Limits, events
from edgeq.stream.language import Language
from edgeq.stream.rule import LANGUAGE_FILE, Rule
from edgeq.verification import Difference, compare


@dataclass(frozen=True, eq=False)
class Heard:
    """What was heard in a recording, and where a network classifies the sums of scores of every step (or None)."""

    events: tuple[Event, ...]
    sums: np.ndarray | None


def rule_of(firmware: FirmwareFolder) -> Rule:
    """The rule that the folder was built with. Raises EdgeqError for a folder without a stream."""
    if "stream" not in firmware.manifest:
        raise EdgeqError(f"{firmware.path}: was built for whole recordings; build it again with --stream")
    known = firmware.manifest["stream"]["rule"]
    language = known.get("language")
    if language is not None:
        language = Language(str(firmware.path / LANGUAGE_FILE), language["weight"], language["bonus"])
    ignore = tuple(known["ignore"])
    return Rule(known["average"], known["threshold"], known["hold"], ignore, known.get("beam", 0), language)


def padded(firmware: FirmwareFolder, samples: np.ndarray) -> np.ndarray:
    """A recording with silence behind it up to a whole step: int16 [steps, samples of a step]."""
    return wav.in_steps(samples, firmware.manifest["stream"]["step_samples"])


def recordings(firmware: FirmwareFolder, path: Path, silence_s: float = 0.0) -> list[tuple[str, np.ndarray]]:
    """Names and int16 samples of what a .wav file, a folder of them, or an .npz (x [recordings, samples]) holds, each
    with so many seconds of silence behind it: a network that looks ahead hears its last words there. Raises EdgeqError
    for anything else."""
    found = _read(path, firmware.manifest["stream"]["rate"])
    behind = round(silence_s * firmware.manifest["stream"]["rate"])
    return [(name, wav.of_length(samples, len(samples) + behind)) for name, samples in found]


def _read(path: Path, rate: int) -> list[tuple[str, np.ndarray]]:
    require_file(path, "--inputs")
    if wav.is_given(path):
        return [(str(file), samples) for file, samples in wav.read_all(path, rate, "--inputs")]
    arrays = load_arrays(path, "--inputs")
    x = arrays.get("x")
    if x is None or x.ndim != 2 or x.dtype != np.int16:
        raise EdgeqError(
            f"--inputs {path}: a stream takes recordings: .wav files, or an array x int16 [recordings, samples]"
        )
    return [(f"{path}[{number}]", samples) for number, samples in enumerate(x)]


def label(firmware: FirmwareFolder, event: Event) -> str:
    """What was heard, by its name if the model has names."""
    names = firmware.graph.meaning.labels
    return names[event.label] if names else str(event.label)


def text(firmware: FirmwareFolder, heard: Heard) -> str:
    """All of it."""
    return " ".join(label(firmware, event) for event in heard.events)


def time_s(firmware: FirmwareFolder, event: Event) -> float:
    """When it was heard: the end of the samples that decided, from the beginning of the recording."""
    known = firmware.manifest["stream"]
    step = known["step_samples"] / known["rate"]
    return float((known["warm_up_steps"] - 1) * step + (event.step + 1) * step / max(known["rows"], 1))


def run(firmware: FirmwareFolder, recordings: Sequence[np.ndarray], seed: int = 0) -> list[Heard]:
    """What the firmware hears in each of the recordings (int16), fed in pieces whose lengths come from the seed. Raises
    EdgeqError for a fault, a time-out, or what the harness doesn't write."""
    rule_of(firmware)
    steps = [padded(firmware, samples) for samples in recordings]
    header = np.array([MAGIC, len(steps), seed, *(part.size for part in steps)], "<u4").tobytes()
    with tempfile.TemporaryDirectory(prefix="edgeq-stream-") as name:
        folder = Path(name)
        (folder / "in.bin").write_bytes(header + b"".join(part.astype("<i2").tobytes() for part in steps))
        data = run_harness(firmware, "stream.elf", folder, sum(map(len, steps)))
    graph = firmware.graph
    ctc = graph.meaning.decoding == "ctc"
    labels = 0 if ctc else graph.tensor(graph.outputs[0]).shape[-1]
    row = np.dtype([("recording", "<u4"), ("row", "<u4"), ("label", "<u4"), ("heard", "<u4"), ("sums", "<i4", labels)])
    if len(data) % row.itemsize or len(data) == 0 or np.frombuffer(data, row)[-1]["recording"] != MAGIC:
        raise EdgeqError(f"{firmware.path}: the firmware stopped before the end; run edgeq verify on the folder")
    rows = np.frombuffer(data, row)[:-1]
    found = []
    for number in range(len(steps)):
        own = rows[rows["recording"] == number]
        made = tuple(Event(int(item["row"]), int(item["label"])) for item in own[own["heard"] == 1])
        found.append(Heard(made, None if ctc else own["sums"]))
    return found


def differences(
    firmware: FirmwareFolder, recordings: Sequence[np.ndarray], wanted: Sequence[Heard]
) -> list[tuple[str, Difference | None]]:
    """What the firmware hears compared with what is to be heard: events, and sums of scores."""
    made = run(firmware, recordings)
    wrong = [number for number, (one, other) in enumerate(zip(made, wanted, strict=True)) if one.events != other.events]
    found: list[tuple[str, Difference | None]] = [
        ("events", Difference("events", len(wrong), 1, wrong[0], len(wrong)) if wrong else None)
    ]
    if all(one.sums is not None for one in made):
        sums = [np.concatenate([part.sums for part in parts if part.sums is not None]) for parts in (wanted, made)]
        found.append(("sums of scores", _difference_of_sums(*sums)))
    return found


def _difference_of_sums(wanted: np.ndarray, made: np.ndarray) -> Difference | None:
    if wanted.shape != made.shape:
        return Difference("sums of scores", abs(len(wanted) - len(made)), 1, 0, 1)
    return compare("sums of scores", wanted, made) if len(wanted) else None


def expected(firmware: FirmwareFolder, recordings: Sequence[np.ndarray]) -> list[Heard]:
    """The same by the Python reference."""
    return heard_in(firmware, [reference_output(firmware, samples) for samples in recordings])


def reference_output(firmware: FirmwareFolder, samples: np.ndarray) -> np.ndarray:
    """Outputs of the reference, step by step."""
    graph = firmware.graph
    return reference.run(graph, {graph.inputs[0]: padded(firmware, samples)})[graph.outputs[0]]


def heard_in(firmware: FirmwareFolder, recordings: Sequence[np.ndarray]) -> list[Heard]:
    """What is heard in the outputs of each recording's steps."""
    graph, rule = firmware.graph, rule_of(firmware)
    output = graph.tensor(graph.outputs[0])
    limits = Limits.of(rule, output, graph.meaning)
    heard = []
    for made in recordings:
        scores = made[firmware.manifest["stream"]["warm_up_steps"] - 1 :].reshape(-1, output.shape[-1])
        sums = _sums(scores, rule.average) if graph.meaning.decoding != "ctc" else None
        heard.append(Heard(tuple(events(scores, graph.meaning, limits)), sums))
    return heard


def _sums(scores: np.ndarray, average: int) -> np.ndarray:
    """int32 [steps, classes]: of the last `average` steps, from the first on that has so many."""
    if len(scores) < average:
        return scores[:0].astype(np.int32)
    windows: np.ndarray = np.lib.stride_tricks.sliding_window_view(scores.astype(np.int32), average, 0)
    return np.asarray(windows.sum(axis=-1))
