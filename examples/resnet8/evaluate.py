"""Float accuracy of an exported model on a file with ``x`` and ``y``, as prepare.py writes it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch


def main() -> None:
    """Run every input through the program (its batch size is 1) and count the right answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a .pt2 file")
    parser.add_argument("inputs", type=Path, help="an .npz file with x and y")
    args = parser.parse_args()
    model = torch.export.load(args.model).module()
    data = np.load(args.inputs)
    with torch.no_grad():
        found = [int(model(torch.from_numpy(x[None])).argmax()) for x in data["x"]]
    right = int((np.array(found) == data["y"]).sum())
    print(f"{args.model.name}: {100 * right / len(found):.2f} % ({right} of {len(found)})")


if __name__ == "__main__":
    main()
