"""Layers by CMSIS-NN equal the reference: with a stand-in on the host under sanitizers and in QEMU, and with the
library itself where CMSIS_NN_ROOT names a copy of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from edgeq import cmsis_nn, pipeline
from edgeq.board import Board, load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.errors import EdgeqError
from edgeq.firmware import make
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.ops.spatial import Window
from edgeq.plan.arena import plan
from edgeq.quantize.recipe import Recipe
from edgeq.simulate.session import run_samples
from tests.cmsis_nn import copies
from tests.e2e.test_tflite import network
from tests.ops import cases
from tests.ops.cases import Case, CaseGraph
from tests.ops.test_exact import assert_layers_exact, drawn_cases, random_inputs
from tests.ops.tflite_cases import tflite_add_cases, tflite_softmax_cases
from tests.tools import require_board, require_module

OPTIONS = EmitOptions("speed", "int8", {"file": "cases", "sha256": ""})
#: drawn of every operator
COUNT = 16


@st.composite
def row_cases(draw: st.DrawFn) -> Case:
    """Convolutions along a single row, half of them with as much padding before as behind."""
    kernel, stride = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    before = draw(st.integers(0, kernel - 1))
    behind = before if draw(st.booleans()) else draw(st.integers(0, kernel - 1))
    width = max(1, kernel - before - behind) + draw(st.integers(0, 9))
    in_c, out_c = draw(st.sampled_from((2, 4, 8, 12))), draw(st.sampled_from(cases.CHANNELS))
    window, parts = Window((1, kernel), (1, stride), (0, 0, before, behind)), draw(cases.weighted_parts())

    def add(graph: CaseGraph) -> None:
        x = graph.activation((1, 1, width, in_c), parts["zero_point"])
        weights = graph.rng.integers(-127, 128, (out_c, 1, kernel, in_c)).astype(np.int8)
        cases.add_weighted(graph, "conv2d", x, weights, 0, parts, cases.window_attributes(window))

    return Case(f"row {width} {in_c}->{out_c} {window} {parts}", add)


WEIGHTED = (row_cases(), cases.conv2d_cases(), cases.dwconv2d_cases(), cases.linear_cases())
GROUPS: dict[str, tuple[SearchStrategy[Case], ...]] = {
    "single": (*WEIGHTED, cases.pool_cases()),
    "tflite": (*WEIGHTED, tflite_add_cases(), tflite_softmax_cases()),
}


def board_of(target: str) -> Board:
    """The board with CMSIS-NN first; the host, which CMSIS-NN is not for, runs the stand-in as a core without SIMD."""
    board = load_board(target)
    if target == "host":
        return dataclasses.replace(board, isa=("cmsis_nn_scalar", "scalar"))
    return cmsis_nn.preferred(board)


def of_one_rounding(rounding: str) -> list[Case]:
    """Cases whose numbers the library compiled for `rounding` may give; those of the other rule are tested apart."""
    drawn = [case for strategy in GROUPS[rounding] for case in drawn_cases(strategy, COUNT)]
    other = ("'form': 'tflite'",) if rounding == "single" else ("'form': 'high'", "'form': 'shift'")
    return [case for case in drawn if not any(form in case.text for form in other)]


@pytest.mark.parametrize("rounding", sorted(GROUPS))
@pytest.mark.parametrize(
    ("target", "copy"),
    [
        ("host", "stand-in"),
        *(
            pytest.param(board, copy, marks=pytest.mark.qemu)
            for board in ("cortex-m4", "cortex-m55")
            for copy in copies.COPIES
        ),
        pytest.param("cortex-m3", "library", marks=pytest.mark.qemu),
    ],
)
def test_random_layers(target: str, copy: str, rounding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Convolutions, depthwise and linear layers, pools, sums and softmaxes of random shapes; most by the library."""
    copies.use(copy, monkeypatch)
    require_board(target)
    rng = np.random.default_rng(7)
    builder, drawn = CaseGraph(rng), of_one_rounding(rounding)
    for case in drawn:
        case.add(builder)
    graph, board = builder.finish(), board_of(target)
    program = lower(graph, board)
    by_library = [layer for layer in program.layers if layer.kernel.library]
    assert {layer.node.op for layer in by_library} >= {layer.node.op for layer in program.layers}
    assert len(by_library) > 0.6 * len(program.layers)
    emit(program, plan(program), tmp_path, OPTIONS)
    make.build(tmp_path, board)
    assert_layers_exact(open_folder(tmp_path), random_inputs(graph, rng), [case.text for case in drawn])


