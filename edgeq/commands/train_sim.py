"""`edgeq train-sim`: trains a built firmware in the simulator, beside PyTorch."""

from __future__ import annotations

import click

from edgeq.commands.common import ConsoleObserver, emit_json, json_option, stderr, stdout


@click.command("train-sim")
@click.argument("folder")
@click.option(
    "--data", required=True, metavar="TRAIN.npz", help="Samples x with their labels y, in the order of training."
)
@click.option("--eval", "eval_data", metavar="TEST.npz", help="Labelled samples whose accuracy is followed.")
@click.option(
    "--steps", type=click.IntRange(1), help="Samples to train on, in passes over the data (default: one pass)."
)
@click.option(
    "--eval-samples", type=click.IntRange(1), default=100, show_default=True, help="Of the evaluation, at most."
)
@click.option(
    "--points", type=click.IntRange(1, 100), default=10, show_default=True, help="How often accuracy is looked at."
)
@click.option("--lr", type=float, default=0.01, show_default=True, help="Learning rate.")
@click.option("--momentum", type=float, default=0.9, show_default=True, help="Of the optimizer momentum.")
@click.option(
    "--weight-decay",
    type=float,
    default=0.0,
    show_default=True,
    help="A step takes lr times this share off every weight.",
)
@click.option("--clip", type=float, default=0.0, help="Largest norm of the gradient (0: none).")
@json_option
def train_sim(
    folder: str,
    data: str,
    eval_data: str | None,
    steps: int | None,
    eval_samples: int,
    points: int,
    lr: float,
    momentum: float,
    weight_decay: float,
    clip: float,
    as_json: bool,
) -> None:
    """Train a firmware that was built with --train inside the simulator; print its curve beside PyTorch's."""
    from edgeq import api
    from edgeq.reports import training as report

    curve = api.train_sim(
        folder,
        data,
        eval_data,
        steps=steps,
        eval_samples=eval_samples,
        points=points,
        lr=lr,
        momentum=momentum,
        weight_decay=weight_decay,
        clip=clip,
        observer=ConsoleObserver(stderr()),
    )
    if as_json:
        emit_json(curve.as_json())
    else:
        report.print_curve(curve, stdout())
