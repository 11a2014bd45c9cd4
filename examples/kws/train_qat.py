"""Train kws_split.pt2 further with the weights of a precision, and write a .pt2 that holds its integers.

Starts from the float network, which also teaches: the loss is half that of the labels, half the divergence from its
answers to the same clips. Speakers are split as in train_dscnn.py: those set aside are looked at once, at the end.
--validate compares settings instead: it sets further speakers of the training part aside, reports those and writes
nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from dataset import SILENCE, Clips, DataMissingError, load
from features import features, from_log_mel
from fitting import fit
from model import dscnn
from synthesize import EspeakMissingError
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.optim.swa_utils import update_bn
from train_dscnn import Material, espeak_material, real_material, report, shown, steps_of

from edgeq import qat
from edgeq.errors import EdgeqError

HERE = Path(__file__).resolve().parent
TEMPERATURE = 2.0
CALIBRATION = 300


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Speech Commands, see README.md")
    parser.add_argument("--quant", required=True, help="int4, int2, ternary, or a recipe file")
    parser.add_argument("--start", type=Path, default=HERE / "kws_split.pt2")
    parser.add_argument("--out", type=Path, help="default kws_split_<quant>.pt2 beside this")
    parser.add_argument("--weights", default="lsq", help="method of edgeq.qat for weights")
    parser.add_argument("--activations", default="lsq", help="method of edgeq.qat for activations")
    parser.add_argument("--validate", action="store_true", help="compare settings, see above")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=1e-2)
    parser.add_argument("--made-up", type=float, default=0.06, help="share of made-up words")
    parser.add_argument("--espeak", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def float_network(path: Path) -> nn.Module:
    """The network with the weights of a .pt2 file of train_dscnn.py."""
    model = dscnn()
    model.load_state_dict(torch.export.load(path).state_dict)
    return model.eval().to(memory_format=torch.channels_last)


def taught(logits: Tensor, labels: Tensor, teacher: Tensor) -> Tensor:
    """Mean of the loss for the labels and of the divergence from the teacher's softened answers (G. Hinton, O. Vinyals,
    J. Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv 1503.02531)."""
    soft = functional.log_softmax(logits / TEMPERATURE, 1), functional.log_softmax(teacher / TEMPERATURE, 1)
    divergence = functional.kl_div(*soft, reduction="batchmean", log_target=True)
    return 0.5 * functional.cross_entropy(logits, labels) + 0.5 * TEMPERATURE**2 * divergence


def train(args: argparse.Namespace, known: Clips, real: Material, spoken: Material | None) -> fx.GraphModule:
    """Train one network; returns the averaged weights in evaluation mode."""
    rng = np.random.default_rng(args.seed)
    teacher = float_network(args.start)
    chosen = rng.permutation(len(known))[:CALIBRATION]
    calibration = torch.from_numpy(features(known.samples[chosen]))
    model = qat.prepare(float_network(args.start), args.quant, calibration, args.weights, args.activations)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    other = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": args.weight_decay}, {"params": other, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, args.lr)
    steps = steps_of(real, spoken)

    def epoch() -> Iterator[Tensor]:
        for x, y in shown(real, spoken, args.made_up, rng):
            with torch.no_grad():
                answers = teacher(x)
            yield taught(model(x), y, answers)

    averaged = fit(model, optimizer, args.epochs, steps, 0.1, epoch)
    # Averaged weights round to other integers than those under which the statistics of batch norms were averaged.
    rows = np.array_split(rng.permutation(len(real.labels)), steps)
    update_bn((torch.from_numpy(from_log_mel(real.draw(part, rng)).astype(np.float32)) for part in rows), averaged)
    result = averaged.module.eval()
    assert isinstance(result, fx.GraphModule)
    return result


def main() -> int:
    """Train, export and report; 2 when the data set or espeak-ng is missing or the recipe can't be followed."""
    args = parse_arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    try:
        clips = load(args.data)
        unseen = clips.validation() if args.validate else clips.held_out()
        known = clips.take(~clips.held_out() & ~unseen)
        spoken = espeak_material(known.samples[known.labels == SILENCE], seed=100) if args.espeak else None
        trained = train(args, known, real_material(known, seed=200), spoken)
    except (DataMissingError, EspeakMissingError, EdgeqError) as error:
        print(f"train_qat.py: {error}", file=sys.stderr)
        return 2
    if not args.validate:
        out = args.out or HERE / f"kws_split_{Path(args.quant).stem}.pt2"
        qat.save(qat.convert(trained), (torch.zeros(1, 1, 49, 10),), out)
        print(f"wrote {out}", flush=True)
    report("validation" if args.validate else "as trained", trained, clips.take(unseen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
