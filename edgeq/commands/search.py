"""`edgeq search`: parses arguments, calls the search, prints."""

from __future__ import annotations

import os
import sys

import click

from edgeq.commands.common import ConsoleObserver, emit_json, model_options, stderr, stdout


@click.command()
@click.argument("model")
@click.option("--board", "board_name", required=True, help="Target board; see edgeq boards.")
@click.option("--calib", required=True, metavar="DATA", help="Inputs (.npz) that precisions are chosen on.")
@click.option(
    "--eval", "eval_data", required=True, metavar="DATA", help="Labelled inputs (.npz) to report accuracy on."
)
@click.option(
    "--budget",
    multiple=True,
    metavar="flash=SIZE,ram=SIZE,cycles=N",
    help="Limits: flash, RAM without stacks (300KB, 256KiB, bytes), estimated cycles (900k, 0.9M).",
)
@click.option("-o", "--output", "folder", metavar="DIR", help="Folder to make (default: out/<model>-<board>-search).")
@click.option("--precisions", metavar="P,P,..", help="What to choose among (default: int8,int4,int2,ternary,binary).")
@click.option(
    "--sensitivity",
    "measure",
    type=click.Choice(["output", "mse", "hessian", "baq"]),
    default="output",
    show_default=True,
    help="How the error of a layer's precision is told.",
)
@click.option(
    "--sweep",
    type=click.Choice(["flash", "ram", "cycles"]),
    default="flash",
    show_default=True,
    help="What the front's points have less and less of.",
)
@click.option("--points", type=click.IntRange(1, 64), default=8, show_default=True, help="Points to judge for real.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes (default: one a core).")
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster that does the work (tcp://HOST:PORT).")
@click.option("--json", "as_json", is_flag=True, help="Print pareto.json on stdout.")
@model_options
def search(
    model: str,
    board_name: str,
    calib: str,
    eval_data: str,
    budget: tuple[str, ...],
    folder: str | None,
    precisions: str | None,
    measure: str,
    sweep: str,
    points: int,
    jobs: int,
    dask: str | None,
    as_json: bool,
    arch: str | None,
    trust_pickle: bool,
    input_shape: str | None,
    states: tuple[str, ...],
) -> None:
    """Choose a precision for every layer of MODEL under a budget; show accuracy against flash, RAM and cycles."""
    from edgeq import api
    from edgeq.precision_search import terminal

    try:
        result = api.search(
            model,
            board_name,
            calib,
            eval_data,
            folder,
            budget=budget,
            precisions=precisions,
            sensitivity=measure,
            sweep=sweep,
            points=points,
            jobs=jobs,
            dask=dask,
            arch=arch,
            trust_pickle=trust_pickle,
            input_shape=input_shape,
            states=states,
            observer=ConsoleObserver(stderr()),
        )
    except KeyboardInterrupt:
        click.echo(
            f"edgeq: stopped; the same command goes on from what is in {folder or 'the folder of the search'}", err=True
        )
        sys.exit(130)
    if as_json:
        emit_json(result.as_json())
    else:
        terminal.print_search(result, stdout())
