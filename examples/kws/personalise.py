"""Train the keyword spotter further on the board, in the simulator: for a speaker that it has never heard, or for a
word that it does not know.

    python examples/kws/personalise.py --data DATA/gsc_share.npz --board riscv-8core
    python examples/kws/personalise.py --data DATA/gsc_share.npz --board cortex-m55 --word happy

The network is kws_split.pt2, which has not heard the speakers set aside (dataset.py). A speaker's clips are split in
two: the board trains on one half, and the network is judged before and after on the other, and on all clips of the
other speakers set aside. So that nothing is forgotten, three steps of four take clips that it was trained with, as an
application would ship some. A new word takes a further output, whose bias begins low: the board trains on half of its
clips and is judged on the others. Steps and evaluations happen in the simulated firmware."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from dataset import UNKNOWN, Clips, DataMissingError, load
from features import features
from model import CLASSES, DSCNN

from edgeq import pipeline
from edgeq.boards import load_board
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.observer import Observer
from edgeq.quantize.data import Samples
from edgeq.quantize.recipe import load_recipe
from edgeq.train import derive, simulate, spec
from edgeq.train.command import open_training
from edgeq.train.simulate import EVALUATE, STEP, Record

HERE = Path(__file__).resolve().parent
#: bias of the new word's output, so that it is not taken for others before it is trained
LOW = -4.0
#: clips that an application ships, and how many steps take one for each that takes a new clip
SHIPPED, REHEARSED = 240, 3


@dataclass(frozen=True)
class Task:
    """Features and labels: what is trained on, what is not to be forgotten, and what is judged, by name."""

    training: tuple[np.ndarray, np.ndarray]
    shipped: tuple[np.ndarray, np.ndarray]
    judged: dict[str, tuple[np.ndarray, np.ndarray]]
    classes: int


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Speech Commands, see README.md")
    parser.add_argument("--board", default="riscv-8core")
    parser.add_argument("--speaker", help="of those set aside (default: the one with most clips)")
    parser.add_argument("--word", help="learn this word instead of a speaker")
    parser.add_argument("--train", default="int8+fp16,last:2,momentum", help="as of edgeq build")
    parser.add_argument("--steps", type=int, default=480)
    parser.add_argument("--lr", type=float, default=0.0005)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--others", type=int, default=400, help="clips of other speakers to judge on, at most")
    return parser.parse_args()


def halves(keys: list[str]) -> np.ndarray:
    """True for every second of the clips with the same key, in their order."""
    seen: Counter[str] = Counter()
    taken = []
    for key in keys:
        taken.append(seen[key] % 2 == 0)
        seen[key] += 1
    return np.array(taken, bool)


def with_labels(clips: Clips) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of clips."""
    return features(clips.samples), clips.labels


def speaker_task(clips: Clips, speaker: str | None, most: int) -> Task:
    """One half of a speaker's clips to train on. Raises EdgeqError for one that is not set aside."""
    aside = clips.take(clips.held_out() & (clips.labels < CLASSES.index("silence")))
    counts = Counter(aside.speakers)
    chosen = speaker or counts.most_common(1)[0][0]
    if chosen not in counts:
        names = ", ".join(name for name, _ in counts.most_common(5))
        raise EdgeqError(f"--speaker {chosen}: is not set aside; those with most clips are {names}")
    own = np.array([name == chosen for name in aside.speakers])
    mine, others = aside.take(own), aside.take(~own)
    training = halves([str(label) for label in mine.labels])
    spread = np.linspace(0, len(others) - 1, min(most, len(others))).round().astype(np.int64)
    print(f"speaker {chosen}: {int(training.sum())} clips to train on, {int((~training).sum())} to judge on")
    judged = {"the speaker": with_labels(mine.take(~training)), "other speakers": with_labels(others.take(spread))}
    return Task(with_labels(mine.take(training)), shipped(clips), judged, len(CLASSES))


