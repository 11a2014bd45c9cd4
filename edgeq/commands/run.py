"""`edgeq run`: a built firmware on inputs of the user's, or on recordings where it is a stream or writes texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.commands.common import ConsoleObserver, emit_json, stderr
from edgeq.errors import EdgeqError

if TYPE_CHECKING:
    from edgeq.firmware_folder import FirmwareFolder


@click.command()
@click.argument("folder")
@click.option(
    "--inputs",
    required=True,
    metavar="IN.npz|CLIP.wav|FOLDER",
    help="One array per input, first axis samples; or recordings, of models that take them.",
)
@click.option("--outputs", metavar="OUT.npz", help="Where to write the outputs.")
@click.option("--json", "as_json", is_flag=True)
def run(folder: str, inputs: str, outputs: str | None, as_json: bool) -> None:
    """Run a built firmware on inputs of yours."""
    import numpy as np

    from edgeq.firmware_folder import open_folder
    from edgeq.quantize.data import dequantize, load_samples, quantize_inputs, to_model_layout
    from edgeq.simulate.session import run_samples

    firmware = open_folder(Path(folder))
    if "stream" in firmware.manifest:
        if outputs:
            raise EdgeqError("--outputs: a stream has events, not arrays; use --json")
        _listen(firmware, Path(inputs), as_json)
        return
    if "text" in firmware.manifest:
        if outputs:
            raise EdgeqError("--outputs: a decoder writes texts, not arrays; use --json")
        _write_texts(firmware, Path(inputs), as_json)
        return
    graph = firmware.graph
    samples = load_samples(Path(inputs), graph, "--inputs")
    with ConsoleObserver(stderr()).samples(f"running on {firmware.board.name}", len(samples)) as progress:
        result = run_samples(firmware, quantize_inputs(graph, samples), progress=progress)
    arrays: dict[str, np.ndarray] = {}
    for name, value in result.outputs.items():
        tensor = graph.tensor(name)
        arrays[name] = to_model_layout(graph, name, value)
        arrays[f"{name}_float"] = dequantize(arrays[name], tensor.scale, tensor.zero_point)
    if outputs:
        _save_arrays(Path(outputs), arrays)
    summary = {
        "board": firmware.board.name,
        "samples": len(samples),
        "outputs": {name: list(array.shape) for name, array in arrays.items()},
        "file": outputs,
    }
    if as_json:
        emit_json(summary)
        return
    for name in graph.outputs:
        first = arrays[f"{name}_float"][0].reshape(-1)
        click.echo(f"{name}: {len(samples)} samples; first: {np.array2string(first[:16], precision=4)}")
    if outputs:
        click.echo(f"written to {outputs}")


def _save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    try:
        with path.open("wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise EdgeqError(f"--outputs {path}: can't be written ({error.strerror})") from error


def _listen(firmware: FirmwareFolder, inputs: Path, as_json: bool) -> None:
    """Prints what a stream hears in every recording; exit code 1 where the reference hears something else."""
    from edgeq.stream import session

    recordings = session.recordings(firmware, inputs)
    with ConsoleObserver(stderr()).samples(f"listening on {firmware.board.name}", len(recordings)) as progress:
        heard = session.run(firmware, [samples for _, samples in recordings])
        progress(len(recordings))
    expected = session.expected(firmware, [samples for _, samples in recordings])
    rows = [
        {
            "file": name,
            "text": session.text(firmware, found),
            "events": [
                {"time_s": round(session.time_s(firmware, event), 3), "label": session.label(firmware, event)}
                for event in found.events
            ],
            "equals_reference": found.events == wanted.events,
        }
        for (name, _), found, wanted in zip(recordings, heard, expected, strict=True)
    ]
    _print_texts(firmware, rows, "(nothing heard)", as_json)


def _write_texts(firmware: FirmwareFolder, inputs: Path, as_json: bool) -> None:
    """Prints the text of every recording; exit code 1 where the reference writes another one."""
    from edgeq.audio import wav
    from edgeq.text import greedy, session, words

    pair = session.pair_of(firmware)
    samples = session.recordings(pair, inputs)
    names = [str(name) for name in wav.files(inputs)] if wav.is_given(inputs) else []
    with ConsoleObserver(stderr()).samples(f"writing texts on {firmware.board.name}", len(samples)) as progress:
        made = session.run(firmware, pair, samples.inputs)
        progress(len(samples))
    rows = [
        {
            "file": names[number] if names else f"{inputs}[{number}]",
            "text": " ".join(words.words(pair.meaning, text.tokens)),
            "tokens": text.tokens,
            "equals_reference": text.tokens == wanted.tokens,
        }
        for number, (text, wanted) in enumerate(zip(made, greedy.texts(pair, samples.inputs), strict=True))
    ]
    _print_texts(firmware, rows, "(no words)", as_json)


def _print_texts(firmware: FirmwareFolder, rows: list[dict[str, Any]], nothing: str, as_json: bool) -> None:
    if as_json:
        emit_json({"board": firmware.board.name, "recordings": rows})
    else:
        for row in rows:
            click.echo(f"{row['file']}: {row['text'] or nothing}")
    wrong = [row["file"] for row in rows if not row["equals_reference"]]
    if wrong:
        click.echo(f"edgeq: {wrong[0]}: the firmware hears something else than the reference; report it", err=True)
        sys.exit(1)
