"""The front end: its two forms near each other and near a transform taken term by term, the same in torch, and every
board's bytes on recordings that are hard on integers."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq import pipeline, reference
from edgeq.audio import FrontEnd, floats, integer, tables
from edgeq.audio.closeness import closeness
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Boundary, Graph, Node, Quantization, Tensor
from edgeq.ops.front_end import SAMPLES
from edgeq.simulate.session import run_samples
from edgeq.torch_operators import front_end
from tests.ops.front_end_cases import front_ends
from tests.tools import require_board

BOARDS = ["host", *(pytest.param(name, marks=pytest.mark.qemu) for name in ("riscv-8core", "cortex-m4", "cortex-m55"))]
OWN = FrontEnd(coefficients=10, before=160, preemphasis=0.97)
LENGTH = 3200


def recordings(length: int = LENGTH) -> np.ndarray:
    """int16: silence, noise loud and faint, a full-scale square wave, single impulses, constants, a tone, a sweep."""
    rng, time = np.random.default_rng(0), np.arange(length)
    made = [
        np.zeros(length),
        rng.normal(0, 6000, length),
        rng.normal(0, 0.6, length),
        np.where(time // 37 % 2, 32767, -32768),
        32767.0 * (time == 1000),
        -32768.0 * (time == 0),
        np.full(length, -32768.0),
        np.full(length, 32767.0),
        30000 * np.sin(time * 0.3),
        12000 * np.sin(time**2 * 1e-4) + rng.normal(0, 3, length),
    ]
    return np.clip(np.rint(made), -32768, 32767).astype(np.int16)


def test_the_formula_term_by_term() -> None:
    own = FrontEnd(
        rate=8000, frame=20, step=9, fft=32, preemphasis=0.5, bands=3, high_hz=3000.0, coefficients=2, before=4
    )
    x = np.random.default_rng(0).normal(0, 0.1, 60)
    found = floats.features(own, x[None])[0]
    assert found.shape == (own.frames(60), 2) == (5, 2)
    frame, number = np.zeros(20), 3
    for n in range(20):
        at = number * 9 - 4 + n
        frame[n] = (x[at] - 0.5 * x[at - 1]) * (0.5 - 0.5 * np.cos(2 * np.pi * n / 20))
    powers = [abs(sum(frame[n] * np.exp(-2j * np.pi * k * n / 32) for n in range(20))) ** 2 for k in range(17)]
    mel = [2595 * np.log10(1 + k * 8000 / 32 / 700) for k in range(17)]
    corners = np.linspace(2595 * np.log10(1 + 20 / 700), 2595 * np.log10(1 + 3000 / 700), 5)
    logs = []
    for band in range(3):
        low, top, high = corners[band : band + 3]
        weights = [max(0.0, min((m - low) / (top - low), (high - m) / (high - top))) for m in mel]
        logs.append(np.log(np.dot(weights, powers) + 1e-6))
    for j in range(2):
        cosines = [np.cos(np.pi * j * (b + 0.5) / 3) for b in range(3)]
        assert found[number, j] == pytest.approx(np.sqrt(2 / 3) * np.dot(logs, cosines), rel=1e-9)


@given(front_ends(), st.sampled_from((0, 1, 7)))
@settings(max_examples=15, deadline=None)
def test_torch_computes_the_same(own: FrontEnd, before: int) -> None:
    own = replace(own, before=min(before, own.frame - 1))
    x = np.random.default_rng(1).uniform(-1, 1, (2, own.frame + 3 * own.step))
    found = front_end(torch.from_numpy(x), own.as_json()).numpy()
    np.testing.assert_allclose(found, floats.features(own, x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("spectrum", ["power", "magnitude"])
@pytest.mark.parametrize("preemphasis", [0.0, 0.97])
def test_integers_are_near_the_formula(spectrum: str, preemphasis: float) -> None:
    """Natural logarithms of bands down to 50 dB below a frame's loudest bin, and with magnitudes of 2^-12 and more,
    differ by less than 0.02."""
    own = replace(OWN, coefficients=0, spectrum=spectrum, preemphasis=preemphasis)
    made = tables.tables(own, 2.0**-10, 0, "int16")
    x = recordings()[1:]
    exact = floats.features(own, x / 32768.0)
    found = integer.features(own, made, x) * 2.0**-10
    bins = integer.frames(own, made, x)[0] * 2.0 ** (1 - made.scales.point_bits)
    loudest = np.log(np.abs(np.fft.rfft(bins)).max(axis=-1, keepdims=True) + 1e-9)
    factor = 2.0 if spectrum == "power" else 1.0
    loud = exact > factor * np.maximum(loudest - np.log(10) * 2.5, -12 * np.log(2))
    assert np.abs(found - exact)[loud].max() < 0.02


@pytest.mark.parametrize("fft", [32, 64, 128, 256, 512, 1024, 2048])
def test_the_transform_of_every_length(fft: int) -> None:
    """Full-scale recordings fill the points without leaving 32 bits, and the spectrum is that of their frames."""
    own = FrontEnd(frame=fft, step=fft, fft=fft, window="hamming", preemphasis=0.999, bands=2, high_hz=8000.0)
    made = tables.tables(own, 0.1, 0, "int8")
    points, energy = integer.frames(own, made, recordings(3 * fft)[1:])
    shift = integer.shifts(made, energy)
    bins = integer.spectrum(own, made, points, shift)
    assert np.abs(bins).max() < 2**31
    assert energy.max() < 2**32
    wanted = np.abs(np.fft.rfft(points)[..., made.first_bin : made.first_bin + len(made.rises)])
    unit = 2.0 ** (1 - made.scales.stages + shift[..., None])
    worst = np.abs(np.hypot(*bins) - wanted * unit).max(axis=-1) / 2.0**shift
    assert worst.max() < 100  # of 2^31


def test_silence_is_the_floor() -> None:
    own = replace(OWN, coefficients=0)
    found = integer.features(own, tables.tables(own, 2.0**-10, 0, "int16"), recordings()[:1]) * 2.0**-10
    assert np.abs(found - np.log(own.floor)).max() < 0.002


def graph_of(variants: list[tuple[FrontEnd, str]]) -> Graph:
    """One recording, one node a variant."""
    tensors = {"pcm": Tensor("pcm", (1, LENGTH), "int16", SAMPLES)}
    nodes = []
    for number, (own, dtype) in enumerate(variants):
        scale = 0.15 if dtype == "int8" else 0.002
        stored = Quantization(np.array([scale]), -7 if dtype == "int8" else 0, None, dtype)
        tensors[f"y{number}"] = Tensor(f"y{number}", (1, own.frames(LENGTH), own.features), dtype, stored)
        nodes.append(Node(f"n{number}", "front_end", ("pcm",), (f"y{number}",), MappingProxyType(asdict(own))))
    outputs = tuple(f"y{number}" for number in range(len(variants)))
    boundary = {
        name: Boundary(tensors[name].shape, tuple(range(len(tensors[name].shape)))) for name in ("pcm", *outputs)
    }
    graph = Graph("front", ("pcm",), outputs, (), MappingProxyType({}), MappingProxyType(boundary))
    return graph.with_nodes(nodes, tensors)


@pytest.mark.parametrize("board", BOARDS)
def test_boards_compute_the_integers(board: str, tmp_path: Path) -> None:
    require_board(board)
    plain = FrontEnd(rate=8000, frame=200, step=80, fft=256, bands=20, high_hz=3800.0, window="hamming")
    graph = graph_of([(OWN, "int8"), (replace(OWN, spectrum="magnitude"), "int16"), (plain, "int16")])
    folder = tmp_path / "out"
    folder.mkdir()
    pipeline.generate(graph, load_board(board), folder, EmitOptions("speed", "int8", {"file": "", "sha256": ""}))
    x = {"pcm": recordings()}
    made = run_samples(open_folder(folder), x).outputs
    for name, wanted in reference.run(graph, x).items():
        np.testing.assert_array_equal(made[name], wanted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must be an object"),
        ('{"frames": 3}', "unknown key 'frames'"),
        ('{"frame": 600}', "frame 600 is not possible"),
        ('{"fft": 500}', "fft 500 is not possible"),
        ('{"rate": 100}', "rate 100"),
        ('{"bands": "many"}', "bands 'many' must be like 40"),
        ('{"mean": [1, 2]}', "mean of 2 numbers"),
        ('{"window": "kaiser"}', "window kaiser"),
        ('{"bands": 120, "high_hz": 900}', "leave one without a bin"),
        ('{"floor": NaN}', "floor nan"),
    ],
)
def test_records_that_cannot_be(text: str, words: str) -> None:
    with pytest.raises(EdgeqError, match="front end") as caught:
        FrontEnd.from_json(text)
    assert words in str(caught.value)


def test_a_record_survives_its_text() -> None:
    own = replace(OWN, mean=tuple(np.linspace(-3, 3, 10)), std=(2.0,) * 10)
    assert FrontEnd.from_json(own.as_json()) == own


def test_recordings_unlike_the_calibration_are_told() -> None:
    own = replace(OWN, coefficients=0)
    quiet = np.clip(recordings()[1:2] // 16, -32768, 32767).astype(np.int16)
    span = floats.features(own, quiet / 32768.0)
    scale = float(span.max() - span.min()) / 255
    zero_point = int(np.rint(-128 - span.min() / scale))
    made = tables.tables(own, scale, zero_point, "int8")
    found = closeness(own, made, scale, zero_point, quiet)
    assert found.steps < 1.0
    assert not found.out_of_range
    assert closeness(own, made, scale, zero_point, recordings()[1:2]).out_of_range
