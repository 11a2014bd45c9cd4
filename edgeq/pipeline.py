"""The order of the stages; nothing else knows it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeq import cmsis_nn, profiling, reference
from edgeq.accuracy import METRIC, confusion, metric_of, score
from edgeq.board import Board
from edgeq.budget import Budget, limits_on
from edgeq.emit.firmware import EmitOptions, Wrapping, emit
from edgeq.emit.names import model_name
from edgeq.emit.streaming import wrapping as stream_wrapping
from edgeq.emit.training import Beside, wrapping
from edgeq.errors import EdgeqError
from edgeq.firmware import fit, make
from edgeq.firmware.sizes import read_sizes
from edgeq.firmware.target import target_folder
from edgeq.firmware_folder import open_folder
from edgeq.frontend import guard
from edgeq.frontend.load import ModelSource, load
from edgeq.frontend.load import check as check_source
from edgeq.ir import verify as verify_graph
from edgeq.ir.graph import Graph
from edgeq.lower.alternatives import Alternatives
from edgeq.lower.program import Program
from edgeq.lower.select import Candidate, lower
from edgeq.lower.within import Built, within
from edgeq.observer import Observer
from edgeq.ops import weight_types
from edgeq.ops.float_types import FLOATS
from edgeq.ops.front_end import SAMPLES
from edgeq.passes import canonicalize
from edgeq.plan.arena import Plan, plan
from edgeq.plan.banded import run_in_bands
from edgeq.plan.exact import prove
from edgeq.plan.order import smallest_peak
from edgeq.plan.over_input import overwrite_inputs
from edgeq.plan.residual import fuse_residuals
from edgeq.quantize.data import (
    Samples,
    dequantize_inputs,
    load_samples,
    quantize_inputs,
    random_samples,
    require_calibration,
    require_file,
    require_float,
    to_integers,
)
from edgeq.quantize.equalize import equalized
from edgeq.quantize.observe import unprescribed
from edgeq.quantize.recipe import Recipe
from edgeq.quantize.smooth import smoothed
from edgeq.quantize.sqnr import sqnr_db
from edgeq.quantize.stage import quantized
from edgeq.reports.facts import Accuracy, Facts, write
from edgeq.reports.stack import read_and_warn
from edgeq.simulate.run import QEMU, counts_instructions, require
from edgeq.simulate.session import run_samples
from edgeq.stepwise import has_floats
from edgeq.stream import session as stream_session
from edgeq.stream.graph import streaming
from edgeq.stream.language import read as read_language
from edgeq.stream.rule import Rule
from edgeq.train import command as train_command
from edgeq.train import commit, recompute
from edgeq.train import simulate as train_simulate
from edgeq.train.derive import TrainingGraph
from edgeq.train.facts import TrainingFacts
from edgeq.train.recompute import Lean
from edgeq.train.spec import Spec
from edgeq.train.stage import training_graph
from edgeq.verification import Verification, compare, verify_layers

RANDOM_CALIBRATION = "random"
NO_CALIBRATION = (
    "calibration data is missing: give --calib DATA.npz with a few hundred typical inputs, or --calib random to try "
    "the build without caring for accuracy"
)
SIMULATED_SAMPLES = 200
#: recordings that a stream is fed in a simulator
SIMULATED_RECORDINGS = 24
#: samples on which a build compares every layer of a network with floating-point layers
LAYER_SAMPLES = 8


@dataclass(frozen=True)
class BuildOptions:
    """What `edgeq build` was asked for; `folder` must not exist or be empty. `simulate_samples`: None runs all
    samples on the host, SIMULATED_SAMPLES in a simulator."""

    source: ModelSource
    board: Board
    folder: Path
    recipe: Recipe
    calib: str | None = None
    eval_data: Path | None = None
    optimize: str = "speed"
    simulate: bool = True
    simulate_samples: int | None = None
    budget: Budget | None = None
    train: Spec | None = None
    stream: Rule | None = None
    simulator: str = QEMU


def imported(source: ModelSource) -> Graph:
    """Model file -> float graph as it is in the file."""
    return verify_graph.run(load(source), "import")


def import_model(source: ModelSource) -> Graph:
    """Model file -> canonical float graph."""
    return canonicalize(imported(source))


def prepare(graph: Graph, recipe: Recipe, calibration: Samples | None) -> Graph:
    """The float graph that the recipe quantizes: the same function, maybe with other weights."""
    if recipe.equalize:
        graph = verify_graph.run(equalized(graph), "equalize")
    if recipe.smooth:
        inputs = require_calibration(calibration.inputs if calibration is not None else None, "smooth")
        graph = verify_graph.run(smoothed(graph, inputs), "smooth")
    return graph


def quantize(graph: Graph, calibration: Samples | None, recipe: Recipe, observer: Observer | None = None) -> Graph:
    """Prepared float graph -> integer graph; without calibration data a graph whose file prescribes every scale.
    `observer` is warned of layers whose precision can't be had."""
    made = quantized(graph, calibration.inputs if calibration is not None else None, recipe)
    if observer is not None:
        precisions = {node.output: weight_types.precision_name(made.graph, node) for node in made.graph.nodes}
        for layer, reason in made.kept_int8.items():
            output = next(node.output for node in graph.nodes if node.name == layer)
            observer.warning(f"layer {layer} is {precisions.get(output, 'int8')}: {reason}")
        if made.losses is not None:
            before, after = made.losses
            observer.stage(f"all layers rounded together: loss of the answers {after:.3g}, before {before:.3g}")
    return verify_graph.run(made.graph, "quantize")


