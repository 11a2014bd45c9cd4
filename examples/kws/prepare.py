"""Turn Speech Commands clips into an .npz for ``edgeq build --calib`` and ``--eval``.

The file holds ``x``, float32 [N, 1, 49, 10], and ``y``, int64 [N], in the order of model.CLASSES.
``--split heldout`` gives the speakers that kws_split.pt2 was not trained on, ``train`` the others.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from dataset import SILENCE, DataMissingError, load
from features import features


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
    np.savez_compressed(args.out, x=features(clips.samples), y=clips.labels)
    print(f"wrote {args.out}: {len(clips)} clips of {len(set(clips.speakers))} speakers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
