"""How often a spotter is wrong while it listens: hits of keywords in a stream, and false alarms per hour.

    edgeq build spotter.pt2 --board host --calib CLIPS --stream -o out/spotter
    python false_alarms.py out/spotter --data DATA --speech SPEECH

The firmware's integers hear the clips of the speakers set aside, one after another in random order with half a second
of faint noise between; recordings of speech without the words (a .wav file, a folder of them, or a packed .npz with
texts, whose utterances with a word are left out); and noise, recorded and made. In the first, a keyword is hit when it
is the first thing heard until the next clip; all else that is heard is a false alarm. Averages and pauses of the rule
are the build's unless given; thresholds are tried one after another.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from dataset import Clips, DataMissingError, load, unpack
from features import RATE, SAMPLES
from numpy.typing import NDArray
from synthesize import noise

from edgeq.audio import wav
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.simulate.session import run_samples
from edgeq.stream import session
from edgeq.stream.decode import Limits, classes
from edgeq.stream.rule import Rule

PAUSE = RATE // 2
NOISE_S = 600
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)


@dataclass(frozen=True)
class Stream:
    """Scores [steps, classes] of a recording, how long it is, and the labels of the clips in it, if it is of clips."""

    name: str
    scores: NDArray[np.int8]
    seconds: float
    labels: NDArray[np.int64] | None = None


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("firmware", type=Path, help="folder of edgeq build --stream")
    parser.add_argument("--data", type=Path, required=True, help="as for train.py")
    parser.add_argument("--validate", action="store_true", help="speakers that train.py --validate sets aside")
    parser.add_argument("--speech", type=Path, nargs="*", default=[], help="recordings without the words, see above")
    parser.add_argument("--average", type=int, nargs="+", help="steps, instead of the build's")
    parser.add_argument("--hold", type=int, nargs="+", help="steps, instead of the build's")
    parser.add_argument("--thresholds", type=float, nargs="+", default=THRESHOLDS)
    return parser.parse_args()


def listened(firmware: FirmwareFolder, name: str, samples: NDArray[np.int16]) -> Stream:
    """What the firmware's network says in every step of a recording."""
    graph = firmware.graph
    steps = session.padded(firmware, samples)
    made = run_samples(firmware, {graph.inputs[0]: steps}).outputs[graph.outputs[0]]
    scores = made[firmware.manifest["stream"]["warm_up_steps"] - 1 :].reshape(-1, made.shape[-1])
    return Stream(name, scores, len(samples) / RATE)


def clips_stream(firmware: FirmwareFolder, clips: Clips) -> Stream:
    """Clips in random order, each of them followed by a pause."""
    rng = np.random.default_rng(0)
    clips = clips.take(rng.permutation(len(clips)))
    pauses = np.stack([noise(rng, PAUSE) for _ in range(len(clips))]) * 1e-4
    pcm = np.concatenate([clips.samples, pauses], axis=1).reshape(-1)
    found = listened(firmware, "clips", to_pcm(np.concatenate([np.zeros(PAUSE, np.float32), pcm])))
    return replace(found, labels=clips.labels)


def noise_stream(firmware: FirmwareFolder, recorded: NDArray[np.float32]) -> Stream:
    """Recorded and made noise in turns, each second at another loudness."""
    rng = np.random.default_rng(1)
    parts = []
    for second in range(NOISE_S):
        part = noise(rng, SAMPLES)
        if second % 2 and len(recorded):
            part = np.roll(recorded[rng.integers(len(recorded))], rng.integers(SAMPLES))
        parts.append(part / max(float(part.std()), 1e-6) * 10.0 ** (-rng.uniform(15.0, 70.0) / 20.0))
    return listened(firmware, "noise", to_pcm(np.concatenate(parts)))


def to_pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Full scale 1 -> int16."""
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)


def speech(path: Path, words: Sequence[str]) -> NDArray[np.int16]:
    """All recordings of a path, one after another; of a packed file those without the words."""
    if wav.is_given(path):
        return np.concatenate([samples for _, samples in wav.read_all(path, RATE, "--speech")])
    recordings, fields = unpack(path)
    texts = [{word.lower() for word in text.decode().split()} for text in fields["text"]]
    return np.concatenate([own for own, text in zip(recordings, texts, strict=True) if not text & set(words)])


@dataclass(frozen=True)
class Count:
    """Hits of so many keywords, and false alarms: other words where a keyword is, anything where none is."""

    hits: int
    keywords: int
    false_alarms: int


def count(firmware: FirmwareFolder, stream: Stream, rule: Rule) -> Count:
    """What a rule makes of a stream."""
    graph = firmware.graph
    output = graph.tensor(graph.outputs[0])
    heard = list(classes(stream.scores, Limits.of(rule, output, graph.meaning)))
    if stream.labels is None:
        return Count(0, 0, len(heard))
    every = (SAMPLES + PAUSE) / RATE
    numbers = [int((session.time_s(firmware, event) - PAUSE / RATE) // every) for event in heard]
    first: dict[int, int] = {}
    for number, event in zip(numbers, heard, strict=True):
        first.setdefault(number, event.label)
    hits = sum(first.get(number) == label for number, label in enumerate(stream.labels))
    return Count(hits, int((stream.labels < len(graph.meaning.labels) - 2).sum()), len(heard) - hits)


def main() -> int:
    """Listen and print a table; 2 when something is missing."""
    args = parse_arguments()
    try:
        firmware = open_folder(args.firmware)
        rule = session.rule_of(firmware)
        words = firmware.graph.meaning.labels[:-2]
        known = load(args.data, words)
        silent = known.labels == len(words)
        chosen = known.validation() if args.validate else known.held_out()
        clips = clips_stream(firmware, known.take(chosen & ~silent))
        others = [listened(firmware, path.name, speech(path, words)) for path in args.speech]
        others.append(noise_stream(firmware, known.samples[silent]))
    except (DataMissingError, EdgeqError) as error:
        print(f"false_alarms.py: {error}", file=sys.stderr)
        return 2
    for average, hold in product(args.average or [rule.average], args.hold or [rule.hold]):
        print_table(firmware, replace(rule, average=average, hold=hold), args.thresholds, [clips, *others])
    return 0


def print_table(firmware: FirmwareFolder, rule: Rule, thresholds: Sequence[float], streams: Sequence[Stream]) -> None:
    """A row for each threshold; the first stream is that of clips."""
    print(f"average {rule.average}, hold {rule.hold}; false alarms (per hour) in:")
    names = "".join(f"  {f'{stream.name}, {stream.seconds / 60:.1f} min':>26}" for stream in streams)
    print(f"threshold  hits of keywords{names}")
    for threshold in thresholds:
        own = replace(rule, threshold=threshold)
        found = [count(firmware, stream, own) for stream in streams]
        alarms = "".join(
            f"  {f'{one.false_alarms} ({3600 * one.false_alarms / stream.seconds:.1f})':>26}"
            for one, stream in zip(found, streams, strict=True)
        )
        hits = f"{found[0].hits} of {found[0].keywords}, {100 * found[0].hits / found[0].keywords:.1f} %"
        print(f"{threshold:<9g}  {hits:>16}{alarms}")


if __name__ == "__main__":
    sys.exit(main())
