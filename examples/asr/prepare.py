"""Turn AN4 into a file for `edgeq build --calib` and `--eval`, with the silence behind recordings that training has.

python examples/asr/prepare.py --data AN4 --limit 64 -o calib.npz
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from dataset import RATE, DataMissingError, load
from model import TAIL

from edgeq.audio import wav


def main() -> int:
    """Writes x, int16 [recordings, samples of the longest], and text, what is said; 2 when the data set is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="AN4, see README.md")
    parser.add_argument("--split", choices=("train", "development", "heldout"), default="train")
    parser.add_argument("--limit", type=int, default=64, help="recordings, spread evenly (%(default)s)")
    parser.add_argument("--tail", type=float, default=TAIL / RATE, help="seconds of silence behind each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=8.0, help="longer recordings are left out (%(default)s)")
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        parts = dict(zip(("train", "development", "heldout"), load(args.data).split(), strict=True))
    except DataMissingError as error:
        print(f"prepare.py: {error}", file=sys.stderr)
        return 2
    room, tail = int(args.seconds * RATE), int(args.tail * RATE)
    part = parts[args.split]
    fitting = np.flatnonzero([len(samples) + tail <= room for samples in part.samples])
    part = part.take(fitting[np.linspace(0, len(fitting) - 1, min(args.limit, len(fitting))).round().astype(int)])
    ended = [np.pad(samples, (0, tail)) for samples in part.samples]
    x = np.stack([wav.of_length(samples, max(map(len, ended))) for samples in ended])
    np.savez_compressed(args.out, x=x, text=np.array(part.texts))
    print(f"wrote {args.out}: x {x.shape}, {args.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