def arrange(
    graph: Graph, board: Board, optimize: str = "speed", chosen: Mapping[str, Candidate] | None = None
) -> tuple[Program, Plan]:
    """Integer graph -> layers and their arena: in the given order or in the one with the smallest peak, whichever takes
    the smaller arena on this board; in the given one if they are equal. `optimize` "ram" runs layers band by band.
    `chosen`: kernels by node where a budget decides."""
    ordered = smallest_peak(graph)
    graphs = [graph] if ordered is graph else [graph, ordered]
    if optimize == "ram":  # a stage runs the add behind a convolution band by band as well
        programs = [run_in_bands(lower(candidate, board, chosen)) for candidate in graphs]
    else:
        whole = [name for name, candidate in (chosen or {}).items() if candidate.kernel.expands]
        if cmsis_nn.is_preferred(board):
            whole += [layer.node.name for layer in lower(graph, board, chosen).layers if layer.kernel.library]
        programs = [
            fuse_residuals(candidate, lambda variant: overwrite_inputs(lower(variant, board, chosen)), whole)
            for candidate in graphs
        ]
    arenas = [prove(plan(program)) for program in programs]
    best = min(range(len(arenas)), key=lambda index: arenas[index].arena_bytes)
    return programs[best], arenas[best]


def generate(
    graph: Graph, board: Board, folder: Path, options: EmitOptions, budget: Budget | None = None
) -> tuple[Program, Plan]:
    """Integer graph -> firmware folder with its ELFs. Raises EdgeqError when it doesn't fit the board or the budget."""
    if budget is None:
        chosen = Alternatives(graph, board).smallest() if options.optimize == "size" else None
        program, arena = arrange(graph, board, options.optimize, chosen)
        try:
            _compile(program, arena, folder, options)
        except make.RegionOverflowError as overflow:
            needed = board.memory[overflow.region].length + overflow.excess_bytes
            raise fit.too_big(program, arena, overflow.region, needed) from overflow
        return program, arena
    return _generate_within(graph, board, folder, options, budget)


def _generate_within(
    graph: Graph, board: Board, folder: Path, options: EmitOptions, budget: Budget
) -> tuple[Program, Plan]:
    """The same, with the kernels chosen to keep to the budget."""
    alternatives = Alternatives(graph, board)
    if options.optimize == "size":
        alternatives.keep_smallest()
    if options.optimize == "ram":
        alternatives.keep_rowwise()
    made: list[tuple[Path, Program, Plan]] = []

    def build(program: Program, arena: Plan) -> Built:
        trial = folder / f"trial{len(made)}"
        made.append((trial, program, arena))
        try:
            _compile(program, arena, trial, options)
        except make.RegionOverflowError as overflow:
            needed = board.memory[overflow.region].length + overflow.excess_bytes
            if overflow.region != "flash":
                raise fit.too_big(program, arena, overflow.region, needed) from overflow
            return Built(needed, arena.arena_bytes)
        sizes = read_sizes(trial / "firmware.elf", board, open_folder(trial).manifest["model"])
        return Built(sizes.flash, sizes.ram)

    best = within(
        alternatives, limits_on(board, budget), lambda chosen: arrange(graph, board, options.optimize, chosen), build
    )
    for number, (trial, _, _) in enumerate(made):
        if number == best:
            for item in trial.iterdir():
                os.rename(item, folder / item.name)
        shutil.rmtree(trial)
    return made[best][1:]


