"""Whole quantized .tflite networks: the firmware's outputs are those of TensorFlow Lite's reference kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.cli import main
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.quantize.data import load_samples, quantize_inputs
from edgeq.quantize.recipe import Recipe
from edgeq.simulate.session import run_samples
from tests.tflite.reference import run_reference
from tests.tflite.writer import Network
from tests.tools import require_board, require_module

OPTIONS = EmitOptions("speed", "int8", {"file": "network", "sha256": ""})


class Builder:
    """Layers one after another with plausible scales."""

    def __init__(self, kind: str) -> None:
        self.network = Network()
        self.kind = kind
        self.rng = np.random.default_rng(7)

    def conv(self, x: int, depth: tuple[int, int], scales: tuple[float, float], depthwise: bool = False) -> int:
        """3x3, SAME, relu."""
        shape = (1, 3, 3, depth[1]) if depthwise else (depth[1], 3, 3, depth[0])
        products = 9 * (1 if depthwise else depth[0])
        weight_scale = np.float32(
            scales[1] / (scales[0] * 60.0 * np.sqrt(products)) * self.rng.uniform(0.5, 1.5, depth[1])
        )
        weights = self.rng.integers(-127, 128, shape).astype(np.int8)
        w = self.network.tensor(shape, "int8", weight_scale, 0, weights, 3 if depthwise else 0)
        wide = "int64" if self.kind == "int16" else "int32"
        bias = self.rng.integers(-2000, 2000, depth[1]).astype(wide)
        b = self.network.tensor((depth[1],), wide, weight_scale * np.float32(scales[0]), 0, bias)
        y = self.activation((1, 12, 10, depth[1]), scales[1])
        window: dict[str, Any] = {"padding": 0, "stride_w": 1, "stride_h": 1, "fused_activation_function": 1}
        if depthwise:
            window["depth_multiplier"] = 1
        table = "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions"
        self.network.operator("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [x, w, b], [y], table, **window)
        return y

    def activation(self, shape: tuple[int, ...], scale: float) -> int:
        return self.network.tensor(shape, self.kind, scale, 0 if self.kind == "int16" else -128)


def network(kind: str) -> bytes:
    """A residual block, a depthwise layer, a global pool and a classifier."""
    make = Builder(kind)
    unit = 1.0 if kind == "int8" else 1 / 256
    x = make.network.input((1, 12, 10, 3), kind, 0.02 * unit, 5 if kind == "int8" else 0)
    first = make.conv(x, (3, 8), (0.02 * unit, 0.03 * unit))
    second = make.conv(first, (8, 8), (0.03 * unit, 0.05 * unit))
    joined = make.activation((1, 12, 10, 8), 0.06 * unit)
    make.network.operator(
        "ADD", [first, second], [joined], "AddOptions", fused_activation_function=1, pot_scale_int16=False
    )
    third = make.conv(joined, (8, 8), (0.06 * unit, 0.04 * unit), depthwise=True)
    pooled = make.activation((1, 1, 1, 8), 0.04 * unit)
    make.network.operator(
        "AVERAGE_POOL_2D", [third], [pooled], "Pool2DOptions", padding=1, stride_w=10, stride_h=12, filter_width=10,
        filter_height=12, fused_activation_function=0,
    )  # fmt: skip
    flat = make.activation((1, 8), 0.04 * unit)
    shape = make.network.integers(1, 8)
    make.network.operator("RESHAPE", [pooled, shape], [flat], "ReshapeOptions", new_shape=(1, 8))
    weights = make.rng.integers(-127, 128, (5, 8)).astype(np.int8)
    w = make.network.tensor((5, 8), "int8", 0.01, 0, weights)
    wide = "int64" if kind == "int16" else "int32"
    b = make.network.tensor((5,), wide, 0.0004 * unit, 0, make.rng.integers(-900, 900, 5).astype(wide))
    scores = make.network.tensor((1, 5), kind, 0.08 * unit, 0)
    make.network.operator(
        "FULLY_CONNECTED", [flat, w, b], [scores], "FullyConnectedOptions", fused_activation_function=0
    )
    make.network.outputs.append(scores)
    if kind == "int8":
        y = make.network.tensor((1, 5), "int8", 1 / 256, -128)
        make.network.operator("SOFTMAX", [scores], [y], "SoftmaxOptions", beta=1.0)
        make.network.outputs.append(y)
    return make.network.bytes()


@pytest.mark.parametrize("kind", ["int8", "int16"])
@pytest.mark.parametrize("board", ["host", "cortex-m4", "cortex-m55", "riscv-rv32imc", "riscv-8core"])
def test_firmware_equals_reference_kernels(kind: str, board: str, tmp_path: Path) -> None:
    require_module("tflite_runtime")
    require_board(board)
    content = network(kind)
    path = tmp_path / "network.tflite"
    path.write_bytes(content)
    graph = pipeline.quantize(pipeline.import_model(ModelSource(path)), None, Recipe())
    pipeline.generate(graph, load_board(board), tmp_path / "made", OPTIONS)
    info = np.iinfo(kind)
    x = np.random.default_rng(1).integers(info.min, info.max + 1, (4, 12, 10, 3)).astype(kind)
    made = run_samples(open_folder(tmp_path / "made"), {graph.inputs[0]: x}).outputs
    for index, sample in enumerate(x):
        for name, right in zip(graph.outputs, run_reference(content, [sample[None]]), strict=True):
            np.testing.assert_array_equal(made[name][index], right[0])


def test_build_needs_no_calibration(tmp_path: Path) -> None:
    path = tmp_path / "network.tflite"
    path.write_bytes(network("int8"))
    result = CliRunner().invoke(main, ["build", str(path), "--board", "host", "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "as the file says" in result.output


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[: len(content) // 2], "damaged or cut short"),
        (lambda content: content[:4] + b"TFL9" + content[8:], "is not a model"),
        (lambda content: content[:8] + bytes(len(content) - 8), "damaged or cut short"),
    ],
)
def test_damaged_files_are_refused(damage: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / "network.tflite"
    path.write_bytes(damage(network("int8")))
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["build", str(path), "--board", "host", "-o", str(out)])
    assert result.exit_code == 2
    assert words in result.output
    assert not out.exists()


@pytest.mark.parametrize("board", ["host", "cortex-m4", "riscv-8core"])
def test_truth_values_are_bytes_of_0_and_1(board: str, tmp_path: Path) -> None:
    """A model that takes and gives truth values, beside the numbers that it chooses by them."""
    require_module("tflite_runtime")
    require_board(board)
    made = Network()
    a, b, ask = made.input((1, 6), "int8", 0.05, 3), made.input((1, 6), "int8", 0.08, -7), made.input((1, 6), "bool")
    larger, both = made.tensor((1, 6), "bool"), made.tensor((1, 6), "bool")
    chosen = made.tensor((1, 6), "int8", 0.05, 3)
    made.operator("GREATER", [a, b], [larger])
    made.operator("LOGICAL_AND", [larger, ask], [both])
    made.operator("SELECT_V2", [both, a, made.tensor((1,), "int8", 0.05, 3, np.array([9], np.int8))], [chosen])
    made.outputs += [both, chosen]
    path = tmp_path / "network.tflite"
    path.write_bytes(made.bytes())
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["build", str(path), "--board", board, "-o", str(out)])
    assert result.exit_code == 0, result.output
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-128, 128, (8, 6)).astype(np.int8) for _ in range(2)] + [rng.integers(0, 2, (8, 6)) > 0]
    firmware = open_folder(out)
    given = dict(zip(firmware.graph.inputs, arrays, strict=True))
    np.savez(tmp_path / "in.npz", **given)
    samples = load_samples(tmp_path / "in.npz", firmware.graph, "--inputs")
    outputs = run_samples(firmware, quantize_inputs(firmware.graph, samples)).outputs
    for name, right in zip(firmware.graph.outputs, run_reference(path.read_bytes(), arrays), strict=True):
        np.testing.assert_array_equal(outputs[name], right)