def check_network(graph: Graph, target: str, folder: Path, ours: set[str]) -> None:
    """Every layer of the network equals the reference; all but the operators `ours` are CMSIS-NN's."""
    require_board(target)
    program, _ = pipeline.generate(graph, board_of(target), folder, OPTIONS)
    assert {layer.node.op for layer in program.layers if not layer.kernel.library} == ours
    texts = ["" for _ in program.layers]
    assert_layers_exact(open_folder(folder), random_inputs(graph, np.random.default_rng(3)), texts)


@pytest.mark.qemu
@pytest.mark.parametrize("copy", copies.COPIES)
@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m55"])
def test_keyword_spotter(
    target: str, copy: str, kws_integer: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.use(copy, monkeypatch)
    check_network(kws_integer, target, tmp_path, {"mean"})


@pytest.mark.qemu
@pytest.mark.parametrize("copy", copies.COPIES)
def test_resnet8(copy: str, resnet8_integer: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sums are rounded once and keep our kernel, none of them within a convolution."""
    copies.use(copy, monkeypatch)
    check_network(resnet8_integer, "cortex-m55", tmp_path, {"add", "mean"})


@pytest.mark.qemu
@pytest.mark.parametrize("copy", copies.COPIES)
def test_tflite_network(copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow Lite's rounding: also sums and softmax are the library's."""
    require_module("flatbuffers")
    copies.use(copy, monkeypatch)
    path = tmp_path / "network.tflite"
    path.write_bytes(network("int8"))
    graph = pipeline.quantize(pipeline.import_model(ModelSource(path)), None, Recipe())
    folder = tmp_path / "firmware"
    folder.mkdir()
    check_network(graph, "cortex-m4", folder, set())


def test_layers_of_the_other_rounding_keep_our_kernels() -> None:
    """One network, one library: a reason is given for those that it would round otherwise."""
    builder = CaseGraph(np.random.default_rng(1))
    drawn = drawn_cases(cases.conv2d_cases(), COUNT)
    for case in drawn:
        case.add(builder)
    program = lower(builder.finish(), board_of("cortex-m4"))
    reasons = cmsis_nn.left_out(program)
    for layer, case in zip(program.layers, drawn, strict=True):
        if "'form': 'tflite'" not in case.text:
            assert "cmsis_nn" not in layer.function
            assert layer.key in reasons
    assert any("library is compiled for the network's other rule" in reason for reason in reasons.values())
    assert len(reasons) < len(program.layers)


def test_a_library_that_rounds_otherwise(kws_integer: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The firmware finds out by itself before its first inference, whatever its own sources were told."""
    copies.use("stand-in", monkeypatch)
    board = board_of("host")
    program = lower(kws_integer, board)
    emit(program, plan(program), tmp_path, OPTIONS)
    makefile = tmp_path / "Makefile"
    text = makefile.read_text(encoding="utf-8")
    rule = "-I$(CMSIS_NN_ROOT)/Include -DCMSIS_NN_USE_SINGLE_ROUNDING -c"
    assert text.count(rule) == 1
    makefile.write_text(text.replace(rule, "-I$(CMSIS_NN_ROOT)/Include -c"), encoding="utf-8")
    make.build(tmp_path, board)
    with pytest.raises(EdgeqError, match="init failed"):
        run_samples(open_folder(tmp_path), random_inputs(kws_integer, np.random.default_rng(3)))
