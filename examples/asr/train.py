"""Train the recogniser on AN4 and write a .pt2 file that takes recordings.

Nine speakers are set aside, looked at once when training is over, and their word error rate is printed. With
--development nine others are set aside as well and looked at instead: choices are made on those.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from augment import Floats, background, masked, normalised, plain, varied
from dataset import Corpus, DataMissingError, load
from decode import greedy
from model import REDUCTION, Recogniser
from numpy.typing import NDArray
from synthesize import EspeakMissingError, sentences
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel
from vocabulary import WORDS, labels_of

from edgeq.audio import FrontEnd
from edgeq.text import words

HERE = Path(__file__).resolve().parent
BATCH = 16
REAL_VARIANTS, ESPEAK_VARIANTS = 16, 4
ESPEAK_SENTENCES, ESPEAK_SHARE = 1200, 0.4
#: recordings in which nobody speaks, and how many of them in an epoch for one of speech
BACKGROUNDS, BACKGROUND_SHARE = 600, 0.08
AVERAGE_DECAY = 0.997
PHONE_WEIGHT = 0.3
#: of the agreement between two views of an utterance
AGREEMENT_WEIGHT = 0.2
#: what the trained network's logit of the blank is lowered by. In training, stripes of time are hidden, and where a
#: word might be hidden a blank is the safe answer; in whole recordings nothing is. Chosen on the development speakers
BLANK_PENALTY = 1.5


@dataclass(frozen=True)
class Utterance:
    """Normalised features [T, 64] of each variant, in half precision; labels of words and of phones."""

    variants: list[NDArray[np.float16]]
    words: list[int]
    phones: list[int]


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="AN4, see README.md")
    parser.add_argument("--out", type=Path, default=HERE / "asr.pt2")
    parser.add_argument("--development", action="store_true", help="set nine more speakers aside and judge on them")
    parser.add_argument("--epochs", type=int, default=110)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--weight-decay", type=float, default=2e-2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1, help="processes that make features")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda where there is a GPU")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="the first is exported")
    return parser.parse_args()


def material(
    recordings: list[tuple[str, NDArray[np.int16]]], count: int, corpus: Corpus, seed: int, jobs: int
) -> list[Utterance]:
    """Recordings as they are, and varied in `count` - 1 ways; not normalised yet. The same for any number of jobs."""
    names = sorted({phone for phones in corpus.phones.values() for phone in phones})
    numbered = [(samples, count, (seed, number)) for number, (_, samples) in enumerate(recordings)]
    if jobs == 1:
        parts = [variants(*one) for one in numbered]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            parts = list(pool.map(variants, *zip(*numbered, strict=True), chunksize=4))
    made = []
    for (text, _), found in zip(recordings, parts, strict=True):
        phones = [names.index(phone) + 1 for word in text.split() for phone in corpus.phones[word]]
        made.append(Utterance(found, labels_of(text), phones))
    return made


def variants(samples: NDArray[np.int16], count: int, seed: tuple[int, int]) -> list[NDArray[np.float16]]:
    """Features of a recording as it is, and varied in `count` - 1 ways."""
    rng = np.random.default_rng(seed)
    parts = [plain(samples), *(varied(samples, rng) for _ in range(count - 1))]
    return [part.astype(np.float16) for part in parts]


def statistics(utterances: list[Utterance]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of every band over the recordings as they are."""
    found = np.concatenate([utterance.variants[0] for utterance in utterances]).astype(np.float64)
    return found.mean(axis=0).astype(np.float32), found.std(axis=0).astype(np.float32)


def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
    """Exponential average of the weights; it starts short so that early weights are forgotten."""
    steps = float(count)
    decay = min(AVERAGE_DECAY, (1 + steps) / (30 + steps))
    return averaged + (current - averaged) * (1 - decay)


def ctc(logits: Tensor, targets: list[list[int]], lengths: Tensor) -> Tensor:
    """Mean CTC loss of logits [N, T, classes]."""
    loss: Tensor = functional.ctc_loss(
        functional.log_softmax(logits.transpose(0, 1), 2),
        torch.tensor([label for labels in targets for label in labels], device=logits.device),
        lengths,
        torch.tensor([len(labels) for labels in targets]),
        zero_infinity=True,
    )
    return loss


