"""Train the keyword spotter further on the board, in the simulator: for a speaker that it has never heard, or for a
word that it does not know; and judge the int8 inference model before it and after the commit.

    python examples/kws/personalise.py --data DATA/gsc_share.npz --board riscv-8core
    python examples/kws/personalise.py --data DATA/gsc_share.npz --board cortex-m55 --word eight

The network is kws_split.pt2, which has not heard the speakers set aside (dataset.py). These are two groups: settings
were chosen with the speakers of one (--group choosing), and those of the other are judged. A speaker's clips are split
in two: the board trains on one half, and the int8 model is judged before and after on the other, and on all clips of
the other speakers of the group. So that nothing is forgotten, most steps take clips that it was trained with, as an
application would ship some. A new word takes a further output, the first one, and that is all that is trained: what
the network says of other words it says as before, unless the new output is larger. The board trains on half of the
word's clips and is judged on the others; half of the clips shipped are words that the network need not tell apart,
which are the ones to be taken for the new one. Steps, commit and inferences happen in the simulated firmware."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from dataset import SILENCE, UNKNOWN, Clips, DataMissingError, load
from features import features
from model import CLASSES, DSCNN

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.observer import Observer
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import load_recipe
from edgeq.train import derive, simulate, spec
from edgeq.train.command import open_training
from edgeq.train.simulate import COMMIT, INFER, STEP, Record

HERE = Path(__file__).resolve().parent
#: bias of the new word's output, so that it is not taken for others before it is trained
LOW = -2.0
#: of the clips shipped for a new word, those of the class unknown
UNKNOWN_SHARE = 0.5
#: of the speakers set aside
GROUPS = ("judged", "choosing")


@dataclass(frozen=True)
class Settings:
    """What is trained, as of edgeq build; learning rate and steps; clips that an application ships, and how many steps
    take one of them for each that takes a new clip."""

    train: str
    rate: float
    steps: int
    shipped: int
    rehearsed: int


#: chosen with the other group
SPEAKER = Settings("int8+fp16,last:2,momentum", 0.0005, 960, 480, 7)
WORD = Settings("int8+fp16,head:0.08,momentum,batch:8", 0.03, 1440, 240, 7)


@dataclass(frozen=True)
class Task:
    """Features and labels: what is trained on, what is not to be forgotten, and what is judged, by name. `rehearsed`:
    steps for the second for each of the first."""

    training: tuple[np.ndarray, np.ndarray]
    shipped: tuple[np.ndarray, np.ndarray]
    judged: dict[str, tuple[np.ndarray, np.ndarray]]
    classes: int
    rehearsed: int


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Speech Commands, see README.md")
    parser.add_argument("--board", default="riscv-8core")
    parser.add_argument("--speaker", help="of those set aside (default: the one with most clips)")
    parser.add_argument("--word", help="learn this word instead of a speaker")
    parser.add_argument("--train", help=f"as of edgeq build ({SPEAKER.train}, for a word {WORD.train})")
    parser.add_argument("--steps", type=int, help=f"{SPEAKER.steps}, for a word {WORD.steps}")
    parser.add_argument("--lr", type=float, help=f"{SPEAKER.rate}, for a word {WORD.rate}")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--group", choices=GROUPS, default=GROUPS[0], help="of the speakers set aside")
    return parser.parse_args()


def halves(keys: list[str]) -> np.ndarray:
    """True for every second of the clips with the same key, in their order."""
    seen: Counter[str] = Counter()
    taken = []
    for key in keys:
        taken.append(seen[key] % 2 == 0)
        seen[key] += 1
    return np.array(taken, bool)


def with_labels(clips: Clips, before: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of clips; `before`: classes that come before those of the network."""
    return features(clips.samples), clips.labels + before


