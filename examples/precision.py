"""Accuracy of a model's float and integer references under several recipes, as a Markdown table (docs/precision.md).

With --boards a second table follows: for every precision the recipe whose outputs on calibration data are nearest to
the float network's (no label is read for that), and the files of --trained, each built for the host, where it runs all
evaluation samples, and for the boards, where one inference is counted.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from edgeq import pipeline, reference
from edgeq.accuracy import accuracy
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware.sizes import read_sizes
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.precision_search.difference import Difference
from edgeq.precision_search.points import outputs_of
from edgeq.quantize.data import Samples, load_samples, quantize_inputs
from edgeq.quantize.precision import PRECISIONS
from edgeq.quantize.recipe import Method, Recipe
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.stepwise import has_floats

#: how weights of few bits are rounded unless a recipe says otherwise
DEFAULT_ROUNDING = Method("int4").rounding


def _name(precision: str, weights: str, corrected: bool, together: bool) -> str:
    """What the table calls a recipe for weights of few bits."""
    name = f"{precision}, {weights} weights{', bias correction' if corrected else ''}"
    name += ", network rounding" if together else ""
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
        _name(precision, weights, corrected, together): Recipe(
            Method(precision, weights=weights),
            bias_correction=corrected,
            network_rounding=together,
            edges="int8" if PRECISIONS[precision].inner else None,
        )
        for precision in ("int4", "int4g32", "int4g64", "int4g128", "pow2", "int2", "ternary", "binary")
        for weights in ("omse", "gptq", "adaround", "adaquant")
        for corrected in (False, True)
        for together in ((False, True) if weights == "adaquant" else (False,))
    },
    "fp16": Recipe(Method("fp16")),
    "fp32": Recipe(Method("fp32")),
}


@dataclass(frozen=True)
class Subject:
    """A recipe of RECIPES, or the file of a trained network."""

    name: str
    trained: Path | None = None

    @property
    def shown(self) -> str:
        """What the tables call it."""
        return f"{self.trained.name}, trained" if self.trained else self.name

    @property
    def precision(self) -> str:
        """Of its weights."""
        return self.trained.stem.rpartition("_")[2] if self.trained else RECIPES[self.name].default.precision


@dataclass(frozen=True)
class Row:
    """Its accuracy on evaluation data, and, where it was not trained, how far its outputs are from the float network's
    on calibration data (edgeq/precision_search/difference.py)."""

    subject: Subject
    accuracy: float
    output_error: float | None


@dataclass(frozen=True)
class Bench:
    """A float network and its data."""

    graph: Graph
    calibration: Samples
    evaluation: Samples

    @staticmethod
    def of(args: argparse.Namespace) -> Bench:
        """What the command line names."""
        graph = pipeline.import_model(ModelSource(args.model))
        evaluation = load_samples(args.eval, graph, "--eval")
        evaluation = evaluation.evenly(args.samples or len(evaluation))
        return Bench(graph, load_samples(args.calib, graph, "--calib"), evaluation)

    @cached_property
    def difference(self) -> Difference:
        """From the float network's outputs on calibration data."""
        return Difference(self.graph, reference.run(self.graph, self.calibration.inputs))

    def made(self, subject: Subject) -> Graph:
        """The quantized network."""
        if subject.trained:
            return pipeline.quantize(pipeline.import_model(ModelSource(subject.trained)), None, Recipe())
        recipe = RECIPES[subject.name]
        return pipeline.quantize(pipeline.prepare(self.graph, recipe, self.calibration), self.calibration, recipe)

    def row(self, subject: Subject) -> Row:
        """What a table says of it."""
        made, evaluation = self.made(subject), self.evaluation
        assert evaluation.labels is not None
        outputs = reference.run(made, quantize_inputs(made, evaluation))
        error = None if subject.trained else self.difference(outputs_of(made, self.calibration))
        return Row(subject, accuracy(outputs[made.outputs[0]], evaluation.labels), error)


class Worker:
    """A process's own bench."""

    bench: Bench

    @staticmethod
    def start(args: argparse.Namespace) -> None:
        """Loads it."""
        Worker.bench = Bench.of(args)

    @staticmethod
    def row(subject: Subject) -> Row:
        """See Bench.row."""
        return Worker.bench.row(subject)


