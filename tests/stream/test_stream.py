"""Streams compute what whole recordings do, in pieces of any length, with several instances, on every kind of board."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from edgeq import reference
from edgeq.accuracy import score
from edgeq.audio import wav
from edgeq.audio.labelled import labels_of
from edgeq.cli import main
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.ir import verify
from edgeq.ir.graph import Tensor
from edgeq.ir.meaning import Meaning
from edgeq.quantize import transcripts
from edgeq.quantize.data import load_samples
from edgeq.stream import session
from edgeq.stream.decode import Limits, classes, ctc
from edgeq.stream.graph import streaming
from edgeq.stream.rule import Rule, parse
from tests.stream import networks
from tests.tools import require_board

EVENTS = "average=2,threshold=0.3,hold=1,ignore=silence"
BUILDS = [
    ("spotter", "host", EVENTS),
    ("reader", "host", "beam=4,lm={language},weight=0.7,bonus=0.3"),
    ("recurrent", "host", ""),
    ("ahead", "host", ""),
    pytest.param("spotter", "riscv-8core", EVENTS, marks=pytest.mark.qemu),
    pytest.param("recurrent", "riscv-8core", "", marks=pytest.mark.qemu),
    pytest.param("spotter", "cortex-m55", EVENTS, marks=pytest.mark.qemu),
    pytest.param("recurrent", "cortex-m55", "beam=3", marks=pytest.mark.qemu),
]
#: of the labels that the tests' networks have
LANGUAGE = r"""\data\
ngram 1=6
ngram 2=3

\1-grams:
-0.5 <s> -0.3
-0.7 a -0.2
-0.9 b
-0.4 c -1.5
-1.2 d 0
-2.0 e

\2-grams:
-0.1 a b
-1.0 c c
-0.2 <s> d
\end\
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stream")
    np.savez(folder / "x.npz", x=networks.recordings(6), y=np.arange(6) % 5)
    np.savez(folder / "said.npz", x=networks.recordings(6), text=np.array(["a b", "c", "d e a b", "c c", "e", "no a"]))
    (folder / "language.arpa").write_text(LANGUAGE, encoding="utf-8")
    return {
        "spotter": networks.saved(networks.Spotter(), folder / "spotter.pt2"),
        "reader": networks.saved(networks.Reader(), folder / "reader.pt2", "ctc"),
        "recurrent": networks.saved(networks.Recurrent(), folder / "recurrent.pt2", "ctc"),
        "ahead": networks.saved(networks.Ahead(), folder / "ahead.pt2", "ctc"),
        "data": folder / "x.npz",
        "said": folder / "said.npz",
        "language": folder / "language.arpa",
    }


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("spotter", "int8"),
        ("spotter", "int16"),
        ("spotter", "int4"),
        ("reader", "int8"),
        ("recurrent", "int8"),
        ("ahead", "int8"),
        ("ahead", "int16"),
    ],
)
def test_steps_make_the_whole_recordings_bytes(name: str, recipe: str, files: dict[str, Path]) -> None:
    whole = networks.integer(files[name], recipe)
    stream = streaming(whole)
    verify.run(stream.graph, "stream")
    (source,), (output,) = whole.inputs, whole.outputs
    recordings = networks.recordings(4, seed=1)
    wanted = reference.run(whole, {source: recordings})[output]
    for samples, scores in zip(recordings, wanted, strict=True):
        made = reference.run(stream.graph, {source: samples.reshape(-1, stream.samples)})[output]
        last = made.reshape(scores.shape) if stream.rows else made[-1]
        np.testing.assert_array_equal(last, scores)
    assert stream.samples == {"spotter": 4}.get(name, 2) * networks.FRONT_END.step
    assert (stream.warm_up, stream.rows) == {"spotter": (12, 0)}.get(name, (1, 1))


def test_layers_may_read_the_same_past(tmp_path: Path) -> None:
    whole = networks.integer(networks.saved(networks.Branches(), tmp_path / "branches.pt2"))
    stream = streaming(whole)
    verify.run(stream.graph, "stream")
    (source,), (output,) = whole.inputs, whole.outputs
    recordings = networks.recordings(2, seed=3)
    wanted = reference.run(whole, {source: recordings})[output]
    for samples, scores in zip(recordings, wanted, strict=True):
        made = reference.run(stream.graph, {source: samples.reshape(-1, stream.samples)})[output]
        np.testing.assert_array_equal(made[-1], scores)
    windows = [node.inputs[1] for node in stream.graph.nodes if node.op == "slide"]
    assert len(windows) == len({*windows}) + 2  # three of the first layer's output: of 3 rows, of 5 and of all


