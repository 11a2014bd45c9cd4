"""A keyword spotter of SVDF layers as a .tflite file: its states are the file's variable tensors."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.cli import main
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.firmware import make
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.ops import fixed_point
from edgeq.plan.arena import plan
from edgeq.quantize.data import Samples
from edgeq.quantize.recipe import Recipe
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.verification import verify_layers
from tests.tflite.reference import run_reference
from tests.tflite.state_cases import add_svdf
from tests.tflite.writer import Network
from tests.tools import require_board, require_module, require_tool

OPTIONS = EmitOptions("speed", "int8", {"file": "spotter", "sha256": ""})
STEPS, FRAME = 24, 20
GUARD_BYTES = 32


def spotter() -> bytes:
    """Two SVDF layers and a classifier, all integers."""
    network, rng = Network(), np.random.default_rng(4)
    x = network.input((1, FRAME), "int8", 0.04, 3)
    first = add_svdf(network, rng, x, (FRAME, 16, 1, 8), (0.04, 0.03, -128))
    second = add_svdf(network, rng, first, (16, 12, 2, 5), (0.03, 0.05, -128))
    weights = network.tensor((4, 12), "int8", 0.01, 0, rng.integers(-127, 128, (4, 12)).astype(np.int8))
    bias = network.tensor((4,), "int32", 0.0005, 0, rng.integers(-900, 900, 4).astype(np.int32))
    y = network.tensor((1, 4), "int8", 0.1, -5)
    network.operator(
        "FULLY_CONNECTED", [second, weights, bias], [y], "FullyConnectedOptions", fused_activation_function=0
    )
    network.outputs += [y, first]
    return network.bytes()


def float_layer() -> bytes:
    """One SVDF layer in float, which edgeq quantizes."""
    network, rng = Network(), np.random.default_rng(5)
    x = network.input((1, FRAME), "float32")
    features = network.tensor((24, FRAME), "float32", data=rng.normal(0, 0.2, (24, FRAME)).astype(np.float32))
    filters = network.tensor((24, 6), "float32", data=rng.normal(0, 0.4, (24, 6)).astype(np.float32))
    bias = network.tensor((12,), "float32", data=rng.normal(0, 0.2, 12).astype(np.float32))
    state, y = network.variable((1, 24 * 6), "float32"), network.tensor((1, 12), "float32")
    operands = [x, features, filters, bias, state]
    network.operator("SVDF", operands, [y], "SVDFOptions", rank=2, fused_activation_function=1)
    network.outputs.append(y)
    return network.bytes()


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "spotter.tflite"
    path.write_bytes(content)
    return path


def integer_graph(folder: Path) -> Graph:
    return pipeline.quantize(pipeline.import_model(ModelSource(saved(folder, spotter()))), None, Recipe())


def frames() -> np.ndarray:
    return np.random.default_rng(1).integers(-128, 128, (STEPS, FRAME)).astype(np.int8)


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["host", "cortex-m4", "cortex-m55", "riscv-8core"])
def test_firmware_equals_reference_kernels(board: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")
    require_board(board)
    graph = integer_graph(tmp_path)
    pipeline.generate(graph, load_board(board), tmp_path / "made", OPTIONS)
    made = run_samples(open_folder(tmp_path / "made"), {graph.inputs[0]: frames()}, RunOptions(poison=True)).outputs
    expected = run_reference(spotter(), [frames()])
    for name, right in zip(graph.outputs, expected, strict=True):
        np.testing.assert_array_equal(made[name], right)
        assert len(np.unique(right)) > 20
    again = run_reference(spotter(), [frames()[-1:]])
    assert not np.array_equal(again[0], expected[0][-1:]), "the network remembers nothing"


def test_float_layer(tmp_path: Path) -> None:
    """The float reference computes what TensorFlow Lite's float kernel does, the integer one nearly that."""
    require_module("tflite_runtime")
    require_board("host")
    graph = pipeline.import_model(ModelSource(saved(tmp_path, float_layer())))
    x = np.random.default_rng(2).normal(0, 1, (STEPS, FRAME)).astype(np.float32)
    (expected,) = run_reference(float_layer(), [x])
    samples = Samples({graph.inputs[0]: x}, None)
    np.testing.assert_allclose(reference.run(graph, samples.inputs)[graph.outputs[0]], expected, atol=1e-5)
    integer = pipeline.quantize(graph, samples, Recipe())
    assert [node.op for node in integer.nodes] == ["linear", "push", "svdf"]
    assert {integer.tensor(state.start).dtype for state in integer.states} == {"int8"}
    pipeline.generate(integer, load_board("host"), tmp_path / "made", OPTIONS)
    assert verify_layers(open_folder(tmp_path / "made"), samples).bit_exact
    output = integer.tensor(integer.outputs[0])
    quantized = reference.run(integer, {graph.inputs[0]: _stored(integer, x)})[output.name]
    error = (quantized.astype(np.float64) - output.zero_point) * output.scale - expected
    assert 10 * np.log10(np.square(expected).sum() / np.square(error).sum()) > 25