def disagreement(logits: Tensor, targets: list[list[int]], lengths: Tensor) -> Tensor:
    """How far the two views of every utterance, rows n and n + N / 2 of logits [N, T, classes], are apart: divergence
    of each from the other, which is held fixed, summed over time and, like the CTC loss beside it, for each label (Z.
    Yao et al., CR-CTC: Consistency regularization on CTC for improved speech recognition, ICLR 2025)."""
    found = functional.log_softmax(logits, 2)
    other = found.detach().roll(len(found) // 2, 0)
    apart = (other.exp() * (other - found)).sum(2)
    inside = torch.arange(found.shape[1])[None] < lengths[:, None]
    each = (apart * inside.to(apart.device)).sum(1)
    return (each / torch.tensor([max(1, len(labels)) for labels in targets], device=each.device)).mean()


def batches(chosen: list[tuple[Utterance, int]], rng: np.random.Generator) -> list[list[tuple[Utterance, int]]]:
    """Utterances of about the same length together, in random order."""
    lengths = np.array([len(utterance.variants[variant]) for utterance, variant in chosen])
    order = np.argsort(lengths * (1 + 0.15 * rng.standard_normal(len(lengths))))
    groups = [order[start : start + BATCH] for start in range(0, len(order) - BATCH + 1, BATCH)]
    return [[chosen[row] for row in groups[number]] for number in rng.permutation(len(groups))]


def train(
    args: argparse.Namespace,
    real: list[Utterance],
    spoken: list[Utterance],
    silent: list[Utterance],
    own: FrontEnd,
    phones: int,
    seed: int,
) -> Recogniser:
    """Train one network; returns the averaged weights, the blank's bias lowered, in evaluation mode."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    layout = torch.channels_last if args.device == "cpu" else torch.contiguous_format
    model = Recogniser(own.bands, phones).to(args.device, memory_format=layout)
    averaged = AveragedModel(model, avg_fn=average, use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), args.lr, weight_decay=args.weight_decay, betas=(0.9, 0.98))
    extra, unspoken = int(ESPEAK_SHARE * len(real)), int(BACKGROUND_SHARE * len(real))
    steps = (len(real) + extra + unspoken) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=steps * args.epochs, pct_start=0.2)
    mean, std = (np.array(values, np.float32) for values in (own.mean, own.std))
    started = time.time()
    for epoch in range(args.epochs):
        model.train()
        some = [*real, *(spoken[row] for row in rng.choice(len(spoken), extra, replace=False))]
        some += [silent[row] for row in rng.choice(len(silent), unspoken, replace=False)]
        chosen = [(utterance, int(rng.integers(len(utterance.variants)))) for utterance in some]
        losses = 0.0
        for batch in batches(chosen, rng):
            features = [utterance.variants[variant].astype(np.float32) for utterance, variant in batch]
            parts = 2 * [(part - mean) / std for part in features]
            x = torch.zeros(len(parts), max(map(len, parts)), own.bands)  # two views: masked anew each
            for row, part in enumerate(parts):
                x[row, : len(part)] = torch.from_numpy(masked(part, rng))
            lengths = torch.tensor([len(part) // REDUCTION for part in parts])
            words, between = model(x.to(args.device))
            said = 2 * [utterance.words for utterance, _ in batch]
            sounds = 2 * [utterance.phones for utterance, _ in batch]
            loss = ctc(words, said, lengths) + PHONE_WEIGHT * ctc(between, sounds, lengths)
            loss = loss + AGREEMENT_WEIGHT * disagreement(words, said, lengths)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            averaged.update_parameters(model)
            losses += loss.item()
        if epoch % 10 == 9 or epoch + 1 == args.epochs:
            note = f"seed {seed}  epoch {epoch + 1}/{args.epochs}  loss {losses / steps:.4f}"
            print(f"{note}  {time.time() - started:.0f} s", flush=True)
    result = Recogniser(own.bands, phones)
    result.load_state_dict(averaged.module.to("cpu").state_dict())
    with torch.no_grad():
        result.words.bias[0] -= BLANK_PENALTY
    return result.eval()


def error_rate(model: Recogniser, own: FrontEnd, corpus: Corpus) -> float:
    """Word error rate of greedy decoding."""
    mean, std = (np.array(values, np.float32) for values in (own.mean, own.std))
    heard = []
    with torch.no_grad():
        for samples in corpus.samples:
            logits = model(torch.from_numpy((plain(samples) - mean) / std)[None])
            heard.append(greedy(logits[0].numpy()))
    return words.error_rate([text.split() for text in corpus.texts], heard)


def export(model: Recogniser, own: FrontEnd, path: Path, seconds: float = 8.0) -> None:
    """Write front end and network as one static batch-1 program that takes a recording, with the words as labels."""
    from edgeq.torch_operators import FrontEndLayer, save

    without = Recogniser(own.bands, 0)
    without.load_state_dict({key: value for key, value in model.state_dict().items() if "phones" not in key})
    whole = torch.nn.Sequential(FrontEndLayer(own), without).eval()
    save(whole, (torch.zeros(1, int(seconds * own.rate)),), path, labels=("", *WORDS), decoding="ctc")


def main() -> int:
    """Train, export and report; 2 when the data set or espeak-ng is missing."""
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    try:
        corpus = load(args.data)
        training, development, aside = corpus.split()
        if not args.development:
            known = np.flatnonzero([name not in set(aside.speakers) for name in corpus.speakers])
            training = corpus.take(known)
        made = sentences("train", ESPEAK_SENTENCES, 100, args.jobs)
        spoken = material(made, ESPEAK_VARIANTS, corpus, 200, args.jobs)
    except (DataMissingError, EspeakMissingError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    recordings = list(zip(training.texts, training.samples, strict=True))
    real = material(recordings, REAL_VARIANTS, corpus, 300, args.jobs)
    noises = [("", background(np.random.default_rng((400, number)))) for number in range(BACKGROUNDS)]
    silent = material(noises, 2, corpus, 400, args.jobs)
    own = normalised(*statistics(real))
    phones = len({phone for found in corpus.phones.values() for phone in found})
    judged = development if args.development else aside
    print(
        f"{len(real)} utterances of {len(set(training.speakers))} speakers to train on, {len(spoken)} from espeak-ng, "
        f"{len(judged)} of {len(set(judged.speakers))} speakers to judge on",
        flush=True,
    )
    for number, seed in enumerate(args.seeds):
        model = train(args, real, spoken, silent, own, phones, seed)
        if number == 0:
            export(model, own, args.out)
            print(f"wrote {args.out}", flush=True)
        rate = error_rate(model, own, judged)
        print(f"seed {seed}: word error rate {100 * rate:.2f} % of {len(judged)} utterances, greedy", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
