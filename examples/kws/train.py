"""Train a keyword spotter for words of your own and write a .pt2 that takes recordings and streams.

    python train.py --data DIR --words yes,no,stop --out spotter.pt2
    edgeq build spotter.pt2 --board cortex-m55 --stream

DIR has a folder of WAV files for each word (16-bit PCM, one channel, 16 kHz), other words if there are any, and
`_background_noise_`, or is a packed .npz (README.md). The other words, words that do not exist and other words by
espeak-ng's voices are the class unknown; noise, recorded and made, is the class silence. The file carries the front end
and the labels.

About 15 % of the speakers are set aside, looked at once when training is over, and their accuracy is printed. With
--validate it is that of further speakers, which choices are made with; with --all-speakers nobody is set aside.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from dataset import KEYWORDS, Clips, DataMissingError, class_of, classes_of, load
from features import SAMPLES, Floats
from fitting import fit
from numpy.typing import NDArray
from ranges import hearing, with_ranges
from spotter import FRONT_END, Spotter, folded
from synthesize import EspeakMissingError, spoken
from torch import Tensor
from torch.nn import functional
from windows import IGNORED, Bank, bands_of, pairs, variants

from edgeq.audio import FrontEnd
from edgeq.errors import EdgeqError
from edgeq.torch_operators import save

HERE = Path(__file__).resolve().parent
ESPEAK_PER_WORD = 60
#: clips of silence at least; those that were not recorded are made
SILENT = 200
STEPS = 25


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of WAV files for each word, or an .npz")
    parser.add_argument("--words", default=",".join(KEYWORDS), help="to be heard, with commas (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("spotter.pt2"))
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--validate", action="store_true", help="judge on other speakers: for choosing settings")
    who.add_argument("--all-speakers", action="store_true", help="set nobody aside")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="the first is exported")
    parser.add_argument("--epochs", type=int, default=60, help=f"of {STEPS} batches (%(default)s)")
    parser.add_argument("--batch", type=int, default=128, help="pairs of clips (%(default)s)")
    parser.add_argument("--lr", type=float, default=6e-3)
    parser.add_argument("--weight-decay", type=float, default=2e-2)
    parser.add_argument("--label-smoothing", type=float, default=0.05)
    parser.add_argument("--variants", type=int, default=16, help="of each clip (%(default)s)")
    parser.add_argument(
        "--ranges",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write ranges of activations into the file, so that edgeq build needs no recordings (ranges.py)",
    )
    parser.add_argument("--espeak", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--espeak-clips", type=Path, help=".npz that keeps what espeak-ng says, made if it isn't there")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=2, help="of torch on a cpu")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes that make features (%(default)s)")
    return parser.parse_args()


def with_silence(clips: Clips, silence: int) -> Clips:
    """The clips, and so many of silence that there are SILENT: they are made when clips are varied."""
    more = max(0, SILENT - int((clips.labels == silence).sum()))
    return Clips(
        np.concatenate([clips.samples, np.zeros((more, SAMPLES), np.float32)]),
        np.concatenate([clips.labels, np.full(more, silence)]),
        clips.speakers + [""] * more,
        clips.words + ["_silence_"] * more,
    )


def espeak(args: argparse.Namespace, words: list[str]) -> Clips:
    """Clips by espeak-ng's voices, from the file of --espeak-clips if it has those words."""
    kept = args.espeak_clips
    if kept and kept.is_file():
        stored = np.load(kept)
        samples, said = stored["samples"].astype(np.float32) / 32767.0, [str(word) for word in stored["said"]]
        if [str(word) for word in stored["words"]] != words:
            raise DataMissingError(f"--espeak-clips {kept} is of other words ({','.join(stored['words'])}); remove it")
    else:
        samples, said = spoken(words, ESPEAK_PER_WORD, seed=100, jobs=args.jobs)
        if kept:
            np.savez_compressed(kept, samples=np.rint(samples * 32767.0).astype(np.int16), said=said, words=words)
    labels = np.array([class_of(word, classes_of(words)) for word in said], np.int64)
    return Clips(samples, labels, ["espeak-ng"] * len(said), said)


