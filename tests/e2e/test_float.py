"""Networks with floating-point layers, alone and beside int8 and int16 ones: every layer within its bound on every kind
of board, the same bytes every time; wrong numbers are found and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, stepwise, verification
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.ir.graph import Graph
from edgeq.observer import Observer
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import Method, Recipe, Rule, load_recipe
from edgeq.simulate.session import RunOptions, run_samples
from tests.tools import require_board
from tests.unit.test_import import imported, randomized
from tests.unit.test_precision import types

RECIPES = {
    "fp32": load_recipe("fp32"),
    "fp16": load_recipe("fp16"),
    "mixed": Recipe(
        Method("fp16"),
        (
            Rule("second", None, {"precision": "int8"}),
            Rule("third*", None, {"precision": "int16"}),
            Rule("head", None, {"precision": "fp32"}),
        ),
    ),
}
QEMU = [pytest.param(board, marks=pytest.mark.qemu) for board in ("riscv-8core", "cortex-m4", "cortex-m55")]


class Network(nn.Module):
    """The usual layers, each by its own name."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.second = nn.Conv2d(6, 8, 1)
        self.third = nn.Conv2d(8, 8, (3, 1), stride=(2, 1))
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        y = nn.functional.silu(self.depthwise(y)) + y
        y = nn.functional.max_pool2d(self.second(y), 2)
        z = torch.tanh(self.third(y)).mean(dim=(2, 3))
        return torch.softmax(self.head(z), dim=-1)


@pytest.fixture(scope="module")
def network() -> tuple[Graph, Samples]:
    graph = imported(randomized(Network()), torch.zeros(1, 3, 10, 9))
    x = np.random.default_rng(0).standard_normal((24, 10, 9, 3)).astype(np.float32)
    return graph, Samples({graph.inputs[0]: x}, None)


def built(graph: Graph, samples: Samples, recipe: Recipe, board: str, folder: Path) -> FirmwareFolder:
    lowered = pipeline.quantize(graph, samples, recipe)
    pipeline.generate(lowered, load_board(board), folder, EmitOptions("speed", "x", {"file": "x", "sha256": ""}))
    return open_folder(folder)


@pytest.mark.parametrize("name", sorted(RECIPES))
@pytest.mark.parametrize("board", ["host", *QEMU])
def test_within_bound(board: str, name: str, network: tuple[Graph, Samples], tmp_path: Path) -> None:
    require_board(board)
    graph, samples = network
    firmware = built(graph, samples, RECIPES[name], board, tmp_path / "firmware")
    made = set(types(firmware.graph).values())
    assert made == {"fp32": {"float32"}, "fp16": {"float16"}}.get(name, {"float16", "float32", "int8", "int16"})
    found = verification.verify_layers(firmware, samples.evenly(6))
    assert found.within_bound, found.first_difference
    # eleven bits may all be rounded as those of float64 are; twenty-four are not
    assert not found.bit_exact or board == "host" or name == "fp16"
    assert found.as_json()["within_bound"]


def test_results_are_those_of_the_float_network(network: tuple[Graph, Samples], tmp_path: Path) -> None:
    """On the host, end to end: fp32 to float32's precision, fp16 to that of its storage."""
    require_board("host")
    graph, samples = network
    from edgeq import reference

    wanted = reference.run(graph, samples.inputs)[graph.outputs[0]]
    for name, tolerance in (("fp32", 2e-6), ("fp16", 4e-3)):
        firmware = built(graph, samples, RECIPES[name], "host", tmp_path / name)
        result = run_samples(firmware, quantize_inputs(firmware.graph, samples)).outputs[graph.outputs[0]]
        assert result.dtype == {"fp32": np.float32, "fp16": np.float16}[name]
        np.testing.assert_allclose(result, wanted, atol=tolerance)