def test_int8_state(tmp_path: Path) -> None:
    """The int8 state that only TensorFlow Lite Micro has: its definition, written down once more."""
    network, rng = Network(), np.random.default_rng(6)
    x = network.input((1, FRAME), "int8", 0.04, 3)
    weights = rng.integers(-127, 128, (10, FRAME)).astype(np.int8)
    filters = rng.integers(-127, 128, (10, 4)).astype(np.int8)
    bias = rng.integers(-9000, 9000, 5).astype(np.int32)
    y = network.tensor((1, 5), "int8", 0.05, -128)
    operands = [
        x,
        network.tensor(weights.shape, "int8", 0.01, 0, weights),
        network.tensor(filters.shape, "int8", 0.002, 0, filters),
        network.tensor(bias.shape, "int32", 0.0002, 0, bias),
        network.variable((1, 40), "int8", 0.1, -7),
    ]
    network.operator("SVDF", operands, [y], "SVDFOptions", rank=2, fused_activation_function=1)
    network.outputs.append(y)
    model = pipeline.import_model(ModelSource(saved(tmp_path, network.bytes())))
    graph = pipeline.quantize(model, None, Recipe())
    found = reference.run(graph, {graph.inputs[0]: frames()})[graph.outputs[0]]
    single = [np.float32(value).astype(np.float64) for value in (0.04, 0.01, 0.1, 0.002, 0.05)]
    first, second = (
        fixed_point.tflite_multiplier(np.array([scale]))
        for scale in (single[0] * single[1] / single[2], single[2] * single[3] / single[4])
    )
    window = np.full((10, 4), -7)
    for frame, made in zip(frames().astype(np.int64), found, strict=True):
        column = fixed_point.scale_accumulator(weights @ (frame - 3), *first, fixed_point.TFLITE) - 7
        window = np.concatenate([window[:, 1:], np.clip(column, -128, 127)[:, None]], axis=1)
        sums = (filters * (window + 7)).sum(axis=1).reshape(5, 2).sum(axis=1) + bias
        scaled = fixed_point.scale_accumulator(sums, *second, fixed_point.TFLITE) - 128
        np.testing.assert_array_equal(made, np.clip(scaled, -128, 127))
    assert len(np.unique(found)) > 10


def _stored(graph: Graph, x: np.ndarray) -> np.ndarray:
    tensor = graph.tensor(graph.inputs[0])
    return np.clip(np.rint(x / tensor.scale) + tensor.zero_point, -128, 127).astype(np.int8)


def test_nothing_is_written_beside_the_buffers(tmp_path: Path) -> None:
    """Guards around every buffer, those of the states included, which poison leaves alone."""
    require_board("host")
    graph = integer_graph(tmp_path)
    program, _ = pipeline.arrange(graph, load_board("host"))
    layout = plan(program, reuse=False, guard_bytes=GUARD_BYTES)
    (tmp_path / "made").mkdir()
    emit(program, layout, tmp_path / "made", OPTIONS)
    make.build(tmp_path / "made", program.board)
    unused = np.ones(layout.arena_bytes, bool)
    for buffer in layout.buffers:
        start = layout.offsets[buffer.name]
        assert unused[start - GUARD_BYTES : start].all()
        assert buffer.kept == (start < layout.state_bytes)
        unused[start : start + buffer.size_bytes] = False
    result = run_samples(
        open_folder(tmp_path / "made"), {graph.inputs[0]: frames()}, RunOptions(poison=True, arena=True)
    )
    assert result.arena is not None
    expected = np.where(np.arange(layout.arena_bytes) < layout.state_bytes, 0, 0x5A)
    assert (result.arena[:, unused] == expected[unused]).all()
    right = reference.run(graph, {graph.inputs[0]: frames()})
    np.testing.assert_array_equal(result.outputs[graph.outputs[0]], right[graph.outputs[0]])


