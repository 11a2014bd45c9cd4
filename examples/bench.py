"""`make bench`: builds the example models for four simulated boards and prints what they cost beside published figures.

Instructions come from the simulator's counter, bytes from the ELF; both are the same in every run. Cycles are the
estimate of docs/estimates.md.
"""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import click
import encoder

from edgeq import budget, pipeline, profiling
from edgeq.board import Board, load_board
from edgeq.board_files import copy_with_toolchain
from edgeq.frontend.load import ModelSource
from edgeq.observer import Observer
from edgeq.quantize.recipe import Recipe
from edgeq.toolchain import KINDS

HERE = Path(__file__).resolve().parent
COLUMNS = (
    "model", "board", "instructions", "against TFLM + CMSIS-NN", "per MAC", "est. cycles", "MAC/cycle",
    "8 cores against 1", "flash B", "code B", "RAM B", "RAM against", "exact",
)  # fmt: skip
#: one of each instruction set that has kernels of its own and figures of a peer, or eight cores
BOARDS = ("cortex-m4", "cortex-m55", "riscv-8core", "riscv-rv32imc")
#: rows with a flash budget, in which kernels may take larger constants for fewer instructions
BUDGETS = (
    ("resnet8", "cortex-m4", "240KB"),
    ("resnet8", "riscv-rv32imc", "350KB"),
    ("resnet8", "riscv-rv32imc", "512KiB"),
)
#: a network made on the spot and calibrated at random, only on request
ENCODER = "encoder"
MODELS = {"kws": ("kws/kws.pt2", "kws/demo_calib.npz"), "resnet8": ("resnet8/resnet8.pt2", "resnet8/demo.npz")}
#: files of the MLPerf Tiny reference submission (https://github.com/mlcommons/tiny), of which the user has a copy
MLPERF = {"kws": "kws_ref_model.tflite", "resnet8": "pretrainedResnet_quant.tflite"}


def sources(mlperf: Path | None) -> dict[str, tuple[Path, str | None]]:
    """Model -> its file and its calibration data: the examples, or the int8 files of the user's copy."""
    if mlperf is None:
        return {model: (HERE / source, str(HERE / calib)) for model, (source, calib) in MODELS.items()}
    missing = [name for name in MLPERF.values() if not (mlperf / name).is_file()]
    if missing:
        raise click.UsageError(
            f"{mlperf} has no {missing[0]}; give the folder with the trained models of mlcommons/tiny"
        )
    return {model: (mlperf / name, None) for model, name in MLPERF.items()}


def measured(
    source: Path, calib: str | None, board: Board, folder: Path, optimize: str, flash: str | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """report.json of a build and the rows of its profile. `flash`: a budget, or None."""
    options = pipeline.BuildOptions(
        source=ModelSource(source),
        board=board,
        folder=folder,
        recipe=Recipe(),
        calib=calib,
        optimize=optimize,
        simulate_samples=4,
        budget=budget.parse([f"flash={flash}"]) if flash else None,
    )
    facts = pipeline.build(options, Observer())
    assert facts.profile is not None
    return facts.as_json(), profiling.layer_rows(facts.firmware, facts.profile)


def place(report: dict[str, Any]) -> str:
    """The board, and the budget if there was one."""
    if not report["budget"]:
        return str(report["board"])
    return f"{report['board']}, with Winograd under a flash budget of {report['budget']['flash_bytes']:,} B"


def summary_line(report: dict[str, Any], peer: dict[str, Any] | None) -> str:
    cost, memory = report["cost"], report["memory"]
    ratio = f"{cost['instructions'] / peer['instructions']:.2f}x" if peer else ""
    ram = f"{memory['ram_bytes'] / peer['ram_bytes']:.2f}x" if peer else ""
    exact = "yes" if report["verify"]["bit_exact"] else "NO"
    speedup = f"{cost['speedup_vs_1core']:.2f}" if cost["cores"] > 1 else ""
    cells = (
        report["model"],
        place(report),
        f"{cost['instructions']:,}",
        ratio,
        f"{cost['instructions'] / cost['macs']:.3f}",
        f"{cost['est_cycles']:,}",
        f"{cost['macs'] / cost['est_cycles']:.2f}",
        speedup,
        f"{memory['flash_bytes']:,}",
        f"{memory['code_bytes']:,}",
        f"{memory['ram_bytes']:,}",
        ram,
        exact,
    )
    return f"| {' | '.join(cells)} |"


def layer_table(report: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"\n### {report['model']} on {place(report)}\n",
        "| layer | kernel | MACs | instructions | per MAC | est. cycles | MAC/cycle |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        per_mac = "" if row["instructions_per_mac"] is None else f"{row['instructions_per_mac']:.3f}"
        per_cycle = f"{row['mac_per_cycle']:.2f}" if row["macs"] else ""
        lines.append(
            f"| {row['name']} | {row['kernel']} | {row['macs']:,} | {row['instructions']:,} | {per_mac} | "
            f"{row['est_cycles']:,} | {per_cycle} |"
        )
    return lines


@click.command()
@click.option("--layers", is_flag=True, help="Add a table per model and board.")
@click.option("--optimize", type=click.Choice(["speed", "size"]), default="speed", show_default=True)
@click.option("--toolchain", type=click.Choice(KINDS), help="Which [toolchain] to use (default: the board's own).")
@click.option("--board", "boards", multiple=True, help=f"Which boards (default: {', '.join(BOARDS)}).")
@click.option(
    "--mlperf",
    type=click.Path(file_okay=False, path_type=Path),
    help="The int8 .tflite files in this folder instead of the examples.",
)
@click.option("--model", "models", multiple=True, type=click.Choice([*MODELS, ENCODER]), help="Only this model.")
def main(
    layers: bool,
    optimize: str,
    toolchain: str | None,
    boards: tuple[str, ...],
    mlperf: Path | None,
    models: tuple[str, ...],
) -> None:
    """Print the benchmark as Markdown."""
    peers = tomllib.loads((HERE / "peers.toml").read_text(encoding="utf-8"))["peer"]
    files = sources(mlperf)
    click.echo(f"| {' | '.join(COLUMNS)} |")
    click.echo("|---|---|" + "---:|" * (len(COLUMNS) - 3) + "---|")
    details: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        if ENCODER in models:
            files[ENCODER] = (encoder.write(Path(folder) / f"{ENCODER}.pt2"), "random")
        every = [(model, board, None) for model in models or MODELS for board in boards or BOARDS]
        budgets = [] if models or boards or toolchain else BUDGETS
        for model, board, flash in (*every, *budgets):
            chosen = load_board(copy_with_toolchain(board, toolchain, Path(folder)) if toolchain else board)
            report, rows = measured(*files[model], chosen, Path(folder) / f"{model}-{board}-{flash}", optimize, flash)
            peer = next((item for item in peers if (item["model"], item["board"]) == (model, board)), None)
            click.echo(summary_line(report, peer))
            details += layer_table(report, rows)
    if layers:
        click.echo("\n".join(details))


if __name__ == "__main__":
    main()
