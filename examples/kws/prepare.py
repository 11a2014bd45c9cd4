"""Turn Speech Commands clips into data for ``edgeq build --calib`` and ``--eval``.

An .npz holds ``x``, float32 [N, 1, 49, 10], and ``y``, int64 [N], in the order of model.CLASSES: features for the
DS-CNN. Another name is that of a folder to make, with a folder of WAV files for each label: recordings for the spotter.
``--split heldout`` gives the speakers that kws_split.pt2 and the spotter were not trained on, ``train`` the others.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from dataset import SILENCE, Clips, DataMissingError, load
from features import RATE, features
from model import CLASSES

from edgeq.audio import wav


def write_folders(clips: Clips, folder: Path) -> None:
    """A folder of WAV files for each label, numbered in the clips' order."""
    for number, (samples, label, word) in enumerate(zip(clips.samples, clips.labels, clips.words, strict=True)):
        own = folder / CLASSES[label]
        own.mkdir(parents=True, exist_ok=True)
        wav.write(own / f"{number:04}_{word.strip('_')}.wav", np.rint(samples * 32768.0), RATE)


def main() -> int:
    """Convert and write; 2 when the data set is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="Speech Commands, see README.md")
    parser.add_argument("--split", choices=("train", "heldout", "all"), required=True)
    parser.add_argument("--limit", type=int, help="take so many clips, drawn at random (seed 0)")
    parser.add_argument(
        "--with-silence",
        action="store_true",
        help="keep silence clips among the held-out ones: they have no speaker, and other cuts of "
        "the same recordings are in the training part, so they say little",
    )
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        clips = load(args.data)
    except DataMissingError as error:
        print(f"prepare.py: {error}", file=sys.stderr)
        return 2
    chosen = np.ones(len(clips), bool)
    if args.split != "all":
        chosen = clips.held_out() == (args.split == "heldout")
    if args.split == "heldout" and not args.with_silence:
        chosen &= clips.labels != SILENCE
    rows = np.flatnonzero(chosen)
    if args.limit is not None and args.limit < len(rows):
        rows = np.sort(np.random.default_rng(0).choice(rows, args.limit, replace=False))
    clips = clips.take(rows)
    if args.out.suffix == ".npz":
        np.savez_compressed(args.out, x=features(clips.samples), y=clips.labels)
    else:
        write_folders(clips, args.out)
    print(f"wrote {args.out}: {len(clips)} clips of {len(set(clips.speakers))} speakers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
