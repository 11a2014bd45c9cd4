"""Train resnet8.pt2 further with the weights of a precision, and write a .pt2 that holds its integers.

Starts from the float network, which also teaches: the loss is half that of the labels, half the divergence from its
answers to the same pictures. The last ``--validation`` training images are never trained on, as in train.py; the test
images are read once, after the last epoch, and only when ``--test`` is given.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from dataset import LEFT_OUT, DataMissingError, Images, Labels, load, to_input
from model import resnet8
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, update_bn
from train import SHIFT, accuracy, average, batches

from edgeq import qat
from edgeq.errors import EdgeqError

HERE = Path(__file__).resolve().parent
TEMPERATURE = 2.0
CALIBRATION = 300
SETTLING = 10000  # images that batch norms are measured on, once the weights are averaged


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with CIFAR-10")
    parser.add_argument("--quant", required=True, help="int4, int2, ternary, or a recipe file")
    parser.add_argument("--start", type=Path, default=HERE / "resnet8.pt2")
    parser.add_argument("--out", type=Path, help="default resnet8_<quant>.pt2 beside this")
    parser.add_argument("--weights", default="lsq", help="method of edgeq.qat for weights")
    parser.add_argument("--activations", default="lsq", help="method of edgeq.qat for activations")
    parser.add_argument("--checkpoint", type=Path, help="written after every epoch")
    parser.add_argument("--resume", action="store_true", help="continue from --checkpoint")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--delay", type=int, default=0, help="epochs without rounded activations")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.03)
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    parser.add_argument("--validation", type=int, default=LEFT_OUT, help="images set aside")
    parser.add_argument("--test", action="store_true", help="read the test images at the end")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def float_network(path: Path) -> nn.Module:
    """The network with the weights of a .pt2 file of train.py."""
    model = resnet8()
    model.load_state_dict(torch.export.load(path).state_dict)
    return model.eval().to(memory_format=torch.channels_last)


def taught(logits: Tensor, labels: Tensor, teacher: Tensor) -> Tensor:
    """Mean of the loss for the labels and of the divergence from the teacher's softened answers (G. Hinton, O. Vinyals,
    J. Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv 1503.02531)."""
    soft = functional.log_softmax(logits / TEMPERATURE, 1), functional.log_softmax(teacher / TEMPERATURE, 1)
    divergence = functional.kl_div(*soft, reduction="batchmean", log_target=True)
    return 0.5 * functional.cross_entropy(logits, labels) + 0.5 * TEMPERATURE**2 * divergence


def settle(averaged: nn.Module, padded: Images, labels: Labels, args: argparse.Namespace) -> None:
    """Measure the statistics of the batch norms anew: averaged weights round to other integers than those under which
    the averages of the statistics were taken, and at two bits that is most of the accuracy."""
    rng = np.random.default_rng(args.seed)
    update_bn((x for x, _ in batches(padded[:SETTLING], labels[:SETTLING], args.batch, rng)), averaged)


def train(args: argparse.Namespace, images: Images, labels: Labels) -> fx.GraphModule:
    """Train on all but the last ``args.validation`` images; return the averaged network."""
    kept = len(images) - args.validation
    padding = ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0))
    padded = np.pad(images[:kept], padding, constant_values=128)
    teacher = float_network(args.start)
    calibration = torch.from_numpy(to_input(images[:CALIBRATION]))
    model = qat.prepare(float_network(args.start), args.quant, calibration, args.weights, args.activations)
    averaged = AveragedModel(model, avg_fn=average, use_buffers=True)
    # Weight decay acts on convolution and linear weights only, not on biases, batch norm and scales.
    decayed = [p for p in model.parameters() if p.ndim > 1]
    other = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": args.weight_decay}, {"params": other, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=args.lr, momentum=0.9, nesterov=True)
    steps = kept // args.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, args.lr, total_steps=steps * args.epochs, pct_start=0.1, cycle_momentum=False
    )
    parts = {"model": model, "averaged": averaged, "optimizer": optimizer, "schedule": schedule}
    first = 0
    if args.resume:
        saved = torch.load(args.checkpoint, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        first = saved["epoch"]

    for epoch in range(first, args.epochs):
        started = time.time()
        model.train()
        for part in (model, averaged):
            qat.round_activations(part, enabled=epoch >= args.delay)
        losses = 0.0
        rng = np.random.default_rng([args.seed, epoch])
        for x, y in batches(padded, labels[:kept], args.batch, rng):
            x = x.contiguous(memory_format=torch.channels_last)
            with torch.no_grad():
                answers = teacher(x)
            loss = taught(model(x), y, answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            averaged.update_parameters(model)
            losses += loss.item()
        note = f"epoch {epoch + 1}/{args.epochs}  loss {losses / steps:.4f}"
        if args.validation:
            settle(averaged, padded, labels, args)
            note += f"  validation {accuracy(averaged, images[kept:], labels[kept:]):.2f} %"
        print(f"{note}  {time.time() - started:.1f} s", flush=True)
        if args.checkpoint:
            state = {name: part.state_dict() for name, part in parts.items()}
            torch.save({**state, "epoch": epoch + 1}, args.checkpoint)
    settle(averaged, padded, labels, args)
    result = averaged.module.eval()
    assert isinstance(result, fx.GraphModule)
    return result


def main() -> int:
    """Train, export and report; 2 when the data set is missing or the recipe can't be followed."""
    args = parse_arguments()
    if args.resume and not args.checkpoint:
        print("train_qat.py: --resume needs --checkpoint", file=sys.stderr)
        return 2
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    try:
        images, labels = load(args.data, "train")
        test = load(args.data, "test") if args.test else None
        trained = train(args, images, labels)
    except (DataMissingError, EdgeqError) as error:
        print(f"train_qat.py: {error}", file=sys.stderr)
        return 2
    out = args.out or HERE / f"resnet8_{Path(args.quant).stem}.pt2"
    qat.save(qat.convert(trained), (torch.zeros(1, 3, 32, 32),), out)
    print(f"wrote {out}")
    if test is not None:
        print(f"test accuracy {accuracy(trained, *test):.2f} % of {len(test[1])} images, as trained")
    return 0


if __name__ == "__main__":
    sys.exit(main())
