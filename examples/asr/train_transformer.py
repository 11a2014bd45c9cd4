"""Train a small Moonshine (transformers' class of it) on AN4: raw samples in, words out, an encoder and a decoder.

Recordings are padded to five seconds; the few longer ones are left out. Nine speakers are set aside and looked at once,
as in train.py. A CTC loss on the encoder's outputs helps the decoder to find its place and is not kept.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dataset import RATE, Corpus, DataMissingError, load
from synthesize import EspeakMissingError, sentences
from torch import Tensor, nn
from torch.nn import functional
from vocabulary import WORDS, labels_of

from edgeq.audio import wav
from edgeq.text.words import error_rate as share_in_error
from edgeq.torch_moonshine import save_moonshine

HERE = Path(__file__).resolve().parent
SAMPLES = 5 * RATE
LONGEST_TEXT = 20
PAD, START, END = len(WORDS), len(WORDS) + 1, len(WORDS) + 2
CTC_WEIGHT, ESPEAK_SHARE = 0.4, 0.35
SIZES = {
    "hidden_size": 64, "intermediate_size": 192, "encoder_num_hidden_layers": 3, "decoder_num_hidden_layers": 2,
    "encoder_num_attention_heads": 4, "decoder_num_attention_heads": 4, "max_position_embeddings": 256,
}  # fmt: skip


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="AN4, see README.md")
    parser.add_argument("--out", type=Path, default=HERE / "moonshine.pt2")
    parser.add_argument("--steps", type=int, default=6000, help="of which each took 45 ms on a GPU (%(default)s)")
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--espeak", type=int, default=2500, help="sentences of espeak-ng")
    parser.add_argument("--jobs", type=int, default=1, help="processes that run espeak-ng")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda where there is a GPU (hours on a CPU)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Material:
    """Recordings [N, SAMPLES] on the device with their lengths, and label sequences."""

    def __init__(self, recordings: list[tuple[str, np.ndarray]], device: str) -> None:
        fitting = [(text, samples) for text, samples in recordings if len(samples) <= SAMPLES]
        packed = np.stack([wav.of_length(samples, SAMPLES) for _, samples in fitting])
        self.samples = torch.from_numpy(packed).to(device)
        self.lengths = torch.tensor([len(samples) for _, samples in fitting], device=device)
        self.labels = [[label - 1 for label in labels_of(text)] for text, _ in fitting]

    def __len__(self) -> int:
        return len(self.labels)


def drawn(material: Material, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, list[list[int]]]:
    """Samples, lengths and labels of random recordings; two in one where they fit."""
    device = material.samples.device
    first, second = (torch.from_numpy(rng.integers(len(material), size=count)).to(device) for _ in range(2))
    joined = material.lengths[first] + material.lengths[second] <= SAMPLES
    joined &= torch.from_numpy(rng.random(count) < 0.5).to(device)
    place = torch.arange(SAMPLES, device=device)[None] - material.lengths[first][:, None]
    behind = material.samples[second].gather(1, place.clamp(min=0))
    samples = torch.where((place >= 0) & joined[:, None], behind, material.samples[first])
    lengths = material.lengths[first] + joined * material.lengths[second]
    both = zip(first.tolist(), second.tolist(), joined.tolist(), strict=True)
    labels = [material.labels[a] + (material.labels[b] if two else []) for a, b, two in both]
    return samples.float() / 32768.0, lengths, labels


def varied(x: Tensor, lengths: Tensor) -> Tensor:
    """Recordings of other speed, place, tone, loudness and noise, with stripes of time and of frequency missing."""
    count, device = len(x), x.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, 1, device=device) * (high - low) + low

    speed = torch.maximum(uniform(0.88, 1.14), lengths[:, None] / SAMPLES)
    room = SAMPLES - lengths[:, None] / speed
    position = (torch.arange(SAMPLES, device=device)[None] - torch.rand(count, 1, device=device) * room) * speed
    left = position.floor().clamp(0, SAMPLES - 2).long()
    share = (position - left).clamp(0, 1)
    y = x.gather(1, left) * (1 - share) + x.gather(1, left + 1) * share
    y = torch.where((position >= 0) & (position < lengths[:, None]), y, 0)
    spectrum = torch.fft.rfft(y)
    place = torch.linspace(0, 1, spectrum.shape[1], device=device)[None]
    tone = uniform(-0.6, 0.6) * (2 * place - 1) + uniform(-0.5, 0.5) * torch.cos(6.28 * place)
    hidden = torch.zeros_like(place, dtype=torch.bool)
    for _ in range(2):
        width, start = uniform(0.0, 0.08), torch.rand(count, 1, device=device) ** 2 * 0.6
        hidden = hidden | ((place >= start) & (place < start + width))
    y = torch.fft.irfft(spectrum * tone.exp() * ~hidden, SAMPLES)
    colour = torch.fft.rfft(torch.randn_like(y)) * (place + 1e-3) ** -uniform(0.0, 0.6)
    noise = torch.fft.irfft(colour, SAMPLES)
    loud = y.square().mean(1, keepdim=True).sqrt() / noise.square().mean(1, keepdim=True).sqrt()
    y = y + noise * loud * torch.where(uniform(0, 1) < 0.5, 10 ** -uniform(0.4, 1.8), torch.zeros_like(loud))
    time = torch.arange(SAMPLES, device=device)[None]
    for _ in range(3):
        start = torch.rand(count, 1, device=device) * SAMPLES
        y = torch.where((time >= start) & (time < start + uniform(0.0, 0.12) * RATE), 0, y)
    return (y * uniform(0.4, 1.6)).clamp(-1, 1)


def made(seed: int) -> Any:
    """The network with fresh weights."""
    from transformers import MoonshineConfig, MoonshineForConditionalGeneration

    torch.manual_seed(seed)
    return MoonshineForConditionalGeneration(
        MoonshineConfig(
            vocab_size=len(WORDS) + 3, pad_token_id=PAD, bos_token_id=START, decoder_start_token_id=START,
            eos_token_id=END, **SIZES,
        )
    )  # fmt: skip


def loss_of(model: Any, head: nn.Module, x: Tensor, labels: list[list[int]], rng: np.random.Generator) -> Tensor:
    """Cross entropy of the next word, and CTC of the encoder's outputs."""
    device = x.device
    longest = max(map(len, labels)) + 1
    before, behind = (np.full((len(labels), longest), value) for value in (PAD, -100))
    for row, words in enumerate(labels):
        before[row, : len(words) + 1] = [START, *words]
        behind[row, : len(words) + 1] = [*words, END]
    wrong = (rng.random(before.shape) < 0.12) & (before < PAD)
    before = np.where(wrong, rng.integers(len(WORDS), size=before.shape), before)
    memory = model.model.encoder(x).last_hidden_state
    states = model.model.decoder(
        input_ids=torch.from_numpy(before).to(device), encoder_hidden_states=memory, use_cache=False
    )
    logits = model.proj_out(states.last_hidden_state)
    loss = functional.cross_entropy(
        logits.flatten(0, 1), torch.from_numpy(behind).to(device).flatten(), label_smoothing=0.1
    )
    heard = functional.log_softmax(head(memory).transpose(0, 1), 2)
    targets = torch.tensor([word + 1 for words in labels for word in words], device=device)
    full = torch.full((len(labels),), memory.shape[1])
    ctc = functional.ctc_loss(heard, targets, full, torch.tensor([len(words) for words in labels]), zero_infinity=True)
    result: Tensor = loss + CTC_WEIGHT * ctc
    return result


