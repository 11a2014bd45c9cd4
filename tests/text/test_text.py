"""An encoder and a decoder's step from torch to texts: what the firmware writes on every kind of board is what the
integer reference writes, and the float reference what torch does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq import reference, text_pipeline
from edgeq.audio import wav
from edgeq.board import load_board
from edgeq.cli import main
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.frontend.encoder_decoder import EncoderDecoder, linked
from edgeq.frontend.load import ModelSource
from edgeq.integrate import library
from edgeq.ir.graph import Graph
from edgeq.ir.meaning import Meaning
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import load_recipe
from edgeq.simulate.session import run_samples
from edgeq.text import greedy, session, words
from edgeq.verification import compare, verify_layers
from tests.text import networks
from tests.tools import require_board

OPTIONS = EmitOptions("speed", "int8", {"file": "text", "sha256": ""})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return networks.saved(tmp_path_factory.mktemp("text") / "heard.pt2")


@pytest.fixture(scope="module")
def floats(file: Path) -> EncoderDecoder:
    return text_pipeline.import_pair(ModelSource(file))


def samples(pair: EncoderDecoder, count: int, seed: int = 0) -> Samples:
    """Recordings as the float graph has them."""
    return Samples({pair.encoder.inputs[0]: networks.recordings(count, seed)}, None)


def test_the_float_loop_is_torchs(floats: EncoderDecoder) -> None:
    made = greedy.texts(floats, samples(floats, 6).inputs)
    wanted = networks.texts(6)
    assert [list(text.tokens) for text in made] == wanted
    assert len({len(tokens) for tokens in wanted}) > 1, "texts that end before the limit and texts that reach it"
    assert [text.steps for text in made] == [min(len(tokens) + 1, networks.SLOTS) for tokens in wanted]


@pytest.mark.parametrize(
    ("board", "recipe"),
    [
        ("host", "int8"),
        pytest.param("cortex-m55", "int4", marks=pytest.mark.qemu),
        pytest.param("riscv-8core", "int8", marks=pytest.mark.qemu),
    ],
)
def test_firmware_writes_the_references_texts(board: str, recipe: str, floats: EncoderDecoder, tmp_path: Path) -> None:
    require_board(board)
    integer, _ = text_pipeline.quantize(floats, samples(floats, 16), load_recipe(recipe))
    for state, source in zip(integer.memory, integer.encoder.outputs, strict=True):
        made, kept = integer.encoder.tensor(source).quantization, integer.step.tensor(state).quantization
        assert made is not None
        assert kept is not None
        assert made.same_as(kept)
    integer, *_ = text_pipeline.generate(integer, load_board(board), tmp_path, OPTIONS)
    firmware, encoder = open_folder(tmp_path), open_folder(tmp_path / text_pipeline.ENCODER_FOLDER)
    inputs = quantize_inputs(integer.encoder, samples(floats, 4, seed=1))
    memory = run_samples(encoder, inputs).outputs
    for name, values in reference.run(integer.encoder, inputs).items():
        assert compare(name, values, memory[name]) is None
    wanted = greedy.texts(integer, inputs)
    for poison in (False, True):
        made = session.run(firmware, integer, inputs, poison)
        assert [difference for _, difference in session.differences(wanted, made) if difference] == []
    assert len({text.tokens for text in wanted}) > 1
    step = {name: np.array([[0], [6], [100], [-1]], np.int32) for name in integer.step.inputs}
    shaped = {name: rows.reshape(4, *integer.step.tensor(name).shape[1:]) for name, rows in step.items()}
    verification = verify_layers(firmware, Samples(shaped, None))  # indices outside are limited on both sides
    assert verification.bit_exact, verification.first_difference


def test_build_and_run(file: Path, tmp_path: Path) -> None:
    """The commands: what is said in the recordings comes as tokens or as words, recordings as arrays or files."""
    x = networks.recordings(6)
    said = networks.texts(6)
    tokens = np.array([row + [-1] * (networks.SLOTS - len(row)) for row in said])
    np.savez(tmp_path / "calib.npz", x=x)
    np.savez(tmp_path / "eval.npz", x=x, y=tokens)
    folder = tmp_path / "out"
    line = ["build", str(file), "--board", "host", "--calib", str(tmp_path / "calib.npz"), "-o", str(folder), "--json"]
    result = CliRunner().invoke(main, [*line, "--eval", str(tmp_path / "eval.npz")])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["verify"] == {"bit_exact": True, "within_bound": True, "samples": 6, "max_abs_diff": 0}
    assert report["accuracy"]["metric"] == words.METRIC
    assert report["accuracy"]["float"] == 0.0
    assert report["accuracy"]["firmware"] == report["accuracy"]["quantized_reference"]
    shared = max(report["memory"]["arena_bytes"], report["text"]["encoder"]["arena_bytes"])
    assert report["text"]["arena_bytes"] == shared
    (network,) = library.collect([folder]).networks
    assert (network.name, network.arena_bytes) == ("heard_text", shared)
    assert report["text"]["memory_bytes"] == 2 * networks.HEADS * networks.MOMENTS * networks.WIDTH
    recording = np.rint(x[0] * 32767).astype(np.int16)
    wav.write(tmp_path / "a.wav", recording, networks.RATE)
    heard = CliRunner().invoke(main, ["run", str(folder), "--inputs", str(tmp_path / "a.wav"), "--json"])
    assert heard.exit_code == 0, heard.output
    (row,) = json.loads(heard.stdout)["recordings"]
    pair = session.pair_of(open_folder(folder))
    (text,) = greedy.texts(pair, {pair.encoder.inputs[0]: recording[None]})
    assert (row["tokens"], row["equals_reference"]) == (list(text.tokens), True)
    assert row["text"] == " ".join([*"abcdefghij", "10"][token] for token in text.tokens)
    shown = CliRunner().invoke(main, ["run", str(folder), "--inputs", str(tmp_path / "a.wav")])
    assert shown.stdout == f"{tmp_path / 'a.wav'}: {row['text']}\n"


def test_rules_of_a_recipe_may_be_for_one_of_the_two(floats: EncoderDecoder, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    front = "".join(f'[[layer]]\nname = "{name}"\nprecision = "int16"\n' for name in ("recording.samples", "first*"))
    recipe.write_text(f'[[layer]]\nname = "head"\nprecision = "int4"\n{front}')
    integer, _ = text_pipeline.quantize(floats, samples(floats, 4), load_recipe(str(recipe)))
    (conv,) = (node for node in integer.encoder.nodes if node.op == "conv2d")
    assert {integer.encoder.tensor(name).dtype for name in (conv.inputs[0], conv.output)} == {"int16"}
    assert {integer.encoder.tensor(name).dtype for name in integer.encoder.outputs} == {"int8"}
    stored = {
        node.name: quantization.dtype
        for graph in (integer.encoder, integer.step)
        for node in graph.nodes
        if node.op == "linear" and (quantization := graph.tensor(node.inputs[1]).quantization) is not None
    }
    assert {name for name, dtype in stored.items() if dtype == "int4"} == {"head"}
    recipe.write_text('[[layer]]\nname = "nothing"\nprecision = "int4"\n')
    with pytest.raises(EdgeqError, match="no layer is called 'nothing'"):
        text_pipeline.quantize(floats, samples(floats, 4), load_recipe(str(recipe)))


def test_word_error_rate() -> None:
    said = [("a", "b", "c"), ("a",)]
    assert words.error_rate(said, [("a", "c"), ("a", "a", "b")]) == 3 / 4
    assert words.error_rate(said, said) == 0.0
    assert words.words(Meaning(("x",), "greedy", 0, 1, 9), (0, 3)) == ("x", "3")


def unlinked(pair: EncoderDecoder, **changes: object) -> tuple[Graph, Graph]:
    """The two graphs as they were imported, but for `changes` to how texts are read."""
    meaning = replace(pair.meaning, **changes)  # type: ignore[arg-type]
    step = replace(pair.step, inputs=pair.step.given, states=(), meaning=meaning)
    return pair.encoder, replace(step, outputs=(*step.outputs, *(state.end for state in pair.caches)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"longest": 20}, "texts have up to 20 tokens, and the step knows 7 positions"),
        ({"end": 12}, "the step knows 12 tokens"),
        ({"labels": ("a",) * 13}, "13 labels"),
        ({"decoding": "ctc"}, "reads the texts 'ctc'"),
    ],
)
def test_a_meaning_that_does_not_fit_is_said(changes: dict[str, object], message: str, floats: EncoderDecoder) -> None:
    encoder, step = unlinked(floats, **changes)
    with pytest.raises(EdgeqError, match=message):
        linked(encoder, step, "x.pt2")


def test_graphs_that_do_not_fit_are_said(floats: EncoderDecoder) -> None:
    encoder, step = unlinked(floats)
    with pytest.raises(EdgeqError, match=r"takes kept_1 of the shape \[1, 2, 24, 8\], and recording, which it is, has"):
        linked(replace(encoder, outputs=(encoder.outputs[0], encoder.inputs[0])), step, "x.pt2")
    with pytest.raises(EdgeqError, match="takes token, position, these and its caches"):
        linked(encoder, replace(step, outputs=step.outputs[:2]), "x.pt2")
    with pytest.raises(EdgeqError, match="kept_0, is the token"):
        linked(encoder, replace(step, inputs=(step.inputs[2], *step.inputs[1:])), "x.pt2")
    with pytest.raises(EdgeqError, match="at most 0 tokens"):
        Meaning(decoding="greedy")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["build", "--board", "host", "--calib", "random", "--stream"], "--stream"),
        (["build", "--board", "host"], "calibration data is missing"),
        (["build", "--board", "host", "--calib", "random", "--state", "a=b"], "--state"),
        (["inspect"], "holds an encoder and a decoder's step"),
    ],
)
def test_commands_that_can_not_take_the_two_say_so(line: list[str], message: str, file: Path, tmp_path: Path) -> None:
    output = ["-o", str(tmp_path / "out")] if line[0] == "build" else []
    result = CliRunner().invoke(main, [line[0], str(file), *line[1:], *output])
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2
    assert not (tmp_path / "out").exists()