def set_aside(clips: Clips, group: str) -> Clips:
    """The spoken clips of the speakers set aside that belong to a group: those with most clips of the ten words take
    turns."""
    spoken = clips.take(clips.held_out() & (clips.labels != SILENCE))
    counts = Counter(spoken.take(spoken.labels != UNKNOWN).speakers)
    ordered = sorted(set(spoken.speakers), key=lambda name: (-counts[name], name))
    members = set(ordered[GROUPS.index(group) :: len(GROUPS)])
    return spoken.take(np.array([name in members for name in spoken.speakers]))


def speaker_task(clips: Clips, speaker: str | None, group: str) -> Task:
    """One half of a speaker's clips to train on. Raises EdgeqError for one that is not in the group."""
    aside = set_aside(clips, group)
    aside = aside.take(aside.labels != UNKNOWN)
    counts = Counter(aside.speakers)
    chosen = speaker or counts.most_common(1)[0][0]
    if chosen not in counts:
        names = ", ".join(name for name, _ in counts.most_common(5))
        raise EdgeqError(f"--speaker {chosen}: is not in the group {group}; those with most clips are {names}")
    own = np.array([name == chosen for name in aside.speakers])
    mine, others = aside.take(own), aside.take(~own)
    training = halves([str(label) for label in mine.labels])
    print(f"speaker {chosen}: {int(training.sum())} clips to train on, {int((~training).sum())} to judge on")
    judged = {"the speaker": with_labels(mine.take(~training)), "other speakers": with_labels(others)}
    return Task(
        with_labels(mine.take(training)),
        with_labels(shipped(clips, SPEAKER.shipped)),
        judged,
        len(CLASSES),
        SPEAKER.rehearsed,
    )


def word_task(clips: Clips, word: str, group: str) -> Task:
    """Half of a word's clips to train on, as the first class. Raises EdgeqError for a word that is known or
    absent."""
    spoken = np.array(clips.words)
    own = spoken == word
    if word in CLASSES or not own.any():
        known = ", ".join(sorted(set(spoken[clips.labels == UNKNOWN])))
        raise EdgeqError(f"--word {word}: is a class already, or not in the data; it has {known}")
    mine = clips.take(own)
    mine = Clips(mine.samples, np.zeros(len(mine), np.int64), mine.speakers, mine.words)
    training = np.arange(len(mine)) % 2 == 0
    rest = clips.take(~own)
    print(f"word {word}: {int(training.sum())} clips to train on, {int((~training).sum())} to judge on")
    judged = {
        f"the word {word}": with_labels(mine.take(~training)),
        "other words": with_labels(set_aside(rest, group), 1),
    }
    unknown = round(WORD.shipped * UNKNOWN_SHARE)
    taken = [
        with_labels(shipped(rest.take((rest.labels == UNKNOWN) == is_unknown), count), 1)
        for is_unknown, count in ((True, unknown), (False, WORD.shipped - unknown))
    ]
    together = np.concatenate([x for x, _ in taken]), np.concatenate([y for _, y in taken])
    return Task(with_labels(mine.take(training)), together, judged, len(CLASSES) + 1, WORD.rehearsed)


