"""Word error rate of the speakers set aside: of a .pt2 in floating point, or of firmware that was built as a stream.

    python examples/asr/evaluate.py --data AN4 examples/asr/asr.pt2 out/asr-host out/asr-cortex-m55

Firmware runs where it was built for, on the host or in QEMU; its text is compared with the reference's for every
recording.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from augment import FRONT_END
from dataset import DataMissingError, load
from decode import greedy
from model import REDUCTION, TAIL
from numpy.typing import NDArray

from edgeq import torch_operators  # noqa: F401  a .pt2 with a front end needs its operator
from edgeq.audio import wav
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.stream import session
from edgeq.text import words


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subjects", type=Path, nargs="+", help="a .pt2, or folders of edgeq build --stream")
    parser.add_argument("--data", type=Path, required=True, help="AN4, see README.md")
    parser.add_argument("--development", action="store_true", help="the nine speakers that choices are made on")
    parser.add_argument("--limit", type=int, help="of the recordings only so many, spread evenly")
    return parser.parse_args()


def in_floats(path: Path, recordings: Sequence[NDArray[np.int16]]) -> list[str]:
    """What the exported network hears. Raises EdgeqError for a recording that is longer than its input."""
    program = torch.export.load(path)
    (first,) = program.graph_signature.user_inputs
    length = next(int(node.meta["val"].shape[1]) for node in program.graph.nodes if node.name == first)
    network = program.module()
    texts = []
    for samples in recordings:
        if len(samples) > length:
            raise EdgeqError(f"{path} takes {length} samples; a recording has {len(samples)}")
        x = np.pad(samples.astype(np.float32) / 32768.0, (0, length - len(samples)))
        with torch.no_grad():
            logits = network(torch.from_numpy(x)[None])[0].numpy()
        texts.append(" ".join(greedy(logits[: len(samples) * len(logits) // length])))
    return texts


def in_firmware(folder: Path, recordings: Sequence[NDArray[np.int16]]) -> tuple[list[str], int]:
    """What the firmware hears, and in how many recordings the reference hears the same."""
    firmware = open_folder(folder)
    heard = session.run(firmware, recordings)
    wanted = session.expected(firmware, recordings)
    same = sum(one.events == other.events for one, other in zip(heard, wanted, strict=True))
    return [session.text(firmware, one) for one in heard], same


def main() -> int:
    """Prints a line a subject; 1 where firmware hears something else than the reference, 2 for bad input."""
    args = parse_arguments()
    code = 0
    try:
        _, development, aside = load(args.data).split()
        judged = development if args.development else aside
        if args.limit:
            judged = judged.take(np.linspace(0, len(judged) - 1, args.limit).round().astype(np.int64))
        unit = REDUCTION * FRONT_END.step
        ended = [wav.in_steps(np.pad(samples, (0, TAIL)), unit).reshape(-1) for samples in judged.samples]
        for subject in args.subjects:
            if not subject.exists():
                raise EdgeqError(f"{subject} does not exist: give a .pt2, or a folder of edgeq build --stream")
            if subject.is_dir():
                texts, same = in_firmware(subject, ended)
                note = f"; text equals the reference's in {same} of {len(ended)}"
                code = code if same == len(ended) else 1
            else:
                texts, note = in_floats(subject, ended), ", float"
            rate = 100 * words.error_rate(*([text.split() for text in those] for those in (judged.texts, texts)))
            print(f"{subject}: word error rate {rate:.2f} % of {len(judged)} recordings{note}", flush=True)
    except (DataMissingError, EdgeqError) as error:
        print(f"evaluate.py: {error}", file=sys.stderr)
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main())
