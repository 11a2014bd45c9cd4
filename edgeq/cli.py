"""The command line: parses arguments, calls edgeq.api, prints. No logic of its own."""

from __future__ import annotations

import atexit
import signal
import sys
import threading
from types import FrameType
from typing import Any

import click
from rich.table import Table

from edgeq import __version__
from edgeq.commands.boards import boards
from edgeq.commands.common import ConsoleObserver, emit_json, json_option, model_options, stderr, stdout
from edgeq.commands.export import FORMATS, export
from edgeq.commands.report import report
from edgeq.commands.run import run
from edgeq.commands.search import search
from edgeq.commands.train_sim import train_sim
from edgeq.errors import EdgeqError


def _terminated(number: int, _frame: FrameType | None) -> None:
    """Ends as after Ctrl-C: what was begun is removed, and no process stays behind."""
    sys.exit(128 + number)


def _finished() -> None:
    """Lets nothing end the process in another way once its work is done: the exit code tells whether that stands, and
    Python forgets its own handlers before it is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


class EdgeqGroup(click.Group):
    """Turns EdgeqError into one sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminated)
            atexit.register(_finished)
        try:
            return super().invoke(ctx)
        except EdgeqError as error:
            click.echo(f"edgeq: {error}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            click.echo("edgeq: stopped", err=True)
            sys.exit(130)
        except BrokenPipeError:
            sys.exit(0)


@click.group(cls=EdgeqGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgeq")
def main() -> None:
    """Small neural networks as exact integer C for microcontrollers."""


main.add_command(boards)
main.add_command(export)
main.add_command(report)
main.add_command(run)
main.add_command(search)
main.add_command(train_sim)


@main.command()
@click.argument("model")
@click.option("--board", "board_name", required=True, help="Target board; see edgeq boards.")
@click.option("-o", "--output", "folder", metavar="DIR", help="Folder to make (default: out/<model>-<board>).")
@click.option("--quant", "recipe", default="int8", show_default=True, help="Recipe: a name or a TOML file.")
@click.option("--calib", metavar="DATA", help="Calibration inputs (.npz), or 'random'.")
@click.option("--eval", "eval_data", metavar="DATA", help="Labelled inputs (.npz) to measure accuracy on.")
@click.option(
    "--optimize",
    type=click.Choice(["speed", "size", "ram"]),
    default="speed",
    show_default=True,
    help="Which kernels are chosen: fewest instructions, fewest bytes of flash, or smallest arena.",
)
@click.option(
    "--budget",
    multiple=True,
    metavar="flash=SIZE,ram=SIZE",
    help="Fewest instructions within this much flash, and RAM without stacks (300KB, 256KiB, bytes).",
)
@click.option(
    "--simulate-samples", type=click.IntRange(1), help="Samples the firmware runs (default: 200; all on the host)."
)
@click.option(
    "--kernels",
    type=click.Choice(["edgeq", "cmsis-nn"]),
    default="edgeq",
    show_default=True,
    help="Whose kernels are preferred; cmsis-nn: the copy of Arm's that CMSIS_NN_ROOT names (Cortex-M).",
)
@click.option("--train", metavar="SPEC", help="Also generate on-device training: fp16,last:2,sgd or a TOML file.")
@click.option(
    "--stream",
    is_flag=False,
    flag_value="",
    metavar="[RULE]",
    help="Take an endless recording in pieces of any length; RULE: average=8,threshold=0.7,hold=25.",
)
@click.option("--format", "chosen", type=click.Choice(FORMATS), help="Also write DIR/FORMAT, a library (edgeq export).")
@click.option(
    "--simulator",
    type=click.Choice(["qemu", "renode"]),
    default="qemu",
    show_default=True,
    help="What runs the firmware; renode: files for Renode are written, and used where it is installed.",
)
@click.option("--no-simulate", is_flag=True, help="Build only.")
@click.option("--json", "as_json", is_flag=True, help="Print report.json on stdout.")
@model_options
def build(
    model: str,
    board_name: str,
    folder: str | None,
    recipe: str,
    calib: str | None,
    eval_data: str | None,
    optimize: str,
    budget: tuple[str, ...],
    simulate_samples: int | None,
    kernels: str,
    train: str | None,
    stream: str | None,
    chosen: str | None,
    simulator: str,
    no_simulate: bool,
    as_json: bool,
    arch: str | None,
    trust_pickle: bool,
    input_shape: str | None,
    states: tuple[str, ...],
) -> None:
    """Quantize MODEL, generate C for a board, compile it, run it, and prove it exact."""
    from edgeq import api
    from edgeq.reports import terminal

    report = api.build(
        model,
        board_name,
        folder,
        quant=recipe,
        calib=calib,
        eval_data=eval_data,
        optimize=optimize,
        budget=budget,
        kernels=kernels,
        simulate=not no_simulate,
        simulator=simulator,
        simulate_samples=simulate_samples,
        train=train,
        stream=stream,
        format=chosen,
        arch=arch,
        trust_pickle=trust_pickle,
        input_shape=input_shape,
        states=states,
        observer=ConsoleObserver(stderr()),
    )
    if as_json:
        emit_json(report.as_json())
    else:
        terminal.print_build(report.as_json(), str(report.folder), stdout())
    if not report.is_right:
        raise EdgeqError(
            f"{report.folder}: the firmware differs from the reference; 'edgeq verify {report.folder}' names the "
            "layer; report it"
        )


@main.command()
@click.argument("folder")
@click.option(
    "--inputs",
    metavar="IN.npz|CLIP.wav|FOLDER",
    help="Inputs to compare on (default: 8 samples of seeded noise); of models that hear also recordings.",
)
@click.option(
    "--against",
    type=click.Choice(["torch", "tflite", "onnx"]),
    help="Also compare every layer with the framework's own activations.",
)
@click.option("--model", metavar="MODEL", help="The file that the firmware was built from, for --against.")
@json_option
def verify(folder: str, inputs: str | None, against: str | None, model: str | None, as_json: bool) -> None:
    """Compare every layer of a built firmware with the reference, and with the model's framework."""
    from edgeq import api
    from edgeq.reports import terminal

    result = api.verify(folder, inputs, against=against, model=model, observer=ConsoleObserver(stderr()))
    if as_json:
        emit_json(result.as_json())
    else:
        if result.features:
            terminal.print_stages(result.verification, result.features, stdout())
        terminal.print_verification(result.verification, stdout())
        if result.against:
            terminal.print_comparison(result.against, stdout())
    if not result.is_right:
        sys.exit(1)


@main.command()
@click.argument("folder")
@click.option("--inputs", metavar="IN.npz", help="The first sample is run (default: seeded noise).")
@json_option
def profile(folder: str, inputs: str | None, as_json: bool) -> None:
    """Count a built firmware's instructions per layer."""
    from edgeq import api
    from edgeq.reports import terminal

    result = api.profile(folder, inputs).as_json()
    if as_json:
        emit_json(result)
    else:
        terminal.print_profile(result["layers"], result, stdout())


@main.command("inspect")
@click.argument("model")
@click.option("--board", "board_name", help="Show one board only.")
@click.option("--quant", "recipe", default="int8", show_default=True, help="Recipe: a name or a TOML file.")
@json_option
@model_options
def inspect_command(
    model: str,
    board_name: str | None,
    recipe: str,
    as_json: bool,
    arch: str | None,
    trust_pickle: bool,
    input_shape: str | None,
    states: tuple[str, ...],
) -> None:
    """Show a model's layers and what boards would do with them."""
    from edgeq import api
    from edgeq.quantize.recipe import load_recipe

    facts = api.inspect(
        model, board_name, quant=recipe, arch=arch, trust_pickle=trust_pickle, input_shape=input_shape, states=states
    )
    if as_json:
        emit_json(facts)
        return
    console = stdout()
    table = Table(title=f"{facts['model']}: {facts['parameters']:,} parameters, {facts['macs']:,} MACs")
    for name in ("layer", "operator", "output", "type"):
        table.add_column(name, overflow="fold")
    for name in ("parameters", "MACs"):
        table.add_column(name, justify="right")
    supported = {name: entry for name, entry in facts["boards"].items() if entry["supported"]}
    shown = supported if board_name else {}
    for name in shown:
        table.add_column(f"kernel on {name}", overflow="fold")
    for layer in facts["layers"]:
        kernels = [entry["kernels"].get(layer["name"], "view").removeprefix("eq_") for entry in shown.values()]
        shape = "x".join(str(size) for size in layer["output_shape"])
        table.add_row(
            layer["name"],
            layer["op"],
            shape,
            layer["precision"],
            f"{layer['parameters']:,}",
            f"{layer['macs']:,}",
            *kernels,
        )
    console.print(table)
    for name, shape in facts["inputs"].items():
        console.print(f"input {name}: {shape}", highlight=False, markup=False)
    for name, shape in facts["outputs"].items():
        console.print(f"output {name}: {shape}", highlight=False, markup=False)
    for name, shape in facts["states"].items():
        console.print(f"state {name}: {shape}, kept between inferences", highlight=False, markup=False)
    for layer in facts["layers"]:
        if layer["why_precision"]:
            text = f"layer {layer['name']} would be {layer['precision']}: {layer['why_precision']}"
            console.print(text, highlight=False, markup=False)
    for change in facts["layout_changes"]:
        text = f"layout change that remains: {change['name']} moves {change['bytes']:,} bytes"
        console.print(text, highlight=False, markup=False)
    for name, entry in facts["boards"].items():
        text = entry.get("problem")
        if text is None:
            sizes = f"constants {entry['weights_bytes']:,} B, arena {entry['arena_bytes']:,} B"
            text = f"{sizes} in {load_recipe(recipe).name}"
        console.print(f"{name}: {text}", highlight=False, markup=False)


@main.command()
@click.option("--fix", "mend", is_flag=True, help="Install what is missing.")
@json_option
def doctor(mend: bool, as_json: bool) -> None:
    """Tell what is installed, what is missing, and the command that mends it."""
    from dataclasses import asdict

    from edgeq import api
    from edgeq import environment as checker

    results = api.doctor(fix=mend, observer=ConsoleObserver(stderr()))
    if as_json:
        emit_json([asdict(check) for check in results])
    else:
        for check in results:
            absent = "MISSING" if check.required else "absent "
            click.echo(f"{'ok     ' if check.found else absent} {check.name:26} {check.detail}")
            if not check.found:
                click.echo(f"        needed for {check.needed_for}{f'; run: {check.fix}' if check.fix else ''}")
    if checker.missing(list(results)):
        sys.exit(1)