def rows(bench: Bench, subjects: Sequence[Subject], args: argparse.Namespace) -> Iterator[Row]:
    """In the order of the subjects."""
    with ExitStack() as stack:
        if args.jobs == 1:
            found: Iterable[Row] = map(bench.row, subjects)
        else:
            pool = stack.enter_context(ProcessPoolExecutor(args.jobs, initializer=Worker.start, initargs=(args,)))
            found = pool.map(Worker.row, subjects)
        yield from found


def built(made: Graph, board: str, folder: Path) -> FirmwareFolder:
    """The firmware of a quantized graph."""
    pipeline.generate(made, load_board(board), folder, EmitOptions("speed", "mixed", {}))
    return open_folder(folder)


def on_host(made: Graph, evaluation: Samples, folder: Path) -> float:
    """Accuracy of the firmware on all samples. Raises EdgeqError where an integer network's differs from the
    reference."""
    assert evaluation.labels is not None
    inputs, (output, *_) = quantize_inputs(made, evaluation), made.outputs
    found = run_samples(built(made, "host", folder), inputs).outputs[output]
    if not has_floats(made) and not np.array_equal(found, reference.run(made, inputs)[output]):
        raise EdgeqError(f"{made.name}: the firmware's outputs are not those of the reference")
    return accuracy(found, evaluation.labels)


def costs(made: Graph, board: str, sample: Samples, folder: Path) -> list[str]:
    """Flash, RAM with stacks and instructions of one inference."""
    firmware, inputs = built(made, board, folder), quantize_inputs(made, sample)
    sizes = read_sizes(folder / "firmware.elf", firmware.board, firmware.manifest["model"])
    stacks = run_samples(firmware, inputs).stack_bytes * firmware.board.cores
    counts = run_samples(firmware, inputs, RunOptions(count=True)).counts
    assert counts is not None
    return [f"{value:,}" for value in (sizes.flash, sizes.ram + stacks, counts.instructions)]


def best(found: Sequence[Row]) -> list[Row]:
    """Precision by precision, the row with the least output error and those that were trained."""
    chosen = []
    for precision in PRECISIONS:
        own = [row for row in found if row.subject.precision == precision]
        rounded = [(row.output_error, index) for index, row in enumerate(own) if row.output_error is not None]
        chosen += [own[min(rounded)[1]]] if rounded else []
        chosen += [row for row in own if row.output_error is None]
    return chosen


def print_costs(bench: Bench, found: Sequence[Row], whole: float, boards: Sequence[str]) -> None:
    """The second table."""
    heads = "".join(f" {board}: flash B | RAM B | instructions |" for board in boards)
    print(f"\n| precision | float % | quantized % | firmware % |{heads}")
    print(f"|---|---:|---:|---:|{'---:|' * 3 * len(boards)}")
    for row in best(found):
        made = bench.made(row.subject)
        with tempfile.TemporaryDirectory(prefix="edgeq-precision-") as folder:
            cells = [f"{whole:.2f}", f"{100 * row.accuracy:.2f}"]
            cells.append(f"{100 * on_host(made, bench.evaluation, Path(folder) / 'host'):.2f}")
            for board in boards:
                cells += costs(made, board, bench.evaluation.evenly(1), Path(folder) / board)
        print(f"| {row.subject.shown} | {' | '.join(cells)} |", flush=True)


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
    parser.add_argument("--jobs", type=int, default=1, help="recipes at once, each in a process of its own")
    args = parser.parse_args()
    bench = Bench.of(args)
    evaluation = bench.evaluation
    assert evaluation.labels is not None
    print(f"{args.model.name}, {len(bench.calibration)} calibration samples, {len(evaluation)} evaluated\n")
    print("| recipe | top-1 % | less than float | output error on CALIB |\n|---|---|---|---|")
    outputs = reference.run(bench.graph, evaluation.inputs)
    whole = 100 * accuracy(outputs[bench.graph.outputs[0]], evaluation.labels)
    print(f"| float | {whole:.2f} | | |", flush=True)
    subjects = [Subject(name) for name in RECIPES if any(part in name for part in args.only)]
    subjects += [Subject(path.name, path) for path in args.trained]
    found = []
    for row in rows(bench, subjects, args):
        error = "" if row.output_error is None else f"{row.output_error:.3g}"
        lost = whole - 100 * row.accuracy
        print(f"| {row.subject.shown} | {100 * row.accuracy:.2f} | {lost:.2f} | {error} |", flush=True)
        found.append(row)
    if args.boards:
        print_costs(bench, found, whole, args.boards)


if __name__ == "__main__":
    main()
