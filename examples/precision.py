"""Accuracy of a model's float and integer references under several recipes, as a Markdown table (docs/precision.md).

With --boards a second table follows: for every precision the recipe whose outputs on calibration data are nearest to
the float network's (no label is read for that), and the files of --trained, each built for the host, where it runs all
evaluation samples, and for the boards, where one inference is counted.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeq import pipeline, reference
from edgeq.accuracy import accuracy
from edgeq.boards import load_board
from edgeq.build.sizes import read_sizes
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, load_samples, quantize_inputs
from edgeq.quantize.precision import PRECISIONS
from edgeq.quantize.recipe import Method, Recipe
from edgeq.search.output_error import squared_error
from edgeq.search.points import outputs_of
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.stepwise import has_floats

#: how weights of few bits are rounded unless a recipe says otherwise
DEFAULT_ROUNDING = Method("int4").rounding


def _name(precision: str, weights: str, corrected: bool) -> str:
    """What the table calls a recipe for weights of few bits."""
    name = f"{precision}, {weights} weights{', bias correction' if corrected else ''}"
    return f"{name} (default)" if weights == DEFAULT_ROUNDING and not corrected else name


#: what the table calls a recipe
RECIPES: Mapping[str, Recipe] = {
    "int8, minmax": Recipe(Method(observer="minmax")),
    "int8, percentile 99.99": Recipe(Method(observer="percentile")),
    "int8, mse (default)": Recipe(),
    "int8, kl": Recipe(Method(observer="kl")),
    "int8, mse, omse weights": Recipe(Method(weights="omse")),
    "int8, mse, bias correction": Recipe(bias_correction=True),
    "int8, mse, equalized": Recipe(equalize=True),
    "int8, mse, equalized, bias correction": Recipe(equalize=True, bias_correction=True),
    "int8, mse, omse weights, bias correction": Recipe(Method(weights="omse"), bias_correction=True),
    "int8, mse, gptq weights": Recipe(Method(weights="gptq")),
    "int8, mse, gptq weights, bias correction": Recipe(Method(weights="gptq"), bias_correction=True),
    "int16": Recipe(Method(precision="int16")),
    "int16, bias correction": Recipe(Method(precision="int16"), bias_correction=True),
    "int16, equalized, bias correction": Recipe(Method(precision="int16"), bias_correction=True, equalize=True),
    "int16, gptq weights": Recipe(Method("int16", weights="gptq")),
    "int16, gptq weights, bias correction": Recipe(Method("int16", weights="gptq"), bias_correction=True),
    "int16, omse weights, bias correction": Recipe(Method("int16", weights="omse"), bias_correction=True),
    **{
        _name(precision, weights, corrected): Recipe(
            Method(precision, weights=weights),
            bias_correction=corrected,
            edges="int8" if PRECISIONS[precision].inner else None,
        )
        for precision in ("int4", "pow2", "int2", "ternary", "binary")
        for weights in ("omse", "gptq", "adaround", "adaquant")
        for corrected in (False, True)
    },
    "fp16": Recipe(Method("fp16")),
    "fp32": Recipe(Method("fp32")),
}


@dataclass(frozen=True)
class Row:
    """A quantized network: what the tables call it, its accuracy on evaluation data, and, where it was not trained,
    the mean squared difference of its outputs from the float network's on calibration data."""

    name: str
    precision: str
    made: Graph
    accuracy: float
    output_error: float | None


def measured(graph: Graph, evaluation: Samples) -> float:
    """Top-1 accuracy of the reference of a quantized graph."""
    assert evaluation.labels is not None
    outputs = reference.run(graph, quantize_inputs(graph, evaluation))
    return accuracy(outputs[graph.outputs[0]], evaluation.labels)


def rows(
    graph: Graph, calibration: Samples, evaluation: Samples, only: Sequence[str], trained: Sequence[Path]
) -> Iterator[Row]:
    """The recipes whose name holds one of `only`, then the files."""
    exact = reference.run(graph, calibration.inputs)
    for name, recipe in RECIPES.items():
        if any(part in name for part in only):
            prepared = pipeline.prepare(graph, recipe, calibration)
            made = pipeline.quantize(prepared, calibration, recipe)
            error = squared_error(exact, outputs_of(made, calibration))
            yield Row(name, recipe.default.precision, made, measured(made, evaluation), error)
    for path in trained:
        made = pipeline.quantize(pipeline.import_model(ModelSource(path)), None, Recipe())
        yield Row(f"{path.name}, trained", path.stem.rpartition("_")[2], made, measured(made, evaluation), None)


