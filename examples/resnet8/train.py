"""Train ResNet8 on CIFAR-10 and write resnet8.pt2.

The last ``--validation`` training images are never trained on; their accuracy is what the log
shows. The test images are read once, after the last epoch, and only when ``--test`` is given.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from dataset import LEFT_OUT, DataMissingError, Images, Labels, load, to_input
from model import ResNet8, resnet8
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

HERE = Path(__file__).resolve().parent
SHIFT = 4  # largest shift of a training crop, in pixels
AVERAGE_DECAY = 0.998


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with CIFAR-10")
    parser.add_argument("--out", type=Path, default=HERE / "resnet8.pt2")
    parser.add_argument("--checkpoint", type=Path, help="written after every epoch")
    parser.add_argument("--resume", action="store_true", help="continue from --checkpoint")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.2)
    parser.add_argument("--weight-decay", type=float, default=2e-4)
    parser.add_argument("--label-smoothing", type=float, default=0.0)
    parser.add_argument("--validation", type=int, default=LEFT_OUT, help="images set aside")
    parser.add_argument("--test", action="store_true", help="read the test images at the end")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def batches(padded: Images, labels: Labels, batch: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield one epoch of shuffled, shifted and mirrored batches.

    ``padded`` is uint8 [N, 32 + 2 * SHIFT, 32 + 2 * SHIFT, 3]. A whole batch is cropped with one
    indexing operation: each image has its own row and column numbers.
    """
    order = rng.permutation(len(padded))
    line = np.arange(32)
    for start in range(0, len(order) - batch + 1, batch):
        chosen = order[start : start + batch]
        top, left = rng.integers(0, 2 * SHIFT + 1, (2, batch, 1))
        mirrored = rng.random((batch, 1)) < 0.5
        rows = top + line
        columns = left + np.where(mirrored, 31 - line, line)
        crop = padded[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
        x = (torch.from_numpy(crop).permute(0, 3, 1, 2).float() - 128.0) / 128.0
        yield x, torch.from_numpy(labels[chosen].astype(np.int64))


def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
    """Exponential average of the weights; it starts short so that early weights are forgotten."""
    steps = float(count)
    decay = min(AVERAGE_DECAY, (1 + steps) / (10 + steps))
    return averaged + (current - averaged) * (1 - decay)


def accuracy(model: nn.Module, images: Images, labels: Labels) -> float:
    """Share of images whose largest logit is the label, in percent, in float32."""
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(images), 500):
            logits = model(torch.from_numpy(to_input(images[start : start + 500])))
            expected = torch.from_numpy(labels[start : start + 500].astype(np.int64))
            right += int((logits.argmax(1) == expected).sum())
    return 100.0 * right / len(images)


def export(model: ResNet8, path: Path) -> None:
    """Write the model as a static batch-1 program, without its example input."""
    plain = resnet8()
    plain.load_state_dict(model.state_dict())
    program = torch.export.export(plain.eval(), (torch.zeros(1, 3, 32, 32),))
    program.example_inputs = None
    for node in program.graph.nodes:  # where in these scripts a layer was called is of no use
        node.meta.pop("stack_trace", None)
    torch.export.save(program, path)


def train(args: argparse.Namespace, images: Images, labels: Labels) -> ResNet8:
    """Train on all but the last ``args.validation`` images; return the averaged network."""
    kept = len(images) - args.validation
    padding = ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0))
    padded = np.pad(images[:kept], padding, constant_values=128)
    model = resnet8().to(memory_format=torch.channels_last)
    averaged = AveragedModel(model, avg_fn=average, use_buffers=True)
    # Weight decay acts on convolution and linear weights only, not on biases and batch norm.
    decayed = [p for p in model.parameters() if p.ndim > 1]
    other = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": args.weight_decay},
        {"params": other, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=args.lr, momentum=0.9, nesterov=True)
    steps = kept // args.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, args.lr, total_steps=steps * args.epochs, pct_start=0.2, cycle_momentum=False
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
        losses = 0.0
        rng = np.random.default_rng([args.seed, epoch])
        for x, y in batches(padded, labels[:kept], args.batch, rng):
            with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
                logits = model(x)
            loss = functional.cross_entropy(logits.float(), y, label_smoothing=args.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            averaged.update_parameters(model)
            losses += loss.item()
        note = f"epoch {epoch + 1}/{args.epochs}  loss {losses / steps:.4f}"
        if args.validation:
            note += f"  validation {accuracy(averaged, images[kept:], labels[kept:]):.2f} %"
        print(f"{note}  {time.time() - started:.1f} s", flush=True)
        if args.checkpoint:
            state = {name: part.state_dict() for name, part in parts.items()}
            torch.save({**state, "epoch": epoch + 1}, args.checkpoint)
    result = averaged.module
    assert isinstance(result, ResNet8)
    return result


def main() -> int:
    """Train, export and report; 2 when the data set is missing."""
    args = parse_arguments()
    if args.resume and not args.checkpoint:
        print("train.py: --resume needs --checkpoint", file=sys.stderr)
        return 2
    try:
        images, labels = load(args.data, "train")
        test = load(args.data, "test") if args.test else None
    except DataMissingError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    model = train(args, images, labels)
    export(model, args.out)
    print(f"wrote {args.out}")
    if test is not None:
        print(f"test accuracy {accuracy(model, *test):.2f} % of {len(test[1])} images")
    return 0


if __name__ == "__main__":
    sys.exit(main())
