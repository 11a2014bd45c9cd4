"""`edgeq run`: a built firmware on inputs of the user's, or on recordings where it is a stream or writes texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.commands.common import ConsoleObserver, emit_json, json_option, stderr
from edgeq.errors import EdgeqError

if TYPE_CHECKING:
    from edgeq.results import Recordings


@click.command()
@click.argument("folder")
@click.option(
    "--inputs",
    required=True,
    metavar="IN.npz|CLIP.wav|FOLDER",
    help="One array per input, first axis samples; or recordings, of models that take them.",
)
@click.option("--outputs", metavar="OUT.npz", help="Where to write the outputs.")
@click.option(
    "--silence",
    type=click.FloatRange(0, 60),
    default=0.0,
    metavar="SECONDS",
    help="Silence behind each recording, for streams that hear a word when they have heard what follows.",
)
@json_option
def run(folder: str, inputs: str, outputs: str | None, silence: float, as_json: bool) -> None:
    """Run a built firmware on inputs of yours."""
    from edgeq import api
    from edgeq.results import Recordings

    if outputs:
        _check_outputs(folder)
    result = api.run(folder, inputs, silence=silence, observer=ConsoleObserver(stderr()))
    if isinstance(result, Recordings):
        _print_recordings(result, as_json)
        return
    if outputs:
        _save_arrays(Path(outputs), result.arrays)
    if as_json:
        emit_json({**result.as_json(), "file": outputs})
        return
    for name in result.names:
        first = result.arrays[f"{name}_float"][0].reshape(-1)
        click.echo(f"{name}: {result.samples} samples; first: {_shown(first[:16])}")
    if outputs:
        click.echo(f"written to {outputs}")


def _check_outputs(folder: str) -> None:
    """Raises EdgeqError where there are no arrays to write."""
    from edgeq.firmware_folder import open_folder

    manifest = open_folder(Path(folder)).manifest
    if "stream" in manifest:
        raise EdgeqError("--outputs: a stream has events, not arrays; use --json")
    if "text" in manifest:
        raise EdgeqError("--outputs: a decoder writes texts, not arrays; use --json")


def _shown(values: Any) -> str:
    import numpy as np

    return np.array2string(values, precision=4)


def _save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    try:
        with path.open("wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise EdgeqError(f"--outputs {path}: can't be written ({error.strerror})") from error


def _print_recordings(result: Recordings, as_json: bool) -> None:
    """What was heard; exit code 1 where the reference hears something else."""
    if as_json:
        emit_json(result.as_json())
    else:
        for recording in result.recordings:
            nothing = "(nothing heard)" if recording.tokens is None else "(no words)"
            click.echo(f"{recording.file}: {recording.text or nothing}")
    if result.first_wrong is not None:
        click.echo(
            f"edgeq: {result.first_wrong}: the firmware hears something else than the reference; report it", err=True
        )
        sys.exit(1)