def _compile(program: Program, arena: Plan, folder: Path, options: EmitOptions) -> None:
    """Writes a firmware folder and makes its ELFs."""
    fit.check(program, arena)
    folder.mkdir(exist_ok=True)
    emit(program, arena, folder, options)
    if cmsis_nn.can_compile(program):
        make.build(folder, program.board)


def build(options: BuildOptions, observer: Observer) -> Facts:
    """Model file -> firmware folder with report. Nothing is left behind when it fails."""
    make.require_tools(options.board)
    cmsis_nn.check(options.board, options.simulate, limited=options.budget is not None)
    if options.simulate:
        require(options.board, options.simulator)
    if options.stream is not None and options.train is not None:
        raise EdgeqError("--stream and --train can't be built together; build the stream with a trained file")
    if options.stream is not None and options.stream.language is not None:
        read_language(Path(options.stream.language.path))
    kind = check_source(options.source)
    check_data_options(options, may_do_without=kind in guard.MAY_PRESCRIBE or not options.recipe.needs_ranges)
    with target_folder(options.folder) as folder:
        observer.stage(f"importing {options.source.path.name}")
        original = imported(options.source)
        graph = canonicalize(original)
        calibration = _calibration(options, graph, observer)
        graph = prepare(graph, options.recipe, calibration)
        evaluation = load_samples(options.eval_data, graph, "--eval") if options.eval_data else None
        how = f"{options.recipe.summary}, {len(calibration)} samples" if unprescribed(graph) else "as the file says"
        observer.stage(f"quantizing to {options.recipe.name} ({how})")
        integer = quantize(graph, calibration, options.recipe, observer)
        if options.calib is None and unprescribed(graph):
            require_no_ranges(integer)
        training = None
        if options.train is not None:
            observer.stage(f"deriving the training step ({options.train.summary})")
            training = training_graph(graph, calibration.inputs, options.train, original)
            committing = commit.prepared(integer, training.sources)
            integer = committing.graph
        step, around = integer, None
        if options.stream is not None:
            stream = streaming(integer)
            step, around = verify_graph.run(stream.graph, "stream"), stream_wrapping(stream, options.stream)
        observer.stage(f"generating and compiling for {options.board.name}")
        program, arena = generate(step, options.board, folder, emit_options(options, around), options.budget)
        compiled = cmsis_nn.can_compile(program)
        firmware = open_folder(folder, compiled)
        if not compiled:
            observer.warning(
                f"{cmsis_nn.VARIABLE} is not set: the sources are written but not compiled, so nothing is known of "
                "flash and RAM beside constants and arena"
            )
        facts = Facts(
            firmware=firmware,
            program=program,
            plan=arena,
            sizes=read_sizes(folder / "firmware.elf", options.board, firmware.manifest["model"]) if compiled else None,
            sqnr_db=sqnr_db(graph, integer, calibration),
            calibration=options.calib or "",
            budget=options.budget,
        )
        if evaluation is not None and evaluation.labels is not None:
            observer.stage(f"accuracy of the references on {len(evaluation)} samples")
        facts.accuracy = _reference_accuracy(graph, integer, evaluation)
        if training is not None:
            beside = Beside(committing, program, arena)
            facts.training = add_training(training, beside, calibration, options, folder, observer)
        if options.simulate:
            simulate = _simulate if options.stream is None else _simulate_stream
            simulate(facts, evaluation or calibration, options, observer)
        if compiled:
            facts.stack = read_and_warn(firmware, facts.stack_bytes, observer)
        write(facts, folder)
    return facts


