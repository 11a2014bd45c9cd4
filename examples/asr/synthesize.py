"""Sentences of the task by the voices of espeak-ng; run by itself it makes the recordings shipped here.

    python examples/asr/synthesize.py

writes demo/*.wav, named by what is said, and demo_calib.npz, by other voices, for calibration.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from dataset import RATE
from model import TAIL
from numpy.typing import NDArray
from vocabulary import sentence

from edgeq.audio import wav

ACCENTS = ("en-us", "en-us", "en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
VOICES = {
    "demo": ("m2", "m5", "f2", "f5"),
    "calib": ("m7", "f1", "klatt2", "Annie"),
    "train": ("m1", "m3", "m4", "m6", "m7", "m8", "f1", "f3", "f4", "Andy", "Alex", "linda", "steph", "belinda", "rob"),
}  # fmt: skip
#: what is said otherwise than it is written
SAID = {"A": "[[eI]]", "Z": "[[zi:]]", "RUBOUT": "rub out", "OH": "oh"}
#: what is said in demo/, and how many recordings demo_calib.npz has
DEMO = ("ENTER FOUR TWO SEVEN", "JUNE THIRD NINETEEN SIXTY")
CALIBRATION = 16
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


def sentences(part: str, count: int, seed: int, jobs: int = 1) -> list[tuple[str, NDArray[np.int16]]]:
    """`count` random sentences and their recordings, the same ones for any number of processes."""
    one = partial(_sentence, part, seed)
    if jobs == 1:
        return [one(number) for number in range(count)]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(one, range(count), chunksize=8))


def _sentence(part: str, seed: int, number: int) -> tuple[str, NDArray[np.int16]]:
    rng = np.random.default_rng((seed, number))
    while True:
        words = sentence(rng)
        samples = speak(words, part, rng)
        if len(samples) <= LONGEST_S * RATE:
            return " ".join(words), samples


def save(folder: Path) -> None:
    """Writes the demonstration and the calibration recordings."""
    (folder / "demo").mkdir(exist_ok=True)
    rng = np.random.default_rng(11)
    for text in DEMO:
        samples = np.pad(speak(text.split(), "demo", rng), (0, TAIL))
        wav.write(folder / "demo" / f"{text.replace(' ', '_').lower()}.wav", samples, RATE)
    spoken = [samples for _, samples in sentences("calib", CALIBRATION, 7)]
    x = np.stack([wav.of_length(samples, max(map(len, spoken))) for samples in spoken])
    np.savez_compressed(folder / "demo_calib.npz", x=x)


def main() -> int:
    """See save; 2 when espeak-ng is missing."""
    parser = argparse.ArgumentParser(description="Make the recordings shipped here with espeak-ng.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder (%(default)s)")
    args = parser.parse_args()
    try:
        save(args.out)
    except EspeakMissingError as error:
        print(f"synthesize.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