def test_the_same_bytes_twice(network: tuple[Graph, Samples], tmp_path: Path) -> None:
    require_board("host")
    graph, samples = network
    firmware = [built(graph, samples, RECIPES["mixed"], "host", tmp_path / name) for name in ("a", "b")]
    for file in sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").glob("*.[ch]")):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    inputs = quantize_inputs(firmware[0].graph, samples)
    results = [run_samples(item, inputs, RunOptions(layers=True, poison=poison)) for item, poison in
               zip(firmware, (False, True), strict=True)]  # fmt: skip
    for key, values in results[0].layers.items():
        assert values.tobytes() == results[1].layers[key].tobytes(), key


def test_a_wrong_number_is_found_and_named(network: tuple[Graph, Samples], tmp_path: Path) -> None:
    """A product that a convolution leaves out, as much as two of FP16's last places, and an integer that is one off."""
    require_board("host")
    graph, samples = network
    firmware = built(graph, samples, RECIPES["mixed"], "host", tmp_path / "firmware")
    inputs = quantize_inputs(firmware.graph, samples)
    recorded = stepwise.recorded(firmware, run_samples(firmware, inputs, RunOptions(layers=True)))
    assert not any(gap.beyond for gap in stepwise.gaps(firmware, inputs, recorded).values())
    for layer in firmware.manifest["layers"]:
        key, right = layer["key"], recorded[layer["output"]]
        wrong = right.copy()
        place = np.unravel_index(int(np.abs(right.astype(np.float64)).argmax()), right.shape)
        wrong[place] = wrong[place] - 1 if right.dtype.kind == "i" else wrong[place] * right.dtype.type(1.0 - 2.0**-7)
        gaps = stepwise.gaps(firmware, inputs, {**recorded, layer["output"]: wrong})
        assert gaps[key].beyond == 1, key
        assert gaps[key].first_sample == place[0]
        first = verification.Verification(1, tuple((k, verification.difference(k, gap)) for k, gap in gaps.items()))
        assert first.first_difference is not None
        assert first.first_difference.name == key
        assert not first.within_bound


def test_calibration_is_only_needed_for_integers(network: tuple[Graph, Samples]) -> None:
    assert not load_recipe("fp16").needs_ranges
    assert Recipe(Method("fp16"), (Rule("head", None, {"precision": "int8"}),)).needs_ranges
    assert load_recipe("int8").needs_ranges


def test_a_layer_without_a_floating_point_form_is_kept_in_int8() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru, self.head = nn.GRU(4, 6, batch_first=True), nn.Linear(6, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.gru(x)[0])

    graph = imported(Recurrent().eval(), torch.zeros(1, 5, 4))
    x = np.random.default_rng(0).standard_normal((8, 5, 4)).astype(np.float32)
    samples = Samples({graph.inputs[0]: x}, None)
    warnings: list[str] = []

    class Listening(Observer):
        def warning(self, text: str) -> None:
            warnings.append(text)

    lowered = pipeline.quantize(graph, samples, load_recipe("fp16"), Listening())
    assert any("there is no kernel for gru on float16 activations" in text for text in warnings)
    assert {"int8", "float16"} <= set(types(lowered).values())
    with pytest.raises(EdgeqError, match=r"layer .* has no floating-point form and is quantized; calibration data is"):
        pipeline.require_no_ranges(lowered)


def test_numbers_beyond_fp16(network: tuple[Graph, Samples]) -> None:
    """An activation that calibration drives beyond 65504 is kept in int8; inputs there are refused."""
    graph, samples = network
    name = graph.inputs[0]
    large = Samples({name: samples.inputs[name] * np.float32(1e6)}, None)
    lowered = pipeline.quantize(graph, samples, load_recipe("fp16"))
    with pytest.raises(EdgeqError, match=r"float16 ends at 65504; scale the data, or build with fp32"):
        quantize_inputs(lowered, large)
    kept = pipeline.quantized(graph, large.inputs, load_recipe("fp16")).kept_int8
    assert any("reach" in reason and "float16 ends at 65504" in reason for reason in kept.values())
