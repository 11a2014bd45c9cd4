"""The command line: parses arguments, calls the pipeline, prints. No logic of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from edgeq import __version__
from edgeq.commands.common import ConsoleObserver, emit_json, model_options, model_source, stderr, stdout
from edgeq.commands.export import FORMATS, export
from edgeq.commands.report import report
from edgeq.commands.run import run
from edgeq.commands.search import search
from edgeq.commands.train_sim import train_sim
from edgeq.errors import EdgeqError


class EdgeqGroup(click.Group):
    """Turns EdgeqError into one sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EdgeqError as error:
            click.echo(f"edgeq: {error}", err=True)
            sys.exit(2)
        except BrokenPipeError:
            sys.exit(0)


@click.group(cls=EdgeqGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgeq")
def main() -> None:
    """Small neural networks as exact integer C for microcontrollers."""


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
@click.option("--optimize", type=click.Choice(["speed", "size", "ram"]), default="speed", show_default=True)
@click.option(
    "--budget",
    multiple=True,
    metavar="flash=SIZE,ram=SIZE",
    help="Fewest instructions within this much flash, and RAM without stacks (300KB, 256KiB, bytes).",
)
@click.option(
    "--simulate-samples", type=click.IntRange(1), help="Samples the firmware runs (default: 200; all on the host)."
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
    train: str | None,
    stream: str | None,
    chosen: str | None,
    no_simulate: bool,
    as_json: bool,
    arch: str | None,
    trust_pickle: bool,
    input_shape: str | None,
    states: tuple[str, ...],
) -> None:
    """Quantize MODEL, generate C for a board, compile it, run it, and prove it exact."""
    from edgeq import budget as budgets
    from edgeq import pipeline, text_pipeline
    from edgeq.boards import load_board
    from edgeq.frontend.load import holds_encoder_and_step
    from edgeq.integrate import formats, library
    from edgeq.quantize.recipe import load_recipe
    from edgeq.report import terminal
    from edgeq.stream import rule as stream_rule
    from edgeq.train import spec as train_spec

    board = load_board(board_name)
    if chosen:
        formats.check(chosen, board)
    target = Path(folder) if folder else Path("out") / f"{Path(model).stem}-{board.name}"
    options = pipeline.BuildOptions(
        source=model_source(model, arch, trust_pickle, input_shape, states),
        board=board,
        folder=target,
        recipe=load_recipe(recipe),
        calib=calib,
        eval_data=Path(eval_data) if eval_data else None,
        optimize=optimize,
        simulate=not no_simulate,
        simulate_samples=simulate_samples,
        budget=budgets.parse(budget),
        train=train_spec.load(train) if train else None,
        stream=None if stream is None else stream_rule.parse(stream),
    )
    console = stderr()
    run_stages = text_pipeline.build if holds_encoder_and_step(options.source) else pipeline.build
    report = run_stages(options, ConsoleObserver(console)).as_json()
    if chosen:
        formats.write(library.collect([target]), chosen, target / chosen)
    if as_json:
        emit_json(report)
    else:
        terminal.print_build(report, str(target), stdout())
    if report["verify"] and not report["verify"]["within_bound"]:
        raise EdgeqError(
            f"{target}: the firmware differs from the reference; 'edgeq verify {target}' names the layer; report it"
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
@click.option("--json", "as_json", is_flag=True)
def verify(folder: str, inputs: str | None, against: str | None, model: str | None, as_json: bool) -> None:
    """Compare every layer of a built firmware with the reference, and with the model's framework."""
    from edgeq.against import compare
    from edgeq.firmware_folder import open_folder
    from edgeq.quantize.data import load_samples, random_samples
    from edgeq.report import terminal
    from edgeq.verify import front_ends, verify_layers

    if (against is None) != (model is None):
        raise EdgeqError("--against and --model belong together: --against torch --model model.pt2")
    firmware = open_folder(Path(folder))
    graph = firmware.graph
    if against and model:
        compare.check(firmware, against, Path(model), inputs is not None)
    samples = load_samples(Path(inputs), graph, "--inputs") if inputs else random_samples(graph, count=8)
    with ConsoleObserver(stderr()).samples(f"verifying on {firmware.board.name}", len(samples)) as progress:
        result = verify_layers(firmware, samples, progress)
    heard = front_ends(firmware, samples) if inputs else {}
    compared = compare.compare(firmware, against, Path(model), samples) if against and model else None
    if as_json:
        features = {key: value.as_json() for key, value in heard.items()}
        emit_json({**result.as_json(), "features": features, "against": compared.as_json() if compared else None})
    else:
        if heard:
            terminal.print_stages(result, heard, stdout())
        terminal.print_verification(result, stdout())
        if compared:
            terminal.print_comparison(compared, stdout())
    if not result.within_bound or (compared and compared.first_divergence):
        sys.exit(1)


@main.command()
@click.argument("folder")
@click.option("--inputs", metavar="IN.npz", help="The first sample is run (default: seeded noise).")
@click.option("--json", "as_json", is_flag=True)
def profile(folder: str, inputs: str | None, as_json: bool) -> None:
    """Count a built firmware's instructions per layer."""
    from edgeq import profile as profiler
    from edgeq.firmware_folder import open_folder
    from edgeq.quantize.data import load_samples, quantize_inputs
    from edgeq.report import terminal

    firmware = open_folder(Path(folder))
    board = firmware.board
    if board.arch == "host":
        raise EdgeqError(
            f"{folder}: was built for the host, where instructions are not counted; build for another board"
        )
    if inputs:
        arrays = quantize_inputs(firmware.graph, load_samples(Path(inputs), firmware.graph, "--inputs"))
    else:
        arrays = profiler.default_inputs(firmware)
    result = profiler.run(firmware, arrays)
    rows = profiler.layer_rows(firmware, result)
    totals = {
        "model": firmware.manifest["model"],
        "board": board.name,
        "cores": board.cores,
        "macs": sum(row["macs"] for row in rows),
        "instructions": result.instructions,
        "est_cycles": result.cycles,
        "est_ms": round(1e3 * result.cycles / board.clock_hz, 4),
        "speedup_vs_1core": round(result.speedup, 3),
        "est_cycles_source": board.cost.source,
    }
    if as_json:
        emit_json({**totals, "layers": rows})
    else:
        terminal.print_profile(rows, totals, stdout())


@main.command("inspect")
@click.argument("model")
@click.option("--board", "board_name", help="Show one board only.")
@click.option("--quant", "recipe", default="int8", show_default=True, help="Recipe: a name or a TOML file.")
@click.option("--json", "as_json", is_flag=True)
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
    from edgeq import inspect, pipeline
    from edgeq.boards import list_boards, load_board
    from edgeq.quantize.recipe import load_recipe

    chosen = load_recipe(recipe)
    boards = [load_board(name) for name in ([board_name] if board_name else list_boards())]
    graph = pipeline.import_model(model_source(model, arch, trust_pickle, input_shape, states))
    facts = inspect.inspect(graph, boards, chosen)
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
            text = f"{sizes} in {chosen.name}"
        console.print(f"{name}: {text}", highlight=False, markup=False)


@main.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True)
def boards(name: str | None, as_json: bool) -> None:
    """List the boards, or show one."""
    from dataclasses import asdict

    from edgeq.boards import list_boards, load_board

    found = [load_board(item) for item in ([name] if name else list_boards())]
    if as_json:
        emit_json([asdict(board) for board in found])
        return
    for board in found:
        click.echo(f"{board.name:14} {board.description}")
        if name:
            for region, memory in board.memory.items():
                where = f", {memory.simulated:#010x} in the simulator" if memory.simulated != memory.origin else ""
                click.echo(f"  {region:11} {memory.length:>10,} bytes at {memory.origin:#010x}{where}")
            click.echo(f"  cores       {board.cores}, {board.clock_hz / 1e6:g} MHz, kernels: {', '.join(board.isa)}")
            click.echo(f"  compiler    {board.toolchain.compiler} {' '.join(board.toolchain.flags)}")
            click.echo(f"  simulator   {' '.join(board.simulator.command) or 'none: runs natively'}")
            click.echo(f"  cycles      estimated; {board.cost.source}. {board.cost.notes}")


@main.command()
@click.option("--fix", "mend", is_flag=True, help="Install what is missing.")
@click.option("--json", "as_json", is_flag=True)
def doctor(mend: bool, as_json: bool) -> None:
    """Tell what is installed, what is missing, and the command that mends it."""
    from dataclasses import asdict

    from edgeq import doctor as checker

    results = checker.checks()
    missing = checker.missing(results)
    if mend and missing:
        for command, done in checker.fix(missing):
            click.echo(f"{'ok' if done else 'FAILED'}: {command}", err=True)
        results = checker.checks()
        missing = checker.missing(results)
    if as_json:
        emit_json([asdict(check) for check in results])
    else:
        for check in results:
            absent = "MISSING" if check.required else "absent "
            click.echo(f"{'ok     ' if check.found else absent} {check.name:26} {check.detail}")
            if not check.found:
                click.echo(f"        needed for {check.needed_for}; run: {check.fix}")
    if missing:
        sys.exit(1)
