"""Read Speech Commands from disk and split it by speaker (numpy only).

Two forms are understood, told apart by what the given path is:

* a folder in the layout of the published archives (``<word>/<speaker>_nohash_<n>.wav``,
  ``_background_noise_/*.wav``);
* a packed ``.npz`` file, in which samples are stored as differences in two byte planes.
"""

from __future__ import annotations

import hashlib
import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from features import SAMPLES, Floats, fit_length
from model import CLASSES
from numpy.typing import NDArray

HELD_OUT_PERCENT = 15
SILENCE = CLASSES.index("silence")
UNKNOWN = CLASSES.index("unknown")


class DataMissingError(Exception):
    """The data set is not where the caller said; the message says what was looked for."""


@dataclass(frozen=True)
class Clips:
    """One-second clips, their classes (indices into CLASSES), who speaks, and the words."""

    samples: Floats  # [N, 16000]
    labels: NDArray[np.int64]  # [N]
    speakers: list[str]
    words: list[str]

    def __len__(self) -> int:
        """How many clips there are."""
        return len(self.labels)

    def held_out(self) -> NDArray[np.bool_]:
        """True for the clips of speakers that the split model never hears.

        The choice is a hash of the speaker's name, so it is the same for every copy and subset
        of the data set.
        """
        hashes = [int(hashlib.sha1(s.encode()).hexdigest(), 16) for s in self.speakers]
        return np.array([h % 100 < HELD_OUT_PERCENT for h in hashes], bool)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Clips:
        """The clips selected by a mask or by row numbers."""
        rows = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        speakers, words = ([names[i] for i in rows] for names in (self.speakers, self.words))
        return Clips(self.samples[rows], self.labels[rows], speakers, words)


def class_of(word: str) -> int:
    """Class index of a word or of the names ``_silence_`` and ``_unknown_``."""
    name = word.strip("_")
    return CLASSES.index(name) if name in CLASSES else UNKNOWN


def read_packed(path: Path) -> Clips:
    """Read one packed file."""
    packed = np.load(path)
    steps = packed["hi"].astype(np.uint16) << 8 | packed["lo"]
    stream = np.cumsum((steps >> 1) ^ -(steps & 1), dtype=np.uint16).view(np.int16)
    bounds = packed["offsets"]
    samples = np.stack([fit_length(stream[a:b]) for a, b in pairwise(bounds)])
    names = [class_of(name.decode()) for name in packed["labels"]]
    labels = np.array(names, np.int64)[packed["label"]]
    speakers, words = ([name.decode() for name in packed[field]] for field in ("speaker", "word"))
    return Clips(samples, labels, speakers, words)


def read_wav(path: Path) -> NDArray[np.int16]:
    """The samples of a mono 16-bit wav file."""
    with wave.open(str(path)) as source:
        return np.frombuffer(source.readframes(source.getnframes()), "<i2").astype(np.int16)


def read_folder(folder: Path) -> Clips:
    """Read the published layout.

    Of the other words about a tenth as many clips are taken as there are of the ten keywords, and
    the background recordings are cut into as many again.
    """
    keywords = [p for word in CLASSES for p in sorted((folder / word).glob("*.wav"))]
    others = [
        path
        for word in sorted(p for p in folder.iterdir() if p.is_dir())
        if word.name not in CLASSES and not word.name.startswith("_")
        for path in sorted(word.glob("*.wav"))
    ]
    extra = max(1, len(keywords) // 10)
    others = others[:: max(1, len(others) // extra)]
    paths = keywords + others
    samples = [fit_length(read_wav(p)) for p in paths]
    labels = [class_of(p.parent.name) for p in paths]
    speakers, words = [p.name.split("_")[0] for p in paths], [p.parent.name for p in paths]
    noises = [read_wav(p) for p in sorted((folder / "_background_noise_").glob("*.wav"))]
    cuts = [
        noise[start : start + SAMPLES] for noise in noises for start in range(0, len(noise) - SAMPLES, SAMPLES // 4)
    ]
    for number, cut in enumerate(cuts[:: max(1, len(cuts) // extra)]):
        samples.append(fit_length(cut))
        labels.append(SILENCE)
        speakers.append(f"silence{number}")
        words.append("_silence_")
    return Clips(np.stack(samples), np.array(labels, np.int64), speakers, words)


def load(data: Path) -> Clips:
    """Read the data set at ``data``; raises DataMissingError when nothing usable is there."""
    if data.is_file():
        return read_packed(data)
    if (data / CLASSES[0]).is_dir():
        return read_folder(data)
    raise DataMissingError(
        f"no Speech Commands data at '{data}': give the folder with one sub-folder of wav files "
        "per word, or a packed .npz file"
    )
