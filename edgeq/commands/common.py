"""What the commands share: options of models, consoles, JSON, progress."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from edgeq.observer import Observer


def stdout() -> Console:
    """Tables keep their columns when the output goes into a file or a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=150)


def stderr() -> Console:
    return Console(stderr=True)


def emit_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=1, default=str))


#: of commands whose JSON is not a file of theirs
json_option = click.option("--json", "as_json", is_flag=True, help="Print the results as JSON on stdout.")

_MODEL_OPTIONS = (
    click.option("--arch", metavar="PACKAGE.MODULE:FACTORY", help="Builds the network for a file of weights only."),
    click.option("--trust-pickle", is_flag=True, help="Unpickle MODEL although that runs code in it."),
    click.option("--input-shape", metavar="N,C,H,W", help="Input shape for modules without example inputs."),
    click.option(
        "--state",
        "states",
        multiple=True,
        metavar="INPUT=OUTPUT",
        help="Keep OUTPUT for the next inference's INPUT, instead of taking and returning it.",
    ),
)


def model_options(function: Any) -> Any:
    for option in reversed(_MODEL_OPTIONS):
        function = option(function)
    return function


class ConsoleObserver(Observer):
    """Shows stages, warnings and progress on stderr."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stage(self, text: str) -> None:
        self._console.print(text, style="dim", highlight=False, soft_wrap=True, markup=False)

    def warning(self, text: str) -> None:
        self._console.print(f"warning: {text}", style="bold yellow", highlight=False, soft_wrap=True, markup=False)

    @contextmanager
    def samples(self, text: str, total: int) -> Iterator[Any]:
        columns = (TextColumn("[dim]{task.description}[/dim]"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(text, total=total)
            yield lambda done: progress.advance(task, done)