def word_task(clips: Clips, word: str, most: int) -> Task:
    """Half of a word's clips to train on, as a class of its own. Raises EdgeqError for a word that is known or
    absent."""
    spoken = np.array(clips.words)
    own = spoken == word
    if word in CLASSES or not own.any():
        known = ", ".join(sorted(set(spoken[clips.labels == UNKNOWN])))
        raise EdgeqError(f"--word {word}: is a class already, or not in the data; it has {known}")
    mine = clips.take(own)
    mine = Clips(mine.samples, np.full(len(mine), len(CLASSES)), mine.speakers, mine.words)
    training = np.arange(len(mine)) % 2 == 0
    aside = clips.take(clips.held_out() & ~own & (clips.labels != CLASSES.index("silence")))
    spread = np.linspace(0, len(aside) - 1, min(most, len(aside))).round().astype(np.int64)
    print(f"word {word}: {int(training.sum())} clips to train on, {int((~training).sum())} to judge on")
    judged = {f"the word {word}": with_labels(mine.take(~training)), "other words": with_labels(aside.take(spread))}
    return Task(with_labels(mine.take(training)), shipped(clips.take(~own)), judged, len(CLASSES) + 1)


def shipped(clips: Clips) -> tuple[np.ndarray, np.ndarray]:
    """Clips that the network was trained with."""
    known = np.flatnonzero(~clips.held_out())
    return with_labels(clips.take(known[:: max(1, len(known) // SHIPPED)][:SHIPPED]))


def network(classes: int, folder: Path) -> Path:
    """kws_split.pt2, with further outputs where there are more classes."""
    path = HERE / "kws_split.pt2"
    if classes == len(CLASSES):
        return path
    state = dict(torch.export.load(path).state_dict)
    more = classes - len(CLASSES)
    state["head.weight"] = torch.cat([state["head.weight"], torch.zeros(more, state["head.weight"].shape[1])])
    state["head.bias"] = torch.cat([state["head.bias"], torch.full((more,), LOW)])
    model = DSCNN(classes)
    model.load_state_dict(state)
    made = folder / "kws_split_more.pt2"
    torch.export.save(torch.export.export(model.eval(), (torch.zeros(1, 1, 49, 10),)), made)
    return made


def adapt(args: argparse.Namespace, task: Task) -> None:
    """Builds, trains and judges in the simulator; prints a table."""
    with tempfile.TemporaryDirectory(prefix="edgeq-personalise-") as name:
        folder = Path(name)
        options = pipeline.BuildOptions(
            source=ModelSource(network(task.classes, folder), None, False, None, ()),
            board=load_board(args.board),
            folder=folder / "firmware",
            recipe=load_recipe("int8"),
            calib=str(HERE / "demo_calib.npz"),
            simulate=False,
            train=spec.load(args.train),
        )
        report = pipeline.build(options, Observer()).as_json()
        firmware = open_training(options.folder)
        parts = [task.training, task.shipped, *task.judged.values()]
        stored = np.concatenate([x for x, _ in parts]).transpose(0, 2, 3, 1)
        samples = Samples(
            {simulate.network_inputs(firmware.graph)[0]: np.ascontiguousarray(stored, np.float32)},
            np.concatenate([y for _, y in parts]),
        )
        starts = np.cumsum([0, *(len(y) for _, y in parts)])
        looks = [Record(EVALUATE, index) for index in range(starts[2], starts[-1])]
        own, known = len(task.training[1]), len(task.shipped[1])
        order = np.random.default_rng(0).permutation(known)
        steps = [
            Record(
                STEP, (step // (1 + REHEARSED)) % own if step % (1 + REHEARSED) == 0 else own + int(order[step % known])
            )
            for step in range(args.steps)
        ]
        config = derive.configuration(lr=args.lr, momentum=args.momentum)
        made = simulate.run(firmware, samples, [*looks, *steps, *looks], config)
    assert samples.labels is not None
    right = np.array(
        [
            row["predicted"] == samples.labels[record.sample]
            for row, record in zip(made.rows, [*looks, *steps, *looks], strict=True)
        ]
    )
    memory = report["training"]["memory"]
    print(
        f"{args.board}, {args.train}, {args.steps} steps: {report['training']['parameters']:,} parameters, "
        f"{memory['ram_bytes']:,} bytes of RAM"
    )
    at = 0
    for name, (_, labels) in task.judged.items():
        before, after = (
            100 * right[offset + at : offset + at + len(labels)].mean() for offset in (0, len(looks) + len(steps))
        )
        print(f"{name}: {before:.2f} % before, {after:.2f} % after, of {len(labels)} clips")
        at += len(labels)


def main() -> int:
    """Personalise; 2 when the data set is missing or something does not fit."""
    args = parse_arguments()
    try:
        clips = load(args.data)
        by_word = args.word is not None
        task = word_task(clips, args.word, args.others) if by_word else speaker_task(clips, args.speaker, args.others)
        adapt(args, task)
    except (DataMissingError, EdgeqError) as error:
        print(f"personalise.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
