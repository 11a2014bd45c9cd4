"""The order of the stages for an encoder and a decoder's step, made of those of edgeq/pipeline.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeq import cmsis_nn, pipeline, profiling, reference
from edgeq.board import Board
from edgeq.emit.decoding import in_arena_order, wrapping
from edgeq.emit.firmware import EmitOptions
from edgeq.emit.names import model_name
from edgeq.errors import EdgeqError
from edgeq.firmware import make
from edgeq.firmware.sizes import read_sizes
from edgeq.firmware.target import target_folder
from edgeq.firmware_folder import open_folder
from edgeq.frontend.encoder_decoder import POSITION, EncoderDecoder, in_one_layout
from edgeq.frontend.load import ModelSource, load_encoder_decoder
from edgeq.ir import verify as verify_graph
from edgeq.ir.graph import Graph
from edgeq.lower.program import Program
from edgeq.observer import Observer
from edgeq.passes import canonicalize
from edgeq.pipeline import BuildOptions
from edgeq.plan.arena import Plan
from edgeq.quantize.data import Samples, dequantize_inputs, quantize_inputs, random_samples, require_float
from edgeq.quantize.recipe import Recipe
from edgeq.quantize.sqnr import sqnr_db
from edgeq.reports.facts import Accuracy, Facts, write
from edgeq.reports.stack import read_and_warn
from edgeq.simulate.run import counts_instructions, require
from edgeq.simulate.session import run_samples
from edgeq.text import calibrate, greedy, session, words
from edgeq.text.facts import TextFacts
from edgeq.verification import Difference, Verification, compare

#: the encoder by itself, in the folder of a firmware
ENCODER_FOLDER = "encoder"
#: recordings whose texts are written in a simulator
SIMULATED_RECORDINGS = 4


def import_pair(source: ModelSource) -> EncoderDecoder:
    """Model file -> canonical float graphs."""
    pair = load_encoder_decoder(source)
    graphs = (verify_graph.run(graph, "import") for graph in (pair.encoder, pair.step))
    encoder, step = (canonicalize(graph) for graph in graphs)
    pair = in_one_layout(EncoderDecoder(encoder, step))
    verify_graph.run(pair.encoder, "in_one_layout")
    return pair


def quantize(
    pair: EncoderDecoder, recordings: Samples, recipe: Recipe, observer: Observer | None = None
) -> tuple[EncoderDecoder, Samples]:
    """Canonical float pair -> integer pair, and what the step was calibrated on."""
    own = calibrate.recipes(recipe, pair)

    def made(graph: Graph, samples: Samples, which: int) -> Graph:
        return pipeline.quantize(pipeline.prepare(graph, own[which], samples), samples, own[which], observer)

    return calibrate.quantized(pair, recordings, made)


def generate(
    pair: EncoderDecoder, board: Board, folder: Path, options: EmitOptions
) -> tuple[EncoderDecoder, tuple[Program, Plan], tuple[Program, Plan]]:
    """Integer pair -> firmware folder with that of the encoder in it: the pair in arena order, then program and arena
    of the encoder, and of the step. Raises EdgeqError when it doesn't fit the board."""
    folder.mkdir(exist_ok=True)
    encoder = pipeline.generate(pair.encoder, board, folder / ENCODER_FOLDER, options)
    program, arena = encoder
    pair = in_arena_order(pair, arena)
    ordered = replace(program, graph=replace(program.graph, outputs=pair.encoder.outputs))  # as run and verify read it
    step = pipeline.generate(pair.step, board, folder, replace(options, wrapping=wrapping(pair, ordered, arena)))
    return pair, encoder, step


def build(options: BuildOptions, observer: Observer) -> Facts:
    """Model file -> firmware folder with report. Nothing is left behind when it fails."""
    _check(options)
    pipeline.check_data_options(options, may_do_without=False)
    with target_folder(options.folder) as folder:
        observer.stage(f"importing {options.source.path.name}")
        floats = import_pair(options.source)
        recordings = _calibration(options, floats, observer)
        evaluation, said = recordings, None
        if options.eval_data is not None:
            evaluation, said = words.load(options.eval_data, floats.encoder, floats.meaning, "--eval")
        observer.stage(f"quantizing to {options.recipe.name} ({options.recipe.summary}, {len(recordings)} recordings)")
        integer, steps = quantize(floats, recordings, options.recipe, observer)
        observer.stage(f"generating and compiling for {options.board.name}")
        integer, encoder, step = generate(integer, options.board, folder, pipeline.emit_options(options))
        facts = _facts(options, floats, integer, (recordings, steps), (encoder, step), folder)
        if said is not None:
            observer.stage(f"error rates of the references on {len(evaluation)} recordings")
            facts.accuracy = _error_rates(floats, integer, evaluation, said)
        if options.simulate:
            _simulate(facts, integer, evaluation, said, options, observer)
        assert facts.text is not None
        for part in (facts.text.encoder, facts):
            part.stack = read_and_warn(part.firmware, part.stack_bytes, observer)
        write(facts.text.encoder, folder / ENCODER_FOLDER)
        write(facts, folder)
    return facts