def add_training(
    training: TrainingGraph,
    beside: Beside,
    calibration: Samples,
    options: BuildOptions,
    firmware_folder: Path,
    observer: Observer,
) -> TrainingFacts:
    """Training step -> folder with the firmware that trains, within that of the inference model `beside`; counts a step
    where the build simulates."""
    assert options.train is not None
    folder = firmware_folder / train_command.FOLDER
    verify_graph.run(training.graph, "train")
    if beside.commit.obstacle:
        observer.warning(f"what is trained can't be committed to the inference model: {beside.commit.obstacle}")
    lean = within_ram(training, options, observer)
    observer.stage(f"generating and compiling training for {options.board.name}")
    program, arena = trained_program(lean.training, options.board)
    network = beside.program.graph.name
    around = wrapping(training, network, beside)
    emitted = replace(emit_options(options, around), optimize="speed", quant=options.train.precision)
    try:
        _compile(program, arena, folder, emitted)
    except make.RegionOverflowError as overflow:
        needed = options.board.memory[overflow.region].length + overflow.excess_bytes
        raise fit.too_big(program, arena, overflow.region, needed) from overflow
    firmware = open_folder(folder)
    sizes = read_sizes(folder / "firmware.elf", options.board, firmware.manifest["model"], model_name(network))
    facts = TrainingFacts(firmware, program, arena, sizes, lean.again, lean.whole)
    facts.stack = read_and_warn(firmware, None, observer)
    if options.simulate and counts_instructions(options.board, options.simulator):
        observer.stage("counting the instructions of a training step")
        facts.profile = profiling.run(firmware, train_simulate.one_step(firmware, calibration))
    return facts


def within_ram(training: TrainingGraph, options: BuildOptions, observer: Observer) -> Lean:
    """The training step within the RAM budget: what is kept for the backward part less what is computed again. Raises
    EdgeqError when that is impossible."""
    limit = options.budget.ram_bytes if options.budget is not None else None

    def planned(graph: Graph) -> Plan:
        return plan(lower(graph, options.board))

    first = planned(training.graph)
    if limit is None:
        return Lean(training, (), first.arena_bytes, first.arena_bytes)
    kept = sum(first.memories.values())
    lean = recompute.within(training, limit - kept, planned)
    if lean.arena_bytes + kept > limit:
        raise EdgeqError(
            f"--train: a step takes at least {lean.arena_bytes + kept:,} bytes of RAM ({lean.arena_bytes:,} of "
            f"arena, {kept:,} kept between steps), more than the budget's {limit:,}; train fewer layers or channels, "
            "or use fp16"
        )
    if lean.again:
        observer.stage(f"computed again in the backward part: {', '.join(lean.again)}")
    verify_graph.run(lean.training.graph, "recompute")
    return lean


def trained_program(training: TrainingGraph, board: Board) -> tuple[Program, Plan]:
    """Training step -> layers, in their own order (the forward part first), and their arena."""
    program = lower(training.graph, board)
    return program, prove(plan(program))


def _simulate(facts: Facts, samples: Samples, options: BuildOptions, observer: Observer) -> None:
    """Fills in what only a run can tell: equality, accuracy of the firmware, stack, instructions."""
    firmware = facts.firmware
    count = options.simulate_samples or _default_samples(options.board, samples)
    chosen = samples.portion(count, firmware.graph)
    inputs = quantize_inputs(firmware.graph, chosen)
    with observer.samples(f"running {len(chosen)} samples on {options.board.name}", len(chosen)) as progress:
        result = run_samples(firmware, inputs, progress=progress)
    if has_floats(firmware.graph):
        observer.stage("comparing every layer with its error bound")
        facts.verification = verify_layers(firmware, chosen.portion(LAYER_SAMPLES, firmware.graph))
    else:
        expected = reference.run(firmware.graph, inputs)
        compared = tuple((name, compare(name, expected[name], result.outputs[name])) for name in firmware.graph.outputs)
        facts.verification = Verification(len(chosen), compared)
    facts.stack_bytes = result.stack_bytes
    if facts.accuracy is not None and chosen.labels is not None:
        output = firmware.graph.outputs[0]
        facts.accuracy.firmware = score(result.outputs[output], chosen.labels, firmware.graph.meaning)
        facts.accuracy.firmware_samples = len(chosen)
    if counts_instructions(options.board, options.simulator):
        observer.stage("counting instructions")
        facts.profile = profiling.run(firmware, {name: array[:1] for name, array in inputs.items()})