def shipped(clips: Clips, count: int) -> Clips:
    """Clips that the network was trained with."""
    known = np.flatnonzero(~clips.held_out())
    return clips.take(known[:: max(1, len(known) // count)][:count])


def network(classes: int, folder: Path) -> Path:
    """kws_split.pt2, with a further output before the others where there are more classes."""
    path = HERE / "kws_split.pt2"
    if classes == len(CLASSES):
        return path
    state = dict(torch.export.load(path).state_dict)
    state["head.weight"] = torch.cat([torch.zeros(1, state["head.weight"].shape[1]), state["head.weight"]])
    state["head.bias"] = torch.cat([torch.tensor([LOW]), state["head.bias"]])
    model = DSCNN(classes)
    model.load_state_dict(state)
    made = folder / "kws_split_more.pt2"
    torch.export.save(torch.export.export(model.eval(), (torch.zeros(1, 1, 49, 10),)), made)
    return made


def steps_of(own: int, known: int, rehearsed: int, count: int) -> list[Record]:
    """Behind each step with one of the `own` new clips, `rehearsed` ones with the `known` clips that follow them."""
    order = np.random.default_rng(0).permutation(known)
    records, taken = [], 0
    for step in range(count):
        if step % (1 + rehearsed) == 0:
            records.append(Record(STEP, step // (1 + rehearsed) % own))
        else:
            records.append(Record(STEP, own + int(order[taken % known])))
            taken += 1
    return records


def adapt(args: argparse.Namespace, task: Task) -> None:
    """Builds, trains, commits and judges in the simulator; prints a table."""
    with tempfile.TemporaryDirectory(prefix="edgeq-personalise-") as name:
        folder = Path(name)
        np.savez(folder / "calib.npz", x=task.shipped[0])
        options = pipeline.BuildOptions(
            source=ModelSource(network(task.classes, folder), None, False, None, ()),
            board=load_board(args.board),
            folder=folder / "firmware",
            recipe=load_recipe("int8"),
            calib=str(folder / "calib.npz"),
            simulate=False,
            train=spec.load(args.train),
        )
        report = pipeline.build(options, Observer()).as_json()
        firmware = open_training(options.folder)
        parts = [task.training, task.shipped, *task.judged.values()]
        stored = np.concatenate([x for x, _ in parts]).transpose(0, 2, 3, 1)
        labels = np.concatenate([y for _, y in parts])
        inputs = {simulate.network_inputs(firmware.graph)[0]: np.ascontiguousarray(stored, np.float32)}
        own, known = len(task.training[1]), len(task.shipped[1])
        judged = np.arange(own + known, len(labels))
        looks = [Record(INFER, int(index)) for index in judged]
        steps = steps_of(own, known, task.rehearsed, args.steps)
        config = derive.configuration(lr=args.lr, momentum=args.momentum)
        made = simulate.run(firmware, Samples(inputs, labels), [*looks, *steps, Record(COMMIT), *looks], config)
        built = simulate.inference_graph(firmware)
        graphs = [built, simulate.committed_graph(firmware, made.parameters)]
    outputs = np.split(made.inferred[built.outputs[0]], 2)
    given = quantize_inputs(built, Samples(inputs, labels).subset(judged))
    for graph, found in zip(graphs, outputs, strict=True):
        if not np.array_equal(found, reference.run(graph, given)[graph.outputs[0]]):
            raise EdgeqError("the firmware's outputs differ from the reference's; this is a fault of edgeq")
    memory, commit = report["training"]["memory"], report["training"]["commit"]
    print(
        f"{args.board}, {args.train}, {args.steps} steps, rate {args.lr}: "
        f"{report['training']['parameters']:,} parameters, {memory['ram_bytes']:,} bytes of RAM, of which "
        f"{commit['bytes']:,} stay for the int8 model"
    )
    right = [array.reshape(len(judged), -1).argmax(axis=1) == labels[judged] for array in outputs]
    at = 0
    for what, (_, expected) in task.judged.items():
        before, after = (100 * hits[at : at + len(expected)].mean() for hits in right)
        print(f"{what}: int8 {before:.2f} % as built, {after:.2f} % after the commit, of {len(expected)} clips")
        at += len(expected)


def main() -> int:
    """Personalise; 2 when the data set is missing or something does not fit."""
    args = parse_arguments()
    try:
        clips = load(args.data)
        by_word = args.word is not None
        args.train = args.train or (WORD if by_word else SPEAKER).train
        args.lr = args.lr or (WORD if by_word else SPEAKER).rate
        args.steps = args.steps or (WORD if by_word else SPEAKER).steps
        task = word_task(clips, args.word, args.group) if by_word else speaker_task(clips, args.speaker, args.group)
        adapt(args, task)
    except (DataMissingError, EdgeqError) as error:
        print(f"personalise.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