@pytest.mark.parametrize(("name", "board", "rule"), BUILDS)
def test_builds_hear_what_the_reference_does(
    name: str, board: str, rule: str, files: dict[str, Path], tmp_path: Path
) -> None:
    require_board(board)
    folder = tmp_path / "out"
    words = ["build", str(files[name]), "--board", board, "--stream", rule.format(language=files["language"])]
    data = ["--calib", str(files["data"]), "--eval", str(files["data" if name == "spotter" else "said"])]
    result = CliRunner().invoke(main, [*words, *data, "-o", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["accuracy"]["metric"] == ("top-1" if name == "spotter" else "word error rate")
    assert report["accuracy"]["firmware"] == report["accuracy"]["quantized_reference"]
    assert report["verify"]["bit_exact"] is True
    assert report["stream"]["rate"] == 8000
    assert (report["stream"]["est_real_time_factor"] is None) == (board == "host")
    firmware = open_folder(folder)
    longer = networks.recordings(5, 2 * networks.LENGTH, seed=2)
    some = [samples[: 1 + 1900 * number] for number, samples in enumerate(longer)]
    wanted = session.expected(firmware, some)
    assert any(heard.events for heard in wanted)
    for seed in range(3 if board == "host" else 1):
        assert [heard.events for heard in session.run(firmware, some, seed)] == [heard.events for heard in wanted]
    for number, samples in enumerate(some):
        wav.write(tmp_path / f"clip{number}.wav", samples, 8000)
    listened = CliRunner().invoke(main, ["run", str(folder), "--inputs", str(tmp_path), "--json"])
    assert listened.exit_code == 0, listened.output
    rows = json.loads(listened.stdout)["recordings"]
    assert [row["text"] for row in rows] == [session.text(firmware, heard) for heard in wanted]
    assert all(row["equals_reference"] for row in rows)
    behind = CliRunner().invoke(main, ["run", str(folder), "--inputs", str(tmp_path), "--silence", "0.5", "--json"])
    longer_heard = session.expected(firmware, [np.pad(samples, (0, 4000)) for samples in some])
    texts = [row["text"] for row in json.loads(behind.stdout)["recordings"]]
    assert texts == [session.text(firmware, heard) for heard in longer_heard]
    verifying = ["verify", str(folder), "--inputs", str(tmp_path / "clip4.wav")]
    against = ["--against", "torch", "--model", str(files[name])] if board == "host" else []
    layers = CliRunner().invoke(main, [*verifying, "--json", *against])
    verified = json.loads(layers.stdout)
    assert verified["bit_exact"] is True
    (features,) = verified["features"].values()
    assert features["steps"] < 2.0
    if against:  # recordings put together again from steps
        assert verified["against"]["samples"] == 2
        assert min(layer["sqnr_db"] for layer in verified["against"]["layers"]) > 15.0
    stereo = bytearray((tmp_path / "clip4.wav").read_bytes())
    stereo[22] = 2
    (tmp_path / "clip4.wav").write_bytes(stereo)
    refused = CliRunner().invoke(main, ["run", str(folder), "--inputs", str(tmp_path / "clip4.wav")])
    assert refused.exit_code == 2
    assert "has 2 channels" in refused.stderr


def test_texts_are_labels(files: dict[str, Path], tmp_path: Path) -> None:
    graph = networks.imported(files["reader"])
    samples = load_samples(files["said"], graph, "--eval")
    assert samples.labels is not None
    assert transcripts.texts(samples.labels)[:2] == [[1, 2], [3]]
    assert transcripts.texts(samples.labels)[-1] == [transcripts.NO_LABEL, 1]
    scores = np.zeros((6, 8, 6))
    scores[0, [1, 3], [1, 2]] = 1.0  # both words; nothing in the others
    assert score(scores, samples.labels, graph.meaning) == 10 / 12
    x = networks.recordings(6)
    for arrays, said in (
        ({"text": np.array(["no"] * 6)}, "no word of its texts"),
        ({"text": np.zeros(6)}, "in another way"),
        ({"y": np.zeros((5, 2), int)}, "in another way"),
    ):
        np.savez(tmp_path / "bad.npz", x=x, **arrays)
        with pytest.raises(EdgeqError, match=said):
            load_samples(tmp_path / "bad.npz", graph, "--eval")


def test_folders_are_labels(files: dict[str, Path], tmp_path: Path) -> None:
    for number, samples in enumerate(networks.recordings(4, seed=4)):
        folder = tmp_path / "clips" / ("yes", "go", "_silence_", "perhaps")[number]
        folder.mkdir(parents=True)
        wav.write(folder / "a.wav", samples, 8000)
    graph = networks.imported(files["spotter"])
    samples = load_samples(tmp_path / "clips", graph, "--eval")
    assert samples.labels is not None
    assert samples.labels.tolist() == [3, 2, 4, 0]  # _silence_, go, perhaps, yes
    assert load_samples(tmp_path / "clips", graph, "--calib").labels is None
    wav.write(tmp_path / "clips" / "b.wav", np.zeros(9), 8000)
    with pytest.raises(EdgeqError, match=r"--eval .*b.wav lies beside folders of labels"):
        load_samples(tmp_path / "clips", graph, "--eval")
    with pytest.raises(EdgeqError, match=r"the folder go is none of the model's labels \(yes, no\)"):
        labels_of(tmp_path, [tmp_path / "go" / "a.wav"], ("yes", "no"))


@pytest.mark.sweep
def test_an_hour_leaves_no_trace(files: dict[str, Path], tmp_path: Path) -> None:
    """What is heard in the last minute is what is heard in that minute alone."""
    require_board("host")
    folder = tmp_path / "out"
    words = [
        "build",
        str(files["spotter"]),
        "--board",
        "host",
        "--stream",
        "average=1,threshold=0.2,hold=0,ignore=silence",
    ]
    assert CliRunner().invoke(main, [*words, "--calib", str(files["data"]), "-o", str(folder)]).exit_code == 0
    firmware = open_folder(folder)
    hour = networks.recordings(1, 3600 * 8000)[0]
    whole, end = session.run(firmware, [hour, hour[-60 * 8000 :]])
    assert whole.sums is not None
    assert end.sums is not None
    steps = len(end.sums) - 12  # the others have silence before them in one of the two
    np.testing.assert_array_equal(whole.sums[-steps:], end.sums[-steps:])


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(0, 4))
@settings(max_examples=20, deadline=None)
def test_events_are_those_of_the_rule(seed: int, average: int, hold: int) -> None:
    """Against the rule read word by word."""
    scores = np.random.default_rng(seed).integers(-128, 128, (30, 3)).astype(np.int8)
    output = Tensor("y", (1, 3), "int8", networks.quantization(1 / 256, -128))
    limits = Limits.of(Rule(average, 0.55, hold, ("b",)), output, Meaning(("a", "b", "c")))
    found = {event.step: event.label for event in classes(scores, limits)}
    last = -100
    for step in range(average - 1, 30):
        means = (scores[step + 1 - average : step + 1].astype(float) + 128).mean(axis=0) / 256
        best = int(np.flatnonzero(means == means.max())[0])
        if means[best] >= 0.55 and best != 1 and step - last > hold:
            last = step
            assert found.pop(step) == best
    assert not found


def test_reading_by_ctc() -> None:
    rows = np.eye(4)[[0, 1, 1, 0, 1, 2, 2, 0, 0, 3]]
    assert [(event.step, event.label) for event in ctc(rows)] == [(1, 1), (4, 1), (5, 2), (9, 3)]


def refused(module: nn.Module, tmp_path: Path, length: int = networks.LENGTH, decoding: str = "classes") -> str:
    path = networks.saved(module, tmp_path / f"{type(module).__name__}{length}.pt2", decoding, length)
    with pytest.raises(EdgeqError, match="--stream") as caught:
        streaming(networks.integer(path))
    return str(caught.value)


def test_what_can_not_stream(tmp_path: Path) -> None:
    assert "layer first_convolution reads 5 moments for every 2" in refused(networks.Spotter(pad=2), tmp_path)
    late = networks.Spotter(networks.front_end(before=0))
    assert "begins with 0 samples of silence" in refused(late, tmp_path, networks.LENGTH + 120)
    assert "make it unidirectional" in refused(networks.Recurrent(bidirectional=True), tmp_path, decoding="ctc")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("beam=33", "beam is 1 to 32 prefixes"),
        ("averages=3", "did you mean average=..?"),
        ("average=0", "average is 1 to 64"),
        ("average=x", "invalid literal"),
        ("threshold=nan", "threshold a number"),
    ],
)
def test_rules_that_cannot_be(text: str, words: str) -> None:
    with pytest.raises(EdgeqError) as caught:
        parse(text)
    assert words in str(caught.value)


def test_rules() -> None:
    assert parse("") == Rule()
    assert parse("average=8,threshold=0.7,hold=25,ignore=a+b") == Rule(8, 0.7, 25, ("a", "b"))
    assert parse("beam=8").beam == 8


def test_other_models_take_no_recordings(files: dict[str, Path], tmp_path: Path) -> None:
    wav.write(tmp_path / "a.wav", np.zeros(100), 8000)
    words = ["build", "examples/kws/kws.pt2", "--board", "host", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(main, [*words, "--calib", str(tmp_path / "a.wav")])
    assert result.exit_code == 2
    assert "takes no recording" in result.stderr
