"""The commands as functions: `edgeq.build(...)` as `edgeq build ...`; the names of the package are these.

The command line calls these. Arguments have the options' names (without dashes; `eval_data` for --eval) and take the
same texts; results are the objects of edgeq.results. Whatever is wrong with a model, data, a board or this machine
raises EdgeqError with the sentence that the command line prints. `observer` is told of stages, warnings and progress.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeq.errors import EdgeqError
from edgeq.observer import Observer

if TYPE_CHECKING:
    from edgeq.board import Board
    from edgeq.environment import Check
    from edgeq.firmware_folder import FirmwareFolder
    from edgeq.frontend.load import ModelSource
    from edgeq.precision_search.result import SearchResult
    from edgeq.reports.builds import Builds
    from edgeq.results import Comparisons, Exported, Outputs, Profiled, Recordings, Report
    from edgeq.train.curve import Curve

Place = str | Path
SILENT = Observer()


def build(
    model: Place,
    board: Place,
    output: Place | None = None,
    *,
    quant: str = "int8",
    calib: Place | None = None,
    eval_data: Place | None = None,
    optimize: str = "speed",
    budget: str | Sequence[str] = (),
    kernels: str = "edgeq",
    simulate: bool = True,
    simulator: str = "qemu",
    simulate_samples: int | None = None,
    train: str | None = None,
    stream: str | None = None,
    format: str | None = None,
    arch: str | None = None,
    trust_pickle: bool = False,
    input_shape: str | Sequence[int] | None = None,
    states: Sequence[str] = (),
    observer: Observer = SILENT,
) -> Report:
    """Quantizes a model, generates C for a board, compiles it, runs it and compares it with the reference. `output` is
    the folder that is made (default: out/<model>-<board>). A firmware that differs from the reference is left there:
    see `Report.is_right`. `kernels`: "edgeq" or "cmsis-nn". `stream`: "" for the rule that there is without one.
    `simulator`: "qemu" or "renode"; where Renode is not installed its files are written, nothing is run, and `observer`
    is warned."""
    from edgeq import budget as budgets
    from edgeq import cmsis_nn, pipeline, text_pipeline
    from edgeq.board import load_board
    from edgeq.frontend.load import holds_encoder_and_step
    from edgeq.integrate import formats, library
    from edgeq.quantize.recipe import load_recipe
    from edgeq.results import report_of
    from edgeq.simulate import renode
    from edgeq.simulate.run import RENODE, SIMULATORS
    from edgeq.stream import rule as stream_rule
    from edgeq.train import spec as train_spec

    target_board = load_board(board)
    if format:
        formats.check(format, target_board)
    if kernels not in cmsis_nn.KERNELS:
        raise EdgeqError(f"--kernels {kernels}: must be one of {', '.join(cmsis_nn.KERNELS)}")
    if kernels == cmsis_nn.CHOICE:
        target_board = cmsis_nn.preferred(target_board)
        if train:
            raise EdgeqError(
                "--kernels cmsis-nn: CMSIS-NN takes no weights that are trained on the board; leave --train out"
            )
    if simulator not in SIMULATORS:
        raise EdgeqError(f"--simulator {simulator}: must be one of {', '.join(SIMULATORS)}")
    target = Path(output) if output else Path("out") / f"{Path(model).stem}-{target_board.name}"
    if simulator == RENODE:
        renode.described(target_board)
        renode.regions(target_board)
        if simulate and not renode.is_installed():
            simulate = False
            observer.warning(
                f"renode is not on PATH: {target} is built but not run; once it is installed (renode.io), 'edgeq run "
                f"{target} --inputs IN.npz' runs it with {target / renode.FOLDER}/run.resc"
            )
    options = pipeline.BuildOptions(
        source=_source(model, arch, trust_pickle, input_shape, states),
        board=target_board,
        folder=target,
        recipe=load_recipe(quant),
        calib=str(calib) if calib else None,
        eval_data=Path(eval_data) if eval_data else None,
        optimize=optimize,
        simulate=simulate,
        simulator=simulator,
        simulate_samples=simulate_samples,
        budget=budgets.parse(_several(budget)),
        train=train_spec.load(train) if train else None,
        stream=None if stream is None else stream_rule.parse(stream),
    )
    run_stages = text_pipeline.build if holds_encoder_and_step(options.source) else pipeline.build
    report = report_of(run_stages(options, observer).as_json(), target)
    if format:
        formats.write(library.collect([target]), format, target / format)
    return report


def run(folder: Place, inputs: Place, *, silence: float = 0.0, observer: Observer = SILENT) -> Outputs | Recordings:
    """Runs a built firmware on an .npz file; on recordings where it is a stream or writes texts. Streams hear so many
    seconds of silence behind each recording."""
    from edgeq.firmware_folder import open_folder
    from edgeq.quantize.data import dequantize, load_samples, quantize_inputs, to_model_layout
    from edgeq.results import Outputs
    from edgeq.simulate.run import require
    from edgeq.simulate.session import run_samples

    firmware = open_folder(Path(folder))
    require(firmware.board, firmware.simulator)
    if "stream" in firmware.manifest:
        return _heard(firmware, Path(inputs), silence, observer)
    if silence:
        raise EdgeqError(f"--silence: {firmware.path} is no stream; leave it out")
    if "text" in firmware.manifest:
        return _written(firmware, Path(inputs), observer)
    graph = firmware.graph
    samples = load_samples(Path(inputs), graph, "--inputs")
    with observer.samples(f"running on {firmware.board.name}", len(samples)) as progress:
        result = run_samples(firmware, quantize_inputs(graph, samples), progress=progress)
    arrays = {}
    for name, value in result.outputs.items():
        tensor = graph.tensor(name)
        arrays[name] = to_model_layout(graph, name, value)
        arrays[f"{name}_float"] = dequantize(arrays[name], tensor.scale, tensor.zero_point)
    return Outputs(firmware.board.name, len(samples), tuple(graph.outputs), arrays)


def _heard(firmware: FirmwareFolder, inputs: Path, silence: float, observer: Observer) -> Recordings:
    """What a stream hears in every recording."""
    from edgeq.results import Recording, Recordings
    from edgeq.stream import session

    recordings = session.recordings(firmware, inputs, silence)
    with observer.samples(f"listening on {firmware.board.name}", len(recordings)) as progress:
        heard = session.run(firmware, [samples for _, samples in recordings])
        progress(len(recordings))
    expected = session.expected(firmware, [samples for _, samples in recordings])
    rows = []
    for (name, _), found, wanted in zip(recordings, heard, expected, strict=True):
        events = tuple(
            {"time_s": round(session.time_s(firmware, event), 3), "label": session.label(firmware, event)}
            for event in found.events
        )
        rows.append(Recording(name, session.text(firmware, found), found.events == wanted.events, events=events))
    return Recordings(firmware.board.name, tuple(rows))


def _written(firmware: FirmwareFolder, inputs: Path, observer: Observer) -> Recordings:
    """The text of every recording."""
    from edgeq.audio import wav
    from edgeq.results import Recording, Recordings
    from edgeq.text import greedy, session, words

    pair = session.pair_of(firmware)
    samples = session.recordings(pair, inputs)
    names = [str(name) for name in wav.files(inputs)] if wav.is_given(inputs) else []
    with observer.samples(f"writing texts on {firmware.board.name}", len(samples)) as progress:
        made = session.run(firmware, pair, samples.inputs)
        progress(len(samples))
    rows = []
    for number, (text, wanted) in enumerate(zip(made, greedy.texts(pair, samples.inputs), strict=True)):
        name = names[number] if names else f"{inputs}[{number}]"
        said = " ".join(words.words(pair.meaning, text.tokens))
        rows.append(Recording(name, said, text.tokens == wanted.tokens, tokens=tuple(text.tokens)))
    return Recordings(firmware.board.name, tuple(rows))


def verify(
    folder: Place,
    inputs: Place | None = None,
    *,
    against: str | None = None,
    model: Place | None = None,
    observer: Observer = SILENT,
) -> Comparisons:
    """Compares every layer of a built firmware with the reference (without `inputs`: on seeded noise), and with the
    activations of the model's own framework ("torch", "tflite", "onnx")."""
    from edgeq.against import compare
    from edgeq.firmware_folder import open_folder
    from edgeq.quantize.data import load_samples, random_samples
    from edgeq.results import Comparisons
    from edgeq.simulate.run import require
    from edgeq.verification import front_ends, verify_layers

    if (against is None) != (model is None):
        raise EdgeqError("--against and --model belong together: --against torch --model model.pt2")
    firmware = open_folder(Path(folder))
    require(firmware.board, firmware.simulator)
    graph = firmware.graph
    if against and model:
        compare.check(firmware, against, Path(model), inputs is not None)
    samples = load_samples(Path(inputs), graph, "--inputs") if inputs else random_samples(graph, count=8)
    with observer.samples(f"verifying on {firmware.board.name}", len(samples)) as progress:
        result = verify_layers(firmware, samples, progress)
    heard = dict(front_ends(firmware, samples)) if inputs else {}
    compared = compare.compare(firmware, against, Path(model), samples) if against and model else None
    return Comparisons(result, heard, compared)