def built(made: Graph, board: str, folder: Path) -> FirmwareFolder:
    """The firmware of a quantized graph."""
    pipeline.generate(made, load_board(board), folder, EmitOptions("speed", "mixed", {}))
    return open_folder(folder)


def on_host(row: Row, evaluation: Samples, folder: Path) -> float:
    """Accuracy of the firmware on all samples. Raises EdgeqError where an integer network's differs from the
    reference."""
    assert evaluation.labels is not None
    inputs, (output, *_) = quantize_inputs(row.made, evaluation), row.made.outputs
    found = run_samples(built(row.made, "host", folder), inputs).outputs[output]
    if not has_floats(row.made) and not np.array_equal(found, reference.run(row.made, inputs)[output]):
        raise EdgeqError(f"{row.name}: the firmware's outputs are not those of the reference")
    return accuracy(found, evaluation.labels)


def costs(row: Row, board: str, sample: Samples, folder: Path) -> list[str]:
    """Flash, RAM with stacks and instructions of one inference."""
    firmware, inputs = built(row.made, board, folder), quantize_inputs(row.made, sample)
    sizes = read_sizes(folder / "firmware.elf", firmware.board, firmware.manifest["model"])
    stacks = run_samples(firmware, inputs).stack_bytes * firmware.board.cores
    counts = run_samples(firmware, inputs, RunOptions(count=True)).counts
    assert counts is not None
    return [f"{value:,}" for value in (sizes.flash, sizes.ram + stacks, counts.instructions)]


def best(found: Sequence[Row]) -> list[Row]:
    """Precision by precision, the row with the least output error and those that were trained."""
    chosen = []
    for precision in PRECISIONS:
        own = [row for row in found if row.precision == precision]
        rounded = [(row.output_error, index) for index, row in enumerate(own) if row.output_error is not None]
        chosen += [own[min(rounded)[1]]] if rounded else []
        chosen += [row for row in own if row.output_error is None]
    return chosen


def print_costs(found: Sequence[Row], whole: float, evaluation: Samples, boards: Sequence[str]) -> None:
    """The second table."""
    heads = "".join(f" {board}: flash B | RAM B | instructions |" for board in boards)
    print(f"\n| precision | float % | quantized % | firmware % |{heads}")
    print(f"|---|---:|---:|---:|{'---:|' * 3 * len(boards)}")
    for row in best(found):
        with tempfile.TemporaryDirectory(prefix="edgeq-precision-") as folder:
            cells = [f"{whole:.2f}", f"{100 * row.accuracy:.2f}"]
            cells.append(f"{100 * on_host(row, evaluation, Path(folder) / 'host'):.2f}")
            for board in boards:
                cells += costs(row, board, evaluation.evenly(1), Path(folder) / board)
        print(f"| {row.name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Prints a row per recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--calib", type=Path, required=True)
    parser.add_argument("--eval", type=Path, required=True)
    parser.add_argument("--trained", type=Path, nargs="*", default=[], help="files of train_qat.py to add")
    parser.add_argument("--only", nargs="*", default=[""], help="recipes whose name holds one of these")
    parser.add_argument("--samples", type=int, default=None, help="evaluate on this many, spread evenly")
    parser.add_argument("--boards", nargs="*", default=[], help="boards to build the best of every precision for")
    args = parser.parse_args()
    graph = pipeline.import_model(ModelSource(args.model))
    calibration = load_samples(args.calib, graph, "--calib")
    evaluation = load_samples(args.eval, graph, "--eval")
    evaluation = evaluation.evenly(args.samples or len(evaluation))
    assert evaluation.labels is not None
    print(f"{args.model.name}, {len(calibration)} calibration samples, {len(evaluation)} evaluated\n")
    print("| recipe | top-1 % | less than float |\n|---|---|---|")
    whole = 100 * accuracy(reference.run(graph, evaluation.inputs)[graph.outputs[0]], evaluation.labels)
    print(f"| float | {whole:.2f} | |", flush=True)
    found = []
    for row in rows(graph, calibration, evaluation, args.only, args.trained):
        print(f"| {row.name} | {100 * row.accuracy:.2f} | {whole - 100 * row.accuracy:.2f} |", flush=True)
        found.append(row)
    if args.boards:
        print_costs(found, whole, evaluation, args.boards)


if __name__ == "__main__":
    main()
