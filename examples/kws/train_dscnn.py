"""Train the DS-CNN of MLPerf Tiny on features of Speech Commands and write a .pt2 file.

By default about 15 % of the speakers are set aside, looked at once when training is over, and
their accuracy is printed: that is kws_split.pt2. With --all-speakers nothing is set aside and
no accuracy can be given: that is kws.pt2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from augment import make_up_words, mask, vary
from dataset import SILENCE, Clips, DataMissingError, load
from features import DCT, Floats, features, from_log_mel, log_mel
from fitting import fit
from model import DSCNN, dscnn
from numpy.typing import NDArray
from synthesize import EspeakMissingError, synthesize
from torch import Tensor
from torch.nn import functional

HERE = Path(__file__).resolve().parent
BATCH = 100
REAL_VARIANTS = 24
ESPEAK_VARIANTS = 8
ESPEAK_PER_BATCH = 20  # the other 80 clips are real
ESPEAK_PER_KEYWORD = 100


@dataclass(frozen=True)
class Material:
    """Log-mel variants [variants, clips, 49, 40] in half precision and labels [clips]."""

    bands: NDArray[np.float16]
    labels: NDArray[np.int64]

    def draw(self, clips: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """A random variant of each of the given clips."""
        return self.bands[rng.integers(len(self.bands), size=len(clips)), clips].astype(np.float32)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Speech Commands, see README.md")
    parser.add_argument("--out", type=Path, help="default kws_split.pt2, or kws.pt2, beside this")
    parser.add_argument("--all-speakers", action="store_true", help="set nobody aside")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--weight-decay", type=float, default=1e-2)
    parser.add_argument("--label-smoothing", type=float, default=0.05)
    parser.add_argument("--made-up", type=float, default=0.06, help="share of made-up words")
    parser.add_argument("--espeak", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="the first is exported")
    parser.add_argument("--statistics", action="store_true", help="print MEAN and STD, then stop")
    return parser.parse_args()


def real_material(clips: Clips, seed: int) -> Material:
    """The clips as they are, and varied in REAL_VARIANTS - 1 ways."""
    rng = np.random.default_rng(seed)
    silent = clips.samples[clips.labels == SILENCE]
    plain = [log_mel(clips.samples[i : i + 256]) for i in range(0, len(clips), 256)]
    bands = [np.concatenate(plain).astype(np.float16)]
    for _ in range(REAL_VARIANTS - 1):
        varied = vary(clips.samples, clips.labels, silent, 0.55, rng)
        bands.append(varied.astype(np.float16))
    return Material(np.stack(bands), clips.labels)


def espeak_material(recorded: Floats, seed: int) -> Material:
    """Clips of espeak-ng voices, varied in ESPEAK_VARIANTS ways and mostly noisy."""
    rng = np.random.default_rng(seed)
    samples, labels = synthesize("train", ESPEAK_PER_KEYWORD, seed)
    bands = [vary(samples, labels, recorded, 0.8, rng) for _ in range(ESPEAK_VARIANTS)]
    return Material(np.stack(bands).astype(np.float16), labels)


def batch(
    chosen: NDArray[np.int64], real: Material, spoken: Material | None, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Bands and labels of the chosen real clips, and of some from espeak-ng."""
    bands, labels = real.draw(chosen, rng), real.labels[chosen]
    if spoken:
        more = rng.integers(len(spoken.labels), size=ESPEAK_PER_BATCH)
        bands = np.concatenate([bands, spoken.draw(more, rng)])
        labels = np.concatenate([labels, spoken.labels[more]])
    return bands, labels