def profile(folder: Place, inputs: Place | None = None) -> Profiled:
    """Counts a built firmware's instructions per layer, on the first of the inputs or on seeded noise."""
    from edgeq import profiling as profiler
    from edgeq.firmware_folder import open_folder
    from edgeq.quantize.data import load_samples, quantize_inputs
    from edgeq.results import Profiled, ProfiledLayer

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
    rows = tuple(ProfiledLayer(**row) for row in profiler.layer_rows(firmware, result))
    return Profiled(
        model=firmware.manifest["model"],
        board=board.name,
        cores=board.cores,
        macs=sum(row.macs for row in rows),
        instructions=result.instructions,
        est_cycles=result.cycles,
        est_ms=round(1e3 * result.cycles / board.clock_hz, 4),
        speedup_vs_1core=round(result.speedup, 3),
        est_cycles_source=board.cost.source,
        layers=rows,
    )


def inspect(
    model: Place,
    board: Place | None = None,
    *,
    quant: str = "int8",
    arch: str | None = None,
    trust_pickle: bool = False,
    input_shape: str | Sequence[int] | None = None,
    states: Sequence[str] = (),
) -> dict[str, Any]:
    """A model's layers, and what a board, or every board, would do with them: the JSON of `edgeq inspect`."""
    from edgeq import inspection as inspector
    from edgeq import pipeline
    from edgeq.board import list_boards, load_board
    from edgeq.quantize.recipe import load_recipe

    recipe = load_recipe(quant)
    chosen = [load_board(name) for name in ([board] if board else list_boards())]
    graph = pipeline.import_model(_source(model, arch, trust_pickle, input_shape, states))
    return inspector.inspect(graph, chosen, recipe)


