"""Write the ranges of activations into a spotter's file, so that edgeq build needs no recordings.

    python ranges.py float.pt2 --data DATA --out spotter.pt2

takes a file of ``train.py --no-ranges``. The ranges are those that edgeq.qat starts from, of clips of the training
speakers; nothing is trained. The integers of such a file are 8 bits wide: for other precisions take the float file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from dataset import Clips, DataMissingError, load
from features import SAMPLES
from spotter import Spotter, folded
from torch import nn
from windows import bands_of

from edgeq.audio import FrontEnd
from edgeq.errors import EdgeqError
from edgeq.ir.meaning import MEANING, Meaning
from edgeq.torch_operators import FrontEndLayer, save

#: clips that ranges are taken from
CALIBRATION = 200


def hearing(own: FrontEnd, network: nn.Module) -> nn.Module:
    """Recordings [N, samples] -> probabilities of the classes."""
    return nn.Sequential(FrontEndLayer(own), network, nn.Softmax(1))


def with_ranges(network: nn.Module, own: FrontEnd, known: Clips) -> nn.Module:
    """A folded network whose activations are rounded in the ranges that they have on some of the clips."""
    from edgeq import qat  # not needed where networks are only trained

    rows = np.linspace(0, len(known) - 1, min(CALIBRATION, len(known))).astype(int)
    bands = (bands_of(known.samples[rows]) - np.array(own.mean)) / np.array(own.std)
    return qat.convert(qat.prepare(network, "int8", torch.from_numpy(bands.astype(np.float32))))


def opened(path: Path) -> tuple[nn.Module, FrontEnd, tuple[str, ...]]:
    """Folded network, front end and labels of a float file."""
    extra = {MEANING: ""}
    program = torch.export.load(path, extra_files=extra)
    labels = Meaning.from_json(extra[MEANING]).labels
    own = next(FrontEnd.from_json(node.args[1]) for node in program.graph.nodes if "front_end" in str(node.target))
    network = folded(Spotter(len(labels)).eval())
    network.load_state_dict({name.removeprefix("1."): value for name, value in program.state_dict.items()})
    return network, own, labels


def main() -> int:
    """Convert; 2 when recordings are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="of train.py --no-ranges")
    parser.add_argument("--data", type=Path, required=True, help="as for train.py")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        network, own, labels = opened(args.model)
        clips = load(args.data, labels[:-2])
        known = clips.take(~(clips.held_out() | clips.validation()))
        save(hearing(own, with_ranges(network, own, known)), (torch.zeros(1, SAMPLES),), args.out, labels=labels)
    except (DataMissingError, EdgeqError) as error:
        print(f"ranges.py: {error}", file=sys.stderr)
        return 2
    print(f"wrote {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
