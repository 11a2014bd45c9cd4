"""Read AN4 (CMU's census recordings) from disk and set speakers aside (numpy only).

Two forms are understood, told apart by what the given path is:

* the folder of the published archive (`etc/an4_train.fileids`, `etc/an4_train.transcription`, `etc/an4.dic`,
  `wav/<fileid>.sph` or `.raw`, 16 kHz, 16 bits);
* a folder with `an4_train.npz`, samples stored as differences in two byte planes, and `an4.dic`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from vocabulary import WORDS

RATE = 16000
#: speakers, in the order of split, on whom choices are made, and who are looked at once
DEVELOPMENT, HELD_OUT = slice(0, 9), slice(42, 51)
SPHERE_HEADER = 1024


class DataMissingError(Exception):
    """The data set is not where the caller said; the message says what was looked for."""


@dataclass(frozen=True)
class Corpus:
    """Utterances (int16), their words, who speaks; word -> phones of its first pronunciation."""

    samples: list[NDArray[np.int16]]
    texts: list[str]
    speakers: list[str]
    phones: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        """How many utterances there are."""
        return len(self.texts)

    def take(self, rows: NDArray[np.int64]) -> Corpus:
        """The utterances of these numbers."""
        parts = ([items[row] for row in rows] for items in (self.samples, self.texts, self.speakers))
        samples, texts, speakers = parts
        return Corpus(samples, texts, speakers, self.phones)

    def split(self) -> tuple[Corpus, Corpus, Corpus]:
        """(training, development, held out): by a hash of the speaker's name, the same for every copy."""
        order = sorted(set(self.speakers), key=lambda name: hashlib.sha1(name.encode()).hexdigest())
        part = np.array([2] * len(order))
        part[DEVELOPMENT], part[HELD_OUT] = 0, 1
        of = dict(zip(order, part, strict=True))
        each = np.array([of[name] for name in self.speakers])
        chosen_on, held_out, training = (self.take(np.flatnonzero(each == number)) for number in range(3))
        return training, chosen_on, held_out


def load(data: Path) -> Corpus:
    """Read the data set at `data`; raises DataMissingError when nothing usable is there."""
    packed, listed = data / "an4_train.npz", data / "etc" / "an4_train.fileids"
    if packed.is_file() and (data / "an4.dic").is_file():
        return _packed(packed, _phones(data / "an4.dic"))
    if listed.is_file():
        return _archive(data, listed)
    raise DataMissingError(
        f"no AN4 at '{data}': give the folder of the archive (with etc/an4_train.fileids and wav/), or one with "
        "an4_train.npz and an4.dic"
    )


def _phones(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        word, *phones = line.split() or [""]
        if phones and "(" not in word:
            found[word] = tuple(phones)
    found["A"] = ("EY",)  # the letter, not the article
    missing = [word for word in WORDS if word not in found]
    if missing:
        raise DataMissingError(f"{path} has no pronunciation of {', '.join(missing[:5])}")
    return found


def _packed(path: Path, phones: Mapping[str, tuple[str, ...]]) -> Corpus:
    packed = np.load(path)
    steps = packed["hi"].astype(np.uint16) << 8 | packed["lo"]
    stream = np.cumsum((steps >> 1) ^ -(steps & 1), dtype=np.uint16).view(np.int16)
    samples = [stream[a:b] for a, b in pairwise(packed["offsets"])]
    texts, speakers = ([name.decode() for name in packed[field]] for field in ("text", "speaker"))
    return Corpus(samples, texts, speakers, phones)


def _archive(data: Path, listed: Path) -> Corpus:
    ids = listed.read_text(encoding="utf-8").split()
    lines = (data / "etc" / "an4_train.transcription").read_text(encoding="utf-8").splitlines()
    texts = [" ".join(word for word in line.rpartition("(")[0].split() if not word.startswith("<")) for line in lines]
    samples = []
    for name in ids:
        sphere, raw = (data / "wav" / f"{name}{suffix}" for suffix in (".sph", ".raw"))
        if not sphere.is_file() and not raw.is_file():
            raise DataMissingError(f"the recording {sphere} is missing")
        content = sphere.read_bytes()[SPHERE_HEADER:] if sphere.is_file() else raw.read_bytes()
        samples.append(np.frombuffer(content, ">i2").astype(np.int16))
    return Corpus(samples, texts, [name.split("/")[-2] for name in ids], _phones(data / "etc" / "an4.dic"))