def network_inputs(bands: Floats, labels: NDArray[np.int64], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """What the network is shown of a batch, partly hidden, and its labels."""
    x = torch.from_numpy(from_log_mel(mask(bands, rng)).astype(np.float32))
    return x.contiguous(memory_format=torch.channels_last), torch.from_numpy(labels)


def steps_of(real: Material, spoken: Material | None) -> int:
    """Batches in an epoch."""
    return len(real.labels) // (BATCH - (ESPEAK_PER_BATCH if spoken else 0))


def shown(
    real: Material, spoken: Material | None, made_up: float, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """What the network is shown in an epoch: inputs and labels of every batch."""
    size = BATCH - (ESPEAK_PER_BATCH if spoken else 0)
    order = rng.permutation(len(real.labels))
    for step in range(steps_of(real, spoken)):
        bands, labels = batch(order[step * size : (step + 1) * size], real, spoken, rng)
        yield network_inputs(*make_up_words(bands, labels, made_up, rng), rng)


def train(
    args: argparse.Namespace,
    real: Material,
    spoken: Material | None,
    seed: int,
) -> DSCNN:
    """Train one network; returns the averaged weights in evaluation mode."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = dscnn().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), args.lr, weight_decay=args.weight_decay)

    def epoch() -> Iterator[Tensor]:
        for x, y in shown(real, spoken, args.made_up, rng):
            yield functional.cross_entropy(model(x), y, label_smoothing=args.label_smoothing)

    averaged = fit(model, optimizer, args.epochs, steps_of(real, spoken), 0.2, epoch, f"seed {seed}  ")
    result = dscnn()
    result.load_state_dict(averaged.module.state_dict())
    return result.eval()


def right(model: DSCNN, clips: Clips) -> NDArray[np.bool_]:
    """For each clip, whether the largest logit is its class."""
    with torch.no_grad():
        found = model(torch.from_numpy(features(clips.samples))).argmax(1).numpy()
    return np.asarray(found == clips.labels)


def report(name: str, model: DSCNN, unseen: Clips) -> None:
    """Print the accuracy on speakers that were set aside."""
    hits = right(model, unseen)
    words = unseen.labels != SILENCE
    print(
        f"{name}: speakers never heard: {100 * hits[words].mean():.2f} % of {words.sum()} clips "
        f"(11 classes, no silence); {100 * hits.mean():.2f} % of {len(hits)} with silence",
        flush=True,
    )


def export(model: DSCNN, path: Path) -> None:
    """Write the model as a static batch-1 program, without its example input."""
    program = torch.export.export(model, (torch.zeros(1, 1, 49, 10),))
    program.example_inputs = None
    for node in program.graph.nodes:  # where in these scripts a layer was called is of no use
        node.meta.pop("stack_trace", None)
    torch.export.save(program, path)


def print_statistics(clips: Clips) -> None:
    """Print the constants of features.py, from the clips of the training speakers."""
    known = clips.take(~clips.held_out())
    parts = [log_mel(known.samples[i : i + 256]) @ DCT for i in range(0, len(known), 256)]
    coefficients = np.concatenate(parts)
    print("MEAN =", coefficients.mean(axis=(0, 1)).round(3).tolist())
    print("STD =", coefficients.std(axis=(0, 1)).round(3).tolist())


def main() -> int:
    """Train, export and report; 2 when the data set or espeak-ng is missing."""
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    try:
        clips = load(args.data)
        if args.statistics:
            print_statistics(clips)
            return 0
        held_out = clips.held_out()
        known = clips if args.all_speakers else clips.take(~held_out)
        silent = known.samples[known.labels == SILENCE]
        spoken = espeak_material(silent, seed=100) if args.espeak else None
    except (DataMissingError, EspeakMissingError) as error:
        print(f"train_dscnn.py: {error}", file=sys.stderr)
        return 2
    real = real_material(known, seed=200)
    extra = len(spoken.labels) if spoken else 0
    print(f"{len(known)} real clips to train on, {extra} from espeak-ng", flush=True)

    out = args.out or HERE / ("kws.pt2" if args.all_speakers else "kws_split.pt2")
    unseen = clips.take(held_out)
    for number, seed in enumerate(args.seeds):
        model = train(args, real, spoken, seed)
        if number == 0:
            export(model, out)
            print(f"wrote {out}", flush=True)
        if not args.all_speakers:
            report(f"seed {seed}", model, unseen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
