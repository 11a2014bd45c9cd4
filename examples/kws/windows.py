"""What the spotter is trained on: pairs of clips, one after the other, and what is to be said at each moment of them.

A bank holds every clip in several variants, as log-mel bands, with where its word begins and ends. It is made once, in
numpy and on several cores; pairs are put together from it on the device that trains.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from augment import mask, splice, vary
from dataset import Clips
from features import Floats
from numpy.typing import NDArray
from spotter import FRAMES, FRONT_END, REDUCTION
from torch import Tensor

from edgeq.audio import floats

CHUNK = 100  # clips varied at a time, each chunk with a generator of its own
WARPS = np.linspace(0.9, 1.1, 11)
#: loudness of a clip's peak, and of noise as its standard deviation, in dB of full scale
PEAK_DB, NOISE_DB = (-32.0, 0.0), (-75.0, -12.0)
NOISY = 0.55
#: of what is drawn
SILENCE_SHARE, UNKNOWN_SHARE = 0.10, 0.25
#: of the unknown ones those that are made up, and of each word those of espeak-ng
MADE_UP_SHARE, ESPEAK_SHARE = 0.35, 0.2
#: where it is not said that a moment means nothing
IGNORED = -100
#: a word is heard of this many frames at most, else it isn't known where it is
LONGEST = 42
#: natural logarithms of power that a common noise lies below the loudest frame
SNR = (2.5, 9.0)


def bands_of(clips: Floats, rng: np.random.Generator | None = None, noise: NDArray[np.bool_] | None = None) -> Floats:
    """Log-mel bands [N, 50, 40], not normalised; with a generator of clips at a random loudness and with a frequency
    axis of random length. `noise`: which clips are that."""
    if rng is None:
        return floats.features(FRONT_END, clips).astype(np.float32)
    quiet = np.zeros(len(clips), bool) if noise is None else noise
    peaks = np.maximum(np.abs(clips).max(axis=1), 1e-6)
    spread = np.maximum(clips.std(axis=1), 1e-6)
    decibels = np.where(quiet, rng.uniform(*NOISE_DB, len(clips)), rng.uniform(*PEAK_DB, len(clips)))
    gains = 10.0 ** (decibels / 20.0) / np.where(quiet, spread, peaks)
    loud = np.clip(clips * gains[:, None], -1.0, 1.0)
    warps = rng.choice(WARPS, len(clips))
    made = np.empty((len(clips), FRAMES, FRONT_END.bands), np.float32)
    for warp in np.unique(warps):
        rows = warps == warp
        made[rows] = floats.features(FRONT_END, loud[rows], float(warp))
    return made


def _varied(clips: Clips, recorded: Floats, silence: int, seed: int, job: tuple[int, int]) -> NDArray[np.float16]:
    """Variant `job[0]` of the chunk of clips from `job[1]` on."""
    variant, start = job
    rng = np.random.default_rng([seed, variant, start])
    some, labels = clips.samples[start : start + CHUNK], clips.labels[start : start + CHUNK]
    make = partial(bands_of, noise=labels == silence)
    return mask(vary(some, labels, recorded, NOISY, rng, silence, make), rng).astype(np.float16)


_shared: dict[str, partial[NDArray[np.float16]]] = {}


def _set_up(work: partial[NDArray[np.float16]]) -> None:
    _shared["work"] = work


def _job(job: tuple[int, int]) -> NDArray[np.float16]:
    return _shared["work"](job)


def variants(clips: Clips, recorded: Floats, silence: int, count: int, seed: int, jobs: int) -> NDArray[np.float16]:
    """Log-mel bands [count, N, 50, 40] of varied clips; the number of processes `jobs` changes nothing."""
    work = partial(_varied, clips, recorded, silence, seed)
    chunks = [(variant, start) for variant in range(count) for start in range(0, len(clips), CHUNK)]
    with ProcessPoolExecutor(jobs, initializer=_set_up, initargs=(work,)) as pool:
        parts = list(pool.map(_job, chunks, chunksize=4))
    each = len(chunks) // count
    return np.stack([np.concatenate(parts[variant * each : (variant + 1) * each]) for variant in range(count)])


def made_up(bands: NDArray[np.float16], labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.float16]:
    """Words that do not exist, [variants, count, 50, 40], of pairs of clips of different classes."""
    others = {label: np.flatnonzero(labels != label) for label in np.unique(labels)}
    parts = []
    for variant, own in enumerate(bands):
        rng = np.random.default_rng([seed, variant])
        first = rng.integers(len(labels), size=count)
        if len(others) == 1:  # nothing to put together: turned round in time
            parts.append(own[first, ::-1])
            continue
        second = np.array([rng.choice(others[label]) for label in labels[first]])
        groups = np.array_split(np.arange(count), 32)  # each is cut elsewhere
        parts.append(np.concatenate([splice(own[first[group]], own[second[group]], rng) for group in groups]))
    return np.stack(parts)


@dataclass(frozen=True, eq=False)
class Bank:
    """`bands` [variants, rows, 50, 40] in half precision, not normalised; `begin` and `end` of the word in frames
    [variants, rows]; `labels` and `weights` (how often each is drawn) [rows]; the classes' indices."""

    bands: Tensor
    begin: Tensor
    end: Tensor
    labels: Tensor
    weights: Tensor
    silence: int
    unknown: int

    @staticmethod
    def of(
        real: NDArray[np.float16], clips: Clips, spoken: NDArray[np.float16] | None, spoken_labels: NDArray[np.int64],
        words: int, seed: int, device: torch.device,
    ) -> Bank:  # fmt: skip
        """Of variants of the real clips, of espeak-ng's if any, and of made-up words of the real ones."""
        silence, unknown = words, words + 1
        speech = np.flatnonzero(clips.labels != silence)
        count = max(64, len(speech) // 4)
        invented = made_up(real[:, speech], clips.labels[speech], count, seed)
        parts = [real, invented] if spoken is None else [real, invented, spoken]
        sources = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
        labels = np.concatenate([clips.labels, np.full(count, unknown), spoken_labels])
        bands = torch.from_numpy(np.concatenate(parts, axis=1)).to(device)
        begin, end = (torch.stack(list(found)) for found in zip(*(extent(own) for own in bands), strict=True))
        silent = torch.from_numpy(labels == silence).to(device)
        begin, end = begin.masked_fill(silent, 0), end.masked_fill(silent, 0)
        weights = drawn(labels, sources, words)
        on_device = [torch.from_numpy(values).to(device) for values in (labels, weights)]
        return Bank(bands, begin, end, on_device[0], on_device[1], silence, unknown)

    def statistics(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of every band, as they are drawn."""
        weights = self.weights / self.weights.sum()
        mean = torch.stack([weights @ own.float().mean(1) for own in self.bands]).mean(0)
        square = torch.stack([weights @ (own.float() - mean).square().mean(1) for own in self.bands]).mean(0)
        return mean.cpu().numpy(), square.sqrt().cpu().numpy()


def drawn(labels: NDArray[np.int64], sources: NDArray[np.int64], words: int) -> NDArray[np.float32]:
    """How often each row is drawn, by its class and by where it is from: real, made up, espeak-ng."""
    shares = [(1.0 - SILENCE_SHARE - UNKNOWN_SHARE) / words] * words + [SILENCE_SHARE, UNKNOWN_SHARE]
    made: NDArray[np.float32] = np.zeros(len(labels), np.float32)
    for label, share in enumerate(shares):
        parts = {0: 1.0, 1: MADE_UP_SHARE, 2: ESPEAK_SHARE}
        rows = {source: np.flatnonzero((labels == label) & (sources == source)) for source in parts}
        parts[0] -= sum(parts[source] for source in (1, 2) if len(rows[source]))
        total = sum(parts[source] for source in parts if len(rows[source]))
        for source, own in rows.items():
            made[own] = share * parts[source] / total / max(1, len(own))
    return made


def extent(bands: Tensor) -> tuple[Tensor, Tensor]:
    """First frame of the word in each clip [N, 50, 40], and the one behind its last: where it is louder than a mean of
    its quietest and loudest frames and than 30 dB below the loudest."""
    loudness = bands.float().logsumexp(2)
    floor, top = loudness.quantile(0.1, dim=1, keepdim=True), loudness.amax(1, keepdim=True)
    loud = loudness >= torch.maximum(floor + 0.3 * (top - floor), top - 6.9)
    frames = torch.arange(loud.shape[1], device=bands.device)
    begin = torch.where(loud, frames, loud.shape[1]).amin(1)
    return begin, torch.where(loud, frames + 1, 0).amax(1)


def pairs(bank: Bank, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Bands [count, T, 40], not normalised, and the classes of every window of 50 frames that ends at an even one,
    [count, T / 2 - 24], IGNORED where nothing is to be said. T is 100, or less where the first clips begin late."""
    device = bank.bands.device
    random = partial(torch.rand, generator=generator, device=device)
    chosen = torch.multinomial(bank.weights, 3 * count, replacement=True, generator=generator).view(3, count)
    silent = torch.multinomial(
        bank.weights * (bank.labels == bank.silence), 2 * count, replacement=True, generator=generator
    ).view(2, count)
    first = torch.where(random(count) < 0.35, silent[0], chosen[0])
    rows = torch.stack([first, chosen[1]])
    number = torch.randint(bank.bands.shape[0], (3, count), generator=generator, device=device)
    late = 0 if float(random(1)) < 0.5 else REDUCTION * int(random(1) * 15 + 1)
    x = torch.cat([bank.bands[number[0], rows[0]], bank.bands[number[1], rows[1]]], dim=1).float()[:, late:]
    noise = bank.bands[number[2], silent[1]].float()
    noise = torch.cat([noise, noise], dim=1)[:, late:]
    noise = noise - noise.mean((1, 2), keepdim=True) + x.mean(2).amax(1)[:, None, None]
    below = SNR[0] + (SNR[1] - SNR[0]) * random(count, 1, 1)
    x = torch.where(random(count, 1, 1) < 0.4, torch.logaddexp(x, noise - below), x)
    begin, end = (values[number[:2], rows] for values in (bank.begin, bank.end))
    offsets = torch.tensor([[-late], [FRAMES - late]], device=device)
    return x, targets(bank, bank.labels[rows], begin + offsets, end + offsets, late)


def targets(bank: Bank, labels: Tensor, begin: Tensor, end: Tensor, late: int) -> Tensor:
    """Classes of the windows over two words [2, N], which begin and end at these frames."""
    last = torch.arange(FRAMES, 2 * FRAMES - late + 1, REDUCTION, device=labels.device)[:, None, None]
    spoken = (labels != bank.silence)[None]
    inside = torch.minimum(end, last) - torch.maximum(begin, last - FRAMES)
    length = (end - begin).clamp(min=1)
    share = torch.where(spoken, inside.clamp(min=0) / length, 0.0)
    located = (length <= LONGEST) | ~spoken[0]
    whole = spoken & (begin >= last - FRAMES - 1) & (end <= last + 1) & located
    found = torch.full((len(last), labels.shape[1]), IGNORED, device=labels.device)
    most = share.amax(1)
    certain = located.all(0)
    found = torch.where((most > 0.3) & (most < 0.75) & certain, bank.unknown, found)
    found = torch.where((most < 0.1) & certain, bank.silence, found)
    found = torch.where(whole[:, 0] & (share[:, 1] < 0.15), labels[0], found)
    found = torch.where(whole[:, 1] & (share[:, 0] < 0.75), labels[1], found)
    found[-1] = labels[1]  # the window is the clip
    if not late:
        found[0] = labels[0]
    return found.T