def _check(options: BuildOptions) -> None:
    """Raises EdgeqError for what can't be had, before anything is done."""
    if cmsis_nn.is_preferred(options.board):
        raise EdgeqError(
            f"--kernels {cmsis_nn.CHOICE}: {options.source.path} holds an encoder and a decoder's step, which take "
            "edgeq's own kernels; leave it out"
        )
    make.require_tools(options.board)
    if options.simulate:
        require(options.board, options.simulator)
    wanted = {"--stream": options.stream, "--train": options.train, "--budget": options.budget}
    for name, value in wanted.items():
        if value is not None:
            raise EdgeqError(
                f"{name}: {options.source.path} holds an encoder and a decoder's step, which are built without; leave "
                "it out"
            )


def _calibration(options: BuildOptions, pair: EncoderDecoder, observer: Observer) -> Samples:
    if options.calib == pipeline.RANDOM_CALIBRATION:
        observer.warning("calibrated with random numbers: the accuracy of this build is meaningless")
        return random_samples(pair.encoder, count=16)
    samples, _ = words.load(Path(str(options.calib)), pair.encoder, pair.meaning, "--calib")
    require_float(samples, f"--calib {options.calib}")
    return samples


def _facts(
    options: BuildOptions,
    floats: EncoderDecoder,
    integer: EncoderDecoder,
    calibration: tuple[Samples, Samples],
    made: tuple[tuple[Program, Plan], tuple[Program, Plan]],
    folder: Path,
) -> Facts:
    """Of the folder, with those of the encoder's."""
    graphs = ((floats.encoder, integer.encoder), (floats.step, integer.step))
    names = [model_name(graph.name) for graph in (integer.encoder, integer.step)]
    parts = []
    for index, place in enumerate((folder / ENCODER_FOLDER, folder)):
        firmware = open_folder(place)
        parts.append(
            Facts(
                firmware=firmware,
                program=made[index][0],
                plan=made[index][1],
                sizes=read_sizes(place / "firmware.elf", options.board, *names[: 1 + index]),
                sqnr_db=sqnr_db(*graphs[index], calibration[index]),
                calibration=options.calib or "",
            )
        )
    parts[1].text = TextFacts(parts[0], parts[1].firmware.manifest["text"])
    return parts[1]


def _error_rates(
    floats: EncoderDecoder, integer: EncoderDecoder, samples: Samples, said: Sequence[words.Words]
) -> Accuracy:
    real = greedy.texts(floats, dequantize_inputs(integer.encoder, samples))
    stored = greedy.texts(integer, quantize_inputs(integer.encoder, samples))
    rates = [
        words.error_rate(said, [words.words(integer.meaning, text.tokens) for text in found])
        for found in (real, stored)
    ]
    return Accuracy(rates[0], rates[1], len(samples), metric=words.METRIC)


def _simulate(
    facts: Facts,
    pair: EncoderDecoder,
    samples: Samples,
    said: Sequence[words.Words] | None,
    options: BuildOptions,
    observer: Observer,
) -> None:
    """Fills in what only a run can tell: equality of what the encoder makes, of every step's scores and of the texts;
    error rate of the firmware, stack, instructions."""
    assert facts.text is not None
    firmware, encoder = facts.firmware, facts.text.encoder
    many = len(samples) if options.board.arch == "host" else SIMULATED_RECORDINGS
    count = min(options.simulate_samples or many, len(samples))
    index = np.linspace(0, len(samples) - 1, count).round().astype(int)
    inputs = quantize_inputs(pair.encoder, samples.subset(index))
    with observer.samples(f"running the encoder on {options.board.name}", count) as progress:
        result = run_samples(encoder.firmware, inputs, progress=progress)
    encoder.stack_bytes = result.stack_bytes
    encoder.verification = Verification(count, _compared(pair.encoder, inputs, result.outputs))
    observer.stage(f"writing {count} text(s) on {options.board.name}")
    wanted, made = greedy.texts(pair, inputs), session.run(firmware, pair, inputs)
    compared = (*encoder.verification.layers, *session.differences(wanted, made))
    facts.verification = Verification(count, compared)
    last = _last_step(pair)
    facts.stack_bytes = run_samples(firmware, last).stack_bytes
    if facts.accuracy is not None and said is not None:
        found = [words.words(pair.meaning, text.tokens) for text in made]
        facts.accuracy.firmware = words.error_rate([said[at] for at in index], found)
        facts.accuracy.firmware_samples = count
    if counts_instructions(options.board, options.simulator):
        observer.stage("counting instructions of the encoder and of a token")
        encoder.profile = profiling.run(encoder.firmware, inputs)
        facts.profile = profiling.run(firmware, last)


def _compared(
    graph: Graph, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
) -> tuple[tuple[str, Difference | None], ...]:
    expected = reference.run(graph, inputs)
    return tuple((name, compare(name, expected[name], outputs[name])) for name in graph.outputs)


def _last_step(pair: EncoderDecoder) -> dict[str, np.ndarray]:
    """Inputs of the longest step, which reads every slot."""
    inputs = {name: np.zeros((1, *pair.step.tensor(name).shape[1:]), np.int32) for name in pair.step.inputs}
    inputs[pair.step.inputs[POSITION]][:] = pair.meaning.longest - 1
    return inputs
