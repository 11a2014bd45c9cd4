"""Turn CIFAR-10 images into an .npz for ``edgeq build --calib`` and ``--eval``.

The file holds ``x``, float32 [N, 3, 32, 32], and ``y``, int64 [N], in the order of model.CLASSES. ``--split unseen``
gives the training images that training left out and the test images behind them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from dataset import DataMissingError, load, to_input, unseen


def main() -> int:
    """Convert and write; 2 when the data set is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with CIFAR-10, see README.md")
    parser.add_argument("--split", choices=("train", "test", "unseen"), required=True)
    parser.add_argument("--limit", type=int, help="take the first so many images")
    parser.add_argument("--last", type=int, help="take the last so many: the last 2000 of train were never trained on")
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        images, labels = unseen(args.data) if args.split == "unseen" else load(args.data, args.split)
    except DataMissingError as error:
        print(f"prepare.py: {error}", file=sys.stderr)
        return 2
    chosen = slice(-args.last, None) if args.last else slice(args.limit)
    x, y = to_input(images[chosen]), labels[chosen].astype(np.int64)
    np.savez_compressed(args.out, x=x, y=y)
    print(f"wrote {args.out}: x {x.shape}, y {y.shape}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