def bank_of(args: argparse.Namespace, known: Clips, words: list[str]) -> Bank:
    """Varied clips of the training speakers and of espeak-ng, on the device."""
    started = time.time()
    silence = len(words)
    recorded = known.samples[known.labels == silence]
    real = with_silence(known, silence)
    made = variants(real, recorded, silence, args.variants, 200, args.jobs)
    voices, labels, count = None, np.zeros(0, np.int64), 0
    if args.espeak:
        synthetic = espeak(args, words)
        voices = variants(synthetic, recorded, silence, args.variants, 201, args.jobs)
        labels, count = synthetic.labels, len(synthetic)
    bank = Bank.of(made, real, voices, labels, len(words), 202, torch.device(args.device))
    print(
        f"{len(known)} clips of {len(set(known.speakers))} speakers to train on, {count} of espeak-ng; "
        f"{args.variants} variants in {time.time() - started:.0f} s",
        flush=True,
    )
    return bank


def normalised(bank: Bank) -> FrontEnd:
    """The front end with mean and deviation of the bank."""
    numbers = (tuple(round(float(value), 3) for value in values) for values in bank.statistics())
    return replace(FRONT_END, **dict(zip(("mean", "std"), numbers, strict=True)))


def inputs_of(own: FrontEnd, bands: Tensor) -> Tensor:
    """What the network takes of log-mel bands."""
    mean, std = (torch.tensor(values, device=bands.device) for values in (own.mean, own.std))
    return (bands - mean) / std


def train(args: argparse.Namespace, bank: Bank, own: FrontEnd, classes: int, seed: int) -> Spotter:
    """Train one network; returns the averaged weights in evaluation mode, on the CPU."""
    torch.manual_seed(seed)
    device = bank.bands.device
    generator = torch.Generator(device).manual_seed(seed)
    model = Spotter(classes).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), args.lr, weight_decay=args.weight_decay)

    def epoch() -> Iterator[Tensor]:
        for _ in range(STEPS):
            bands, labels = pairs(bank, args.batch, generator)
            logits = model(inputs_of(own, bands))
            ends = [0, -1]  # whole clips
            yield sum(
                functional.cross_entropy(
                    said.flatten(0, 1), right.flatten(), ignore_index=IGNORED, label_smoothing=args.label_smoothing
                )
                for said, right in ((logits[:, ends], labels[:, ends]), (logits[:, 1:-1], labels[:, 1:-1]))
            )

    averaged = fit(model, optimizer, args.epochs, STEPS, 0.2, epoch, f"seed {seed}  ")
    result = Spotter(classes)
    result.load_state_dict(averaged.module.state_dict())
    return result.eval()


def right(model: Spotter, own: FrontEnd, clips: Clips) -> NDArray[np.bool_]:
    """For each clip, whether the largest logit is its class."""
    bands: Floats = bands_of(clips.samples)
    with torch.no_grad():
        found = model(inputs_of(own, torch.from_numpy(bands))).argmax(1).numpy()
    return np.asarray(found == clips.labels)


def report(name: str, hits: NDArray[np.bool_], unseen: Clips, silence: int) -> None:
    """Print the accuracy on speakers that were set aside."""
    words = unseen.labels != silence
    print(
        f"{name}: speakers never heard: {100 * hits[words].mean():.2f} % of {words.sum()} clips "
        f"(without silence); {100 * hits.mean():.2f} % of {len(hits)} with it",
        flush=True,
    )


def main() -> int:
    """Train, export and report; 2 when recordings or espeak-ng are missing."""
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    words = [word.strip() for word in args.words.split(",") if word.strip()]
    classes = classes_of(words)
    try:
        clips = load(args.data, words)
        held_out = clips.held_out()
        judged = clips.validation() if args.validate else held_out
        known = clips if args.all_speakers else clips.take(~(judged | held_out))
        bank = bank_of(args, known, words)
    except (DataMissingError, EspeakMissingError, EdgeqError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    own = normalised(bank)
    for number, seed in enumerate(args.seeds):
        model = train(args, bank, own, len(classes), seed)
        if number == 0:
            network = folded(model)
            if args.ranges:
                network = with_ranges(network, own, known)
            save(hearing(own, network), (torch.zeros(1, SAMPLES),), args.out, labels=classes)
            print(f"wrote {args.out}", flush=True)
        if not args.all_speakers and (judged & (clips.labels != len(words))).any():
            unseen = clips.take(judged)
            report(f"seed {seed}", right(model, own, unseen), unseen, len(words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
