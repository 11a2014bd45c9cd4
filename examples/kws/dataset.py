"""Read Speech Commands from disk and split it by speaker .

Two forms are understood, told apart by what the given path is:

* a folder in the layout of the published archives (``<word>/<speaker>_nohash_<n>.wav``,
  ``_background_noise_/*.wav``);
* a packed ``.npz`` file, in which samples are stored as differences in two byte planes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from features import RATE, SAMPLES, Floats, fit_length
from model import CLASSES
from numpy.typing import NDArray

from edgeq.audio import wav

HELD_OUT_PERCENT, VALIDATION_PERCENT = 15, 15
#: clips of a word that there have to be
FEWEST = 10
KEYWORDS = CLASSES[:10]
SILENCE = CLASSES.index("silence")
UNKNOWN = CLASSES.index("unknown")


class DataMissingError(Exception):
    """The data set is not where the caller said; the message says what was looked for."""


@dataclass(frozen=True)
class Clips:
    """One-second clips, their classes (words, then silence and unknown), who speaks, and the words."""

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
        return self._hashes() < HELD_OUT_PERCENT

    def validation(self) -> NDArray[np.bool_]:
        """True for the clips of further speakers, chosen in the same way, to compare settings on."""
        hashes = self._hashes()
        return (hashes >= HELD_OUT_PERCENT) & (hashes < HELD_OUT_PERCENT + VALIDATION_PERCENT)

    def _hashes(self) -> NDArray[np.int64]:
        """A number from 0 to 99 for each clip's speaker."""
        return np.array([int(hashlib.sha1(s.encode()).hexdigest(), 16) % 100 for s in self.speakers], np.int64)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Clips:
        """The clips selected by a mask or by row numbers."""
        rows = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        speakers, words = ([names[i] for i in rows] for names in (self.speakers, self.words))
        return Clips(self.samples[rows], self.labels[rows], speakers, words)


def classes_of(words: Sequence[str]) -> tuple[str, ...]:
    """The names of the outputs of a network that knows these words."""
    return (*words, "silence", "unknown")


def class_of(word: str, classes: Sequence[str]) -> int:
    """Class index of a word or of the names ``_silence_`` and ``_unknown_``."""
    name = word.strip("_")
    return classes.index(name) if name in classes else classes.index("unknown")


def unpack(path: Path) -> tuple[list[NDArray[np.int16]], dict[str, NDArray[Any]]]:
    """The recordings of a packed file, and its other fields."""
    packed = dict(np.load(path))
    steps = packed.pop("hi").astype(np.uint16) << 8 | packed.pop("lo")
    stream = np.cumsum((steps >> 1) ^ -(steps & 1), dtype=np.uint16).view(np.int16)
    return [stream[a:b] for a, b in pairwise(packed.pop("offsets"))], packed


def read_packed(path: Path, classes: Sequence[str]) -> Clips:
    """Read one packed file."""
    try:
        recordings, packed = unpack(path)
    except Exception as error:  # numpy raises many kinds for damaged archives
        raise DataMissingError(f"'{path}' can't be read as a packed file ({error!r}); give a folder") from error
    samples = np.stack([fit_length(recording) for recording in recordings])
    speakers, words = ([name.decode() for name in packed[field]] for field in ("speaker", "word"))
    require(words, classes, path)
    labels = np.array([class_of(word, classes) for word in words], np.int64)
    return Clips(samples, labels, speakers, words)


def speaker_of(path: Path) -> str:
    """Who speaks in ``<speaker>_nohash_<n>.wav``; of a file with another name nobody knows, so it is its own."""
    name = path.name.split("_")[0]
    return name if "_nohash_" in path.name else f"{path.parent.name}/{path.stem}"


def read_folder(folder: Path, classes: Sequence[str]) -> Clips:
    """Read the published layout.

    Of the other words about a tenth as many clips are taken as there are of ten keywords, and the background recordings
    are cut into as many again.
    """
    keywords = [p for word in classes for p in sorted((folder / word).glob("*.wav"))]
    others = [
        path
        for word in sorted(p for p in folder.iterdir() if p.is_dir())
        if word.name not in classes and not word.name.startswith("_")
        for path in sorted(word.glob("*.wav"))
    ]
    extra = max(1, len(keywords) // min(10, len(classes) - 2))
    others = others[:: max(1, len(others) // extra)]
    paths = keywords + others
    require([p.parent.name for p in paths], classes, folder)
    samples = [fit_length(wav.read(p, RATE)) for p in paths]
    labels = [class_of(p.parent.name, classes) for p in paths]
    speakers, words = [speaker_of(p) for p in paths], [p.parent.name for p in paths]
    noises = [wav.read(p, RATE) for p in sorted((folder / "_background_noise_").glob("*.wav"))]
    cuts = [
        noise[start : start + SAMPLES] for noise in noises for start in range(0, len(noise) - SAMPLES, SAMPLES // 4)
    ]
    for number, cut in enumerate(cuts[:: max(1, len(cuts) // extra)]):
        samples.append(fit_length(cut))
        labels.append(classes.index("silence"))
        speakers.append(f"silence{number}")
        words.append("_silence_")
    return Clips(np.stack(samples), np.array(labels, np.int64), speakers, words)


def load(data: Path, keywords: Sequence[str] = KEYWORDS) -> Clips:
    """Read the data set at ``data``; raises DataMissingError when nothing usable is there, and EdgeqError for a WAV
    file that is not 16-bit PCM of one channel at 16 kHz."""
    classes = classes_of(keywords)
    if not keywords or len(set(classes)) < len(classes):
        raise DataMissingError(f"--words {','.join(keywords)}: give different words, besides silence and unknown")
    if data.is_file():
        clips = read_packed(data, classes)
    elif data.is_dir() and any((data / word).is_dir() for word in keywords):
        clips = read_folder(data, classes)
    else:
        raise DataMissingError(
            f"no recordings of words at '{data}': give the folder with one sub-folder of wav files "
            "per word, or a packed .npz file"
        )
    return clips


def require(words: Sequence[str], classes: Sequence[str], data: Path) -> None:
    """Raises DataMissingError where there are too few clips of a keyword; `words` of all clips."""
    for word in classes[:-2]:
        if words.count(word) < FEWEST:
            found = ", ".join(sorted(set(words) - {"_silence_"}))
            raise DataMissingError(
                f"'{data}' has {words.count(word)} clips of the word '{word}', and {FEWEST} are the fewest; "
                f"it has clips of {found}"
            )