PROGRAM = """
#include <stdio.h>
#include <string.h>
#include "spotter.h"
static _Alignas(EQ_ARENA_ALIGN) int8_t arenas[2][SPOTTER_ARENA_BYTES];
static int8_t seen[3][8][SPOTTER_OUTPUT_TENSOR_BYTES];
static void step(spotter_t *m, int frame, int8_t *to) {
  int8_t *x = spotter_input(m);
  for (int i = 0; i < (int)SPOTTER_INPUT_BYTES; i++) x[i] = (int8_t)(frame * 37 + i * 11);
  if (spotter_invoke(m) != EQ_OK) printf("invoke");
  memcpy(to, spotter_output_tensor(m), SPOTTER_OUTPUT_TENSOR_BYTES);
}
int main(void) {
  spotter_t a, b;
  memset(arenas, 0x77, sizeof arenas);
  spotter_init(&a, arenas[0], sizeof arenas[0]);
  spotter_init(&b, arenas[1], sizeof arenas[1]);
  for (int i = 0; i < 8; i++) {
    step(&a, i, seen[0][i]);
    if (i < 5) step(&b, 99 + i, seen[1][i]);
    memset(arenas[0] + SPOTTER_STATE_BYTES, 0x33, SPOTTER_ARENA_BYTES - SPOTTER_STATE_BYTES);
  }
  printf("%d", spotter_reset(NULL) == EQ_ERROR_ARGUMENT);
  printf("%d", spotter_reset(&b) == EQ_OK);
  printf("%d", spotter_poll(&b, 1) == EQ_ERROR_STATE);
  for (int i = 0; i < 8; i++) step(&b, i, seen[2][i]);
  printf("%d", memcmp(seen[0], seen[2], sizeof seen[0]) == 0);
  for (int i = 0; i < 8; i++) step(&b, i, seen[1][i]);
  printf("%d\\n", memcmp(seen[0], seen[1], sizeof seen[0]) != 0);
  return 0;
}
"""


def test_reset_and_instances(tmp_path: Path) -> None:
    """A reset begins the same sequence anew; two instances know nothing of each other."""
    compiler = require_tool("gcc")
    graph = integer_graph(tmp_path)
    program, arena = pipeline.arrange(graph, load_board("host"))
    folder = tmp_path / "made"
    folder.mkdir()
    emit(program, arena, folder, OPTIONS)
    header = (folder / "spotter.h").read_text(encoding="utf-8")
    output = graph.outputs[0]
    text = PROGRAM.replace("output_tensor", f"output_{output}").replace("OUTPUT_TENSOR", f"OUTPUT_{output}".upper())
    assert f"#define SPOTTER_STATE_BYTES {arena.state_bytes}u" in header
    (folder / "try.c").write_text(text, encoding="utf-8")
    sources = ["try.c", "spotter.c", "spotter_weights.c", "runtime/platform/freestanding/team_sequential.c"]
    sources += [str(path.relative_to(folder)) for path in folder.glob("runtime/src/*/*.c")]
    flags = ["-std=c11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror"]
    includes = ["-I.", "-Iruntime/include", "-Iruntime/src/common"]
    subprocess.run([compiler, *flags, *includes, *sources, "-o", "try"], cwd=folder, check=True)
    found = subprocess.run([folder / "try"], capture_output=True, text=True, check=True).stdout
    assert found == "11111\n"


@pytest.mark.parametrize("extra", [(), ("--optimize", "ram"), ("--budget", "flash=900KB,ram=900KB")])
def test_commands(extra: tuple[str, ...], tmp_path: Path) -> None:
    """build, verify --against tflite, run: with the states in every figure."""
    require_module("tflite_runtime")
    require_board("host")
    model, folder = saved(tmp_path, spotter()), tmp_path / "made"
    built = CliRunner().invoke(main, ["build", str(model), "--board", "host", "-o", str(folder), "--json", *extra])
    assert built.exit_code == 0, built.output
    memory = json.loads(built.stdout)["memory"]
    assert memory["state_bytes"] == sum(state["bytes"] for state in memory["states"]) == 2 * (16 * 8 + 24 * 5)
    assert memory["arena_bytes"] >= memory["state_bytes"] + FRAME
    checked = CliRunner().invoke(main, ["verify", str(folder), "--against", "tflite", "--model", str(model), "--json"])
    assert checked.exit_code == 0, checked.output
    against = json.loads(checked.stdout)["against"]
    assert against["first_divergence"] is None
    assert len(against["layers"]) >= 3
    np.savez(tmp_path / "in.npz", x=frames())
    arguments = ["run", str(folder), "--inputs", str(tmp_path / "in.npz"), "--outputs", str(tmp_path / "out.npz")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    with np.load(tmp_path / "out.npz") as outputs:
        name = open_folder(folder).graph.outputs[0]
        np.testing.assert_array_equal(outputs[name], run_reference(spotter(), [frames()])[0])


def test_inspect_lists_states(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["inspect", str(saved(tmp_path, spotter())), "--board", "host", "--json"])
    assert shown.exit_code == 0, shown.output
    assert list(json.loads(shown.stdout)["states"].values()) == [[1, 128], [1, 120]]
