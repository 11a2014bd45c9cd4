"""Make keyword clips with espeak-ng: the demo inputs, and extra voices for training.

    python synthesize.py        writes demo.npz, demo_calib.npz and demo/, WAV files for the spotter, next to this file

The three uses have voices of their own (see VOICES), so no voice of the demo is ever trained on.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from features import RATE, SAMPLES, Floats, features
from model import CLASSES
from numpy.typing import NDArray

from edgeq.audio import wav

HERE = Path(__file__).resolve().parent
KEYWORDS = CLASSES[:10]
SILENCE = CLASSES.index("silence")
UNKNOWN = CLASSES.index("unknown")

ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp", "en-gb-x-gbclan")
VOICES = {
    "demo": ("m2", "m5", "f2", "f5", "Annie", "klatt3"),
    "calib": ("m4", "f4", "Alex", "klatt2"),
    "train": ("m1", "m3", "m6", "m7", "m8", "f1", "f3", "klatt", "klatt4", "Andy", "anika",
              "linda", "steph", "belinda", "Diogo", "Michael", "rob", "robert"),
}  # fmt: skip
# Words of the "unknown" class: the ones that Speech Commands has besides the keywords, and, for
# training only, more everyday words, many of them close to a keyword.
OTHER_WORDS = (
    "bed bird cat dog eight five four happy house marvin nine one seven sheila six three tree two wow zero "
    "backward forward follow learn visual"
)
MORE_WORDS = (
    "the and water people about light table never under river music paper green little window number letter "
    "after again because over open mother father noun know note low snow pup cup town gown lift let write "
    "bright gone awe often step shop ghost goat yet guess yesterday top stay crown dawn nope best apple call "
    "turn play pause start begin end lamp fan door close lock hello thanks"
)


#: words of the clips for the spotter, and how long they are: past the second that it hears before it says anything
DEMO, DEMO_SAMPLES = ("yes", "stop", "seven"), 22400


class EspeakMissingError(Exception):
    """espeak-ng is not installed."""


def speak(text: str, voice: str, words_per_minute: int, pitch: int) -> Floats:
    """One utterance at 16 kHz, leading and trailing silence removed, peak 1."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise EspeakMissingError("espeak-ng is not installed (Debian and Ubuntu: apt install espeak-ng)")
    command = [program, "-v", voice, "-s", str(words_per_minute), "-p", str(pitch), "--stdout"]
    wav = subprocess.run([*command, text], capture_output=True, check=True).stdout
    rate = int.from_bytes(wav[24:28], "little")
    audio = np.frombuffer(wav[44 : len(wav) // 2 * 2], "<i2").astype(np.float64)
    # Resample by cutting the spectrum: exact for a lower rate and short clips.
    length = round(len(audio) * RATE / rate)
    audio = np.fft.irfft(np.fft.rfft(audio)[: length // 2 + 1], length)
    loudness = np.convolve(np.abs(audio), np.ones(160) / 160, "same")
    loud = np.flatnonzero(loudness > 0.02 * loudness.max())
    audio = audio[loud[0] : loud[-1] + 1][:SAMPLES]
    return (audio / np.abs(audio).max()).astype(np.float32)


def noise(rng: np.random.Generator, samples: int = SAMPLES) -> Floats:
    """Noise of a random colour between white and brown, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum *= np.arange(1, len(spectrum) + 1) ** -rng.uniform(0.0, 1.0)
    coloured = np.fft.irfft(spectrum, samples)
    return (coloured / coloured.std()).astype(np.float32)


def clip_of(word: str, part: str, rng: np.random.Generator) -> Floats:
    """A one-second clip of a word by a random voice of ``part``, placed near the middle."""
    voice = f"{rng.choice(ACCENTS)}+{rng.choice(VOICES[part])}"
    audio = speak(word, voice, int(rng.integers(110, 231)), int(rng.integers(10, 91)))
    room = SAMPLES - len(audio)
    start = int(np.clip(room // 2 + rng.integers(-1600, 1601), 0, room))
    return np.pad(audio, (start, room - start))


def spoken(words: Sequence[str], per_word: int, seed: int, jobs: int) -> tuple[Floats, list[str]]:
    """``per_word`` clips of each word by the voices for training, and twice as many of other words: float32 [N, 16000]
    and the words. Every clip has its own generator, so that the number of processes ``jobs`` changes nothing."""
    others = [word for word in f"{OTHER_WORDS} {MORE_WORDS}".split() if word not in words]
    said = [word for word in words for _ in range(per_word)] + [others[i % len(others)] for i in range(2 * per_word)]
    rngs = [np.random.default_rng([seed, number]) for number in range(len(said))]
    with ThreadPoolExecutor(jobs) as pool:  # the voices are processes of their own
        clips = list(pool.map(lambda word, rng: clip_of(word.replace("_", " "), "train", rng), said, rngs))
    return np.stack(clips), said


def synthesize(part: str, per_class: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """``per_class`` clips of each keyword and of other words: float32 [N, 16000] and labels [N].

    Training gets twice as many unknown words, and neither noise nor a silence class: both are
    added when its clips are varied. The other parts get faint noise and ``per_class`` noise clips.
    """
    rng = np.random.default_rng(seed)
    training = part == "train"
    unknown = (f"{OTHER_WORDS} {MORE_WORDS}" if training else OTHER_WORDS).split()
    jobs = [(word, label) for label, word in enumerate(KEYWORDS) for _ in range(per_class)]
    count = 2 * per_class if training else per_class
    jobs += [(unknown[i % len(unknown)], UNKNOWN) for i in range(count)]
    clips = [clip_of(word, part, rng) for word, _ in jobs]
    labels = [label for _, label in jobs]
    if not training:
        for clip in clips:
            clip += noise(rng) * clip.std() * 10.0 ** (-rng.uniform(12.0, 40.0) / 20.0)
        clips += [noise(rng) for _ in range(per_class)]
        labels += [SILENCE] * per_class
    return np.stack(clips), np.array(labels, np.int64)


def save(path: Path, part: str, per_class: int, seed: int) -> None:
    """Write the features (rounded to half precision, which packs better) and labels of a part."""
    clips, labels = synthesize(part, per_class, seed)
    order = np.random.default_rng(seed).permutation(len(labels))
    x = features(clips[order]).astype(np.float16).astype(np.float32)
    np.savez_compressed(path, x=x, y=labels[order])
    print(f"wrote {path}: x {x.shape}, {path.stat().st_size / 1000:.0f} kB")


def save_clips(folder: Path, seed: int) -> None:
    """Write a WAV file for each of DEMO in a folder for its label: a second with the word and faint noise all along."""
    rng = np.random.default_rng(seed)
    for word in DEMO:
        clip = np.pad(0.5 * clip_of(word, "demo", rng), (0, DEMO_SAMPLES - SAMPLES))
        clip += noise(rng, DEMO_SAMPLES) * 1e-3
        own = folder / (word if word in KEYWORDS else "unknown")
        own.mkdir(parents=True, exist_ok=True)
        wav.write(own / f"{word}.wav", np.rint(clip * 32767.0), RATE)
    print(f"wrote {folder}: {', '.join(DEMO)}")


def main() -> int:
    """Write the demo files; 2 when espeak-ng is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the files")
    args = parser.parse_args()
    try:
        save(args.out / "demo.npz", "demo", per_class=20, seed=1)
        save(args.out / "demo_calib.npz", "calib", per_class=12, seed=2)
        save_clips(args.out / "demo", seed=3)
    except EspeakMissingError as error:
        print(f"synthesize.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