def report(folder: Place, other: Place | None = None) -> dict[str, Any] | Builds:
    """The report.json of a build, or two builds side by side."""
    from edgeq.reports import builds

    first = builds.load(Path(folder))
    return first if other is None else builds.Builds((str(folder), str(other)), first, builds.load(Path(other)))


def search(
    model: Place,
    board: Place,
    calib: Place,
    eval_data: Place,
    output: Place | None = None,
    *,
    budget: str | Sequence[str] = (),
    precisions: str | None = None,
    sensitivity: str = "output",
    sweep: str = "flash",
    points: int = 8,
    jobs: int = 1,
    dask: str | None = None,
    arch: str | None = None,
    trust_pickle: bool = False,
    input_shape: str | Sequence[int] | None = None,
    states: Sequence[str] = (),
    observer: Observer = SILENT,
) -> SearchResult:
    """Chooses a precision for every layer under a budget; writes the front of accuracy against flash, RAM and cycles
    to `output` (default: out/<model>-<board>-search). Interrupted, the same call goes on from what is there."""
    from edgeq import budget as budgets
    from edgeq.board import load_board
    from edgeq.precision_search import report
    from edgeq.precision_search.options import DEFAULT, parse_precisions
    from edgeq.precision_search.request import SearchOptions
    from edgeq.precision_search.run import search as search_run

    target_board = load_board(board)
    options = SearchOptions(
        source=_source(model, arch, trust_pickle, input_shape, states),
        board=target_board,
        folder=Path(output) if output else Path("out") / f"{Path(model).stem}-{target_board.name}-search",
        calib=Path(calib),
        eval_data=Path(eval_data),
        precisions=parse_precisions(precisions) if precisions else DEFAULT,
        budget=budgets.parse(_several(budget), cycles=True),
        measure=sensitivity,
        sweep=sweep,
        points=points,
        jobs=jobs,
        dask=dask,
    )
    result = search_run(options, observer)
    report.write(result)
    return result