@torch.no_grad()
def greedy(model: Any, x: Tensor) -> list[list[str]]:
    """Words of recordings [N, SAMPLES]."""
    memory = model.model.encoder(x).last_hidden_state
    tokens = torch.full((len(x), 1), START, device=x.device)
    for _ in range(LONGEST_TEXT):
        states = model.model.decoder(input_ids=tokens, encoder_hidden_states=memory, use_cache=False).last_hidden_state
        tokens = torch.cat([tokens, model.proj_out(states[:, -1:]).argmax(2)], 1)
    texts = []
    for row in tokens[:, 1:].tolist():
        words = row[: row.index(END)] if END in row else row
        texts.append([WORDS[word] for word in words if word < len(WORDS)])
    return texts


def error_rate(model: Any, corpus: Corpus, device: str) -> tuple[float, int]:
    """Word error rate, and of how many recordings."""
    kept = [
        (text, samples) for text, samples in zip(corpus.texts, corpus.samples, strict=True) if len(samples) <= SAMPLES
    ]
    material = Material(kept, device)
    heard = greedy(model, material.samples.float() / 32768.0)
    return share_in_error([text.split() for text, _ in kept], heard), len(kept)


def train(args: argparse.Namespace, real: Material, spoken: Material) -> Any:
    """Train; returns the averaged weights in evaluation mode."""
    rng = np.random.default_rng(args.seed)
    model = made(args.seed).to(args.device)
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    head = nn.Linear(SIZES["hidden_size"], len(WORDS) + 1).to(args.device)
    weights = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(weights, args.lr, weight_decay=0.05, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=args.steps, pct_start=0.15)
    artificial = int(ESPEAK_SHARE * args.batch)
    started = time.time()
    model.train()
    for step in range(args.steps):
        parts = [drawn(real, args.batch - artificial, rng), drawn(spoken, artificial, rng)]
        x, lengths = (torch.cat([part[index] for part in parts]) for index in range(2))
        loss = loss_of(model, head, varied(x, lengths), parts[0][2] + parts[1][2], rng)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        averaged.update_parameters(model)
        if step % 500 == 499:
            print(f"step {step + 1}/{args.steps}  loss {loss.item():.4f}  {time.time() - started:.0f} s", flush=True)
    return averaged.module.eval()


def main() -> int:
    """Train, save and report; 2 when the data set or espeak-ng is missing."""
    args = parse_arguments()
    try:
        corpus = load(args.data)
        _, aside, _ = corpus.split()
        spoken = Material(sentences("train", args.espeak, 400, args.jobs), args.device)
    except (DataMissingError, EspeakMissingError) as error:
        print(f"train_transformer.py: {error}", file=sys.stderr)
        return 2
    known = corpus.take(np.flatnonzero([name not in set(aside.speakers) for name in corpus.speakers]))
    real = Material(list(zip(known.texts, known.samples, strict=True)), args.device)
    print(f"{len(real)} utterances to train on, {len(spoken)} from espeak-ng", flush=True)
    model = train(args, real, spoken)
    save_moonshine(model.to("cpu"), args.out, SAMPLES, LONGEST_TEXT + 1, WORDS)
    rate, count = error_rate(model.to(args.device), aside, args.device)
    print(f"wrote {args.out}; word error rate {100 * rate:.2f} % of {count} utterances, greedy", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
