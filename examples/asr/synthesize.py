"""Sentences of the task by the voices of espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import numpy as np
from dataset import RATE
from numpy.typing import NDArray
from vocabulary import sentence

ACCENTS = ("en-us", "en-us", "en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
VOICES = {
    "demo": ("m2", "m5", "f2", "f5"),
    "train": ("m1", "m3", "m4", "m6", "m7", "m8", "f1", "f3", "f4", "Andy", "Alex", "linda", "steph", "belinda", "rob"),
}  # fmt: skip
#: what is said otherwise than it is written
SAID = {"A": "[[eI]]", "Z": "[[zi:]]", "RUBOUT": "rub out", "OH": "oh"}
#: seconds that a sentence takes at most
LONGEST_S = 8.0


class EspeakMissingError(Exception):
    """espeak-ng is not installed."""


def speak(words: list[str], part: str, rng: np.random.Generator) -> NDArray[np.int16]:
    """The words by a random voice of `part`, with a pause before and behind."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise EspeakMissingError("espeak-ng is not installed (Debian and Ubuntu: apt install espeak-ng)")
    text = "".join(
        SAID.get(word, word if len(word) == 1 else word.lower()) + (", " if rng.random() < 0.15 else " ")
        for word in words
    )
    voice = f"{rng.choice(ACCENTS)}+{rng.choice(VOICES[part])}"
    speed, pitch = str(int(rng.integers(120, 231))), str(int(rng.integers(10, 91)))
    command = [program, "-v", voice, "-s", speed, "-p", pitch, "--stdout", text]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    rate = int.from_bytes(wav[24:28], "little")
    audio = np.frombuffer(wav[44 : len(wav) // 2 * 2], "<i2").astype(np.float64)
    length = round(len(audio) * RATE / rate)
    audio = np.fft.irfft(np.fft.rfft(audio)[: length // 2 + 1], length)  # resampled by cutting the spectrum
    audio *= rng.uniform(3000.0, 15000.0) / np.abs(audio).max()
    padded = np.pad(audio, (int(rng.integers(1600, 6400)), int(rng.integers(0, 3200))))
    padded += rng.standard_normal(len(padded)) * rng.uniform(1.0, 20.0)
    return np.rint(np.clip(padded, -32768, 32767)).astype(np.int16)


def sentences(part: str, count: int, seed: int) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """`count` random sentences and their recordings."""
    rng = np.random.default_rng(seed)
    made = 0
    while made < count:
        words = sentence(rng)
        samples = speak(words, part, rng)
        if len(samples) <= LONGEST_S * RATE:
            made += 1
            yield " ".join(words), samples