def train_sim(
    folder: Place,
    data: Place,
    eval_data: Place | None = None,
    *,
    steps: int | None = None,
    eval_samples: int = 100,
    points: int = 10,
    lr: float = 0.01,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    clip: float = 0.0,
    observer: Observer = SILENT,
) -> Curve:
    """Trains a firmware that was built with `train` inside the simulator, beside PyTorch; writes the curve into its
    report."""
    from edgeq.reports import training as report
    from edgeq.train import command

    options = command.Options(
        folder=Path(folder),
        data=Path(data),
        eval_data=Path(eval_data) if eval_data else None,
        steps=steps,
        eval_samples=eval_samples,
        points=points,
        settings={"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "clip": clip},
    )
    curve = command.train(options, observer)
    report.write(curve, Path(folder))
    return curve


def export(
    folders: Place | Sequence[Place], format: str, output: Place | None = None, *, name: str | None = None
) -> Exported:
    """Writes one or several built networks as a library for another ecosystem (default: to out/<name>-<format>)."""
    from edgeq.integrate import formats, library
    from edgeq.results import Exported

    several = [folders] if isinstance(folders, str | Path) else folders
    made = library.collect([Path(folder) for folder in several], name)
    folder = Path(output) if output else Path("out") / f"{made.name}-{format}"
    files = formats.write(made, format, folder)
    names = tuple(str(path.relative_to(folder)) for path in files)
    return Exported(format, folder, tuple(network.name for network in made.networks), names)


def boards(name: Place | None = None) -> tuple[Board, ...]:
    """All boards that come with edgeq, or the one of a name or of a TOML file."""
    from edgeq.board import list_boards, load_board

    return tuple(load_board(item) for item in ([name] if name else list_boards()))


def doctor(*, fix: bool = False, observer: Observer = SILENT) -> tuple[Check, ...]:
    """What is installed and what is missing; `fix` installs what is required and missing."""
    from edgeq import environment as checker

    results = checker.checks()
    missing = checker.missing(results)
    if fix and missing:
        for command, done in checker.fix(missing):
            (observer.stage if done else observer.warning)(f"{'ok' if done else 'FAILED'}: {command}")
        results = checker.checks()
    return tuple(results)


def _several(texts: str | Sequence[str]) -> Sequence[str]:
    return (texts,) if isinstance(texts, str) else texts


def _source(
    model: Place,
    arch: str | None,
    trust_pickle: bool,
    input_shape: str | Sequence[int] | None,
    states: Sequence[str],
) -> ModelSource:
    from edgeq.frontend.load import ModelSource

    shape = input_shape
    if isinstance(shape, str):
        try:
            shape = [int(part) for part in shape.replace("x", ",").split(",")]
        except ValueError as error:
            raise EdgeqError(f"--input-shape {input_shape}: must be numbers such as 1,3,32,32") from error
    if shape is not None and any(size < 1 for size in shape):
        raise EdgeqError(f"--input-shape {input_shape}: sizes must be positive")
    return ModelSource(Path(model), arch, trust_pickle, tuple(shape) if shape is not None else None, tuple(states))