def _simulate_stream(facts: Facts, samples: Samples, options: BuildOptions, observer: Observer) -> None:
    """The same of a stream: recordings step by step, and once more fed in pieces of any length."""
    firmware = facts.firmware
    (name,) = firmware.graph.inputs
    count = options.simulate_samples or (len(samples) if options.board.arch == "host" else SIMULATED_RECORDINGS)
    chosen = samples.evenly(count)
    recordings = list(to_integers(chosen.inputs[name], SAMPLES.scale[0], 0, "int16"))
    outputs: list[np.ndarray] = []
    expected: list[np.ndarray] = []
    output = firmware.graph.outputs[0]
    with observer.samples(f"running {len(chosen)} recordings on {options.board.name}", len(chosen)) as progress:
        for recording in recordings:
            result = run_samples(firmware, {name: stream_session.padded(firmware, recording)})
            outputs.append(result.outputs[output])
            expected.append(stream_session.reference_output(firmware, recording))
            facts.stack_bytes = max(facts.stack_bytes or 0, result.stack_bytes)
            progress(1)
    observer.stage("feeding them in pieces of any length")
    compared = [(output, compare(output, np.concatenate(expected), np.concatenate(outputs)))]
    heard = stream_session.heard_in(firmware, expected)
    compared += stream_session.differences(firmware, recordings, heard)
    facts.verification = Verification(len(chosen), tuple(compared))
    if facts.accuracy is not None and chosen.labels is not None:
        last = outputs if firmware.manifest["stream"]["rows"] else [made[-1] for made in outputs]
        facts.accuracy.firmware = score(last, chosen.labels, firmware.graph.meaning)
        facts.accuracy.firmware_samples = len(chosen)
    if counts_instructions(options.board, options.simulator):
        observer.stage("counting instructions of a step")
        facts.profile = profiling.run(firmware, {name: stream_session.padded(firmware, recordings[0])[:1]})


def _default_samples(board: Board, samples: Samples) -> int:
    """Everything where the firmware runs natively; enough for a proof and a coffee in a simulator."""
    return len(samples) if board.arch == "host" else SIMULATED_SAMPLES


def check_data_options(options: BuildOptions, may_do_without: bool) -> None:
    """What can be told before the model is read; `may_do_without`: calibration may not be needed, because the file may
    hold scales of all activations, or nothing is quantized."""
    if options.calib is None and not may_do_without:
        raise EdgeqError(NO_CALIBRATION)
    if options.calib not in (None, RANDOM_CALIBRATION):
        require_file(Path(str(options.calib)), "--calib")
    if options.eval_data is not None:
        require_file(options.eval_data, "--eval")


def _calibration(options: BuildOptions, graph: Graph, observer: Observer) -> Samples:
    if options.calib is None:
        if unprescribed(graph) and options.recipe.needs_ranges:
            raise EdgeqError(NO_CALIBRATION)
        return random_samples(graph)
    if options.calib == RANDOM_CALIBRATION:
        observer.warning("calibrated with random numbers: the accuracy of this build is meaningless")
        return random_samples(graph)
    where = f"--calib {options.calib}"
    samples = load_samples(Path(options.calib), graph, "--calib")
    if unprescribed(graph):
        require_float(samples, where)
    return samples


def require_no_ranges(graph: Graph) -> None:
    """Raises EdgeqError where a layer of a recipe without quantization was kept in integers all the same."""
    for node in graph.nodes:
        if graph.tensor(node.output).dtype not in FLOATS:
            raise EdgeqError(f"layer {node.name} has no floating-point form and is quantized; {NO_CALIBRATION}")


def _reference_accuracy(graph: Graph, integer: Graph, evaluation: Samples | None) -> Accuracy | None:
    if evaluation is None or evaluation.labels is None:
        return None
    inputs = quantize_inputs(integer, evaluation)
    floats = dequantize_inputs(integer, evaluation)
    made = reference.run(integer, inputs)[integer.outputs[0]]
    metric = metric_of(graph.meaning)
    counts = confusion(made, evaluation.labels) if metric == METRIC else None
    numbers = tuple(str(number) for number in range(len(counts or ())))
    return Accuracy(
        float_model=score(reference.run(graph, floats)[graph.outputs[0]], evaluation.labels, graph.meaning),
        quantized_reference=score(made, evaluation.labels, graph.meaning),
        samples=len(evaluation),
        metric=metric,
        confusion=counts,
        labels=graph.meaning.labels or numbers,
    )


def emit_options(options: BuildOptions, around: Wrapping | None = None) -> EmitOptions:
    """What the network's own files are written with; `around`: what wraps it."""
    source = source_facts(options.source.path)
    return EmitOptions(options.optimize, options.recipe.name, source, around, options.simulator)


def source_facts(path: Path) -> dict[str, str]:
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
