"""Weights of less than 8 bits in whole networks: exact on every kind of board, as small as promised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Graph
from edgeq.ops import weight_types
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import Method, Recipe, Rule, load_recipe
from edgeq.quantize.stage import quantized
from edgeq.torch_operators import binarize
from edgeq.verification import verify_layers
from tests.tools import require_board
from tests.unit.test_import import imported, randomized

BOARDS = ["host", *(pytest.param(name, marks=pytest.mark.qemu) for name in (
    "riscv-8core", "riscv-rv32imc", "cortex-m4", "cortex-m55"))]  # fmt: skip


class Block(nn.Module):
    """Signs, a convolution of them, a residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.linspace(-0.3, 0.3, channels))
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.norm(self.conv(binarize(x, self.threshold)))


class Network(nn.Module):
    """A layer for every precision."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(2, 12, 3, padding=1), nn.ReLU())
        self.depthwise = nn.Sequential(nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.ReLU())
        self.narrow = nn.Sequential(nn.Conv2d(12, 20, 1), nn.ReLU())
        self.coarse = nn.Sequential(nn.Conv2d(20, 36, 3, stride=2, padding=1), nn.ReLU())
        self.signs = nn.Sequential(nn.Conv2d(36, 36, 1), nn.BatchNorm2d(36))
        self.block = Block(36)
        self.wide = nn.Conv2d(36, 8, 1)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.block(self.signs(self.coarse(self.narrow(self.depthwise(self.first(x))))))
        return self.head(torch.sigmoid(self.wide(y)).mean(dim=(2, 3)))


#: int8, int4, int2, ternary, powers of two, binary with int8 and with binary activations, int16
RECIPE = Recipe(
    rules=(
        Rule("depthwise*", None, {"precision": "int4"}),
        Rule("narrow*", None, {"precision": "pow2", "weights": "gptq"}),
        Rule("coarse*", None, {"precision": "int2"}),
        Rule("signs*", None, {"precision": "ternary"}),
        Rule("block_conv*", None, {"precision": "binary"}),
        Rule("wide*", None, {"precision": "int16"}),
        Rule("head*", None, {"precision": "binary"}),
    ),
    bias_correction=True,
)


@pytest.fixture(scope="module")
def network() -> tuple[Graph, Samples]:
    graph = imported(randomized(Network()), torch.zeros(1, 2, 7, 6))
    x = np.random.default_rng(0).standard_normal((32, 7, 6, 2)).astype(np.float32)
    return graph, Samples({graph.inputs[0]: x}, None)


def stored(graph: Graph) -> dict[str, str]:
    """Layer with weights -> their type."""
    return {
        node.name: weight_types.of_node(graph, node)
        for node in graph.nodes
        if node.op in ("conv2d", "dwconv2d", "linear", "binary_conv2d")
    }


@pytest.mark.parametrize("board", BOARDS)
def test_every_precision_in_one_network(board: str, network: tuple[Graph, Samples], tmp_path: Path) -> None:
    require_board(board)
    graph, samples = network
    integer = pipeline.quantize(graph, samples, RECIPE)
    assert set(stored(integer).values()) == {"int8", "int4", "int2", "ternary", "binary", "pow2"}
    assert sum(node.op == "binary_conv2d" for node in integer.nodes) == 1
    assert any(tensor.dtype == "int16" for tensor in integer.tensors.values() if not tensor.is_constant)
    folder = tmp_path / "firmware"
    pipeline.generate(integer, load_board(board), folder, EmitOptions("speed", "mixed", {"file": "all", "sha256": ""}))
    verification = verify_layers(open_folder(folder), samples.evenly(8))
    assert verification.bit_exact, verification.first_difference


@pytest.mark.parametrize("board", ["host", *(pytest.param(name, marks=pytest.mark.qemu) for name in (
    "riscv-8core", "cortex-m4", "cortex-m55"))])  # fmt: skip
@pytest.mark.parametrize("precision", ["int4", "int4g32", "ternary", "binary"])
def test_band_by_band(precision: str, board: str, network: tuple[Graph, Samples], tmp_path: Path) -> None:
    """--optimize ram: layers in stages take kernels of their own, with the same type of weights."""
    require_board(board)
    graph, samples = network
    integer, folder = pipeline.quantize(graph, samples, Recipe(Method(precision))), tmp_path / "firmware"
    options = EmitOptions("ram", precision, {"file": "bands", "sha256": ""})
    program, _ = pipeline.generate(integer, load_board(board), folder, options)
    assert program.stages
    verification = verify_layers(open_folder(folder), samples.evenly(4))
    assert verification.bit_exact, verification.first_difference


def test_counting_bits_gives_what_products_give() -> None:
    """The same network with a second reader of the signs, for which they stay bytes."""

    class Both(Network):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.signs(self.coarse(self.narrow(self.depthwise(self.first(x)))))
            signs = binarize(y, self.block.threshold)
            z = y + self.block.norm(self.block.conv(signs))
            return self.head(torch.sigmoid(self.wide(z)).mean(dim=(2, 3))), signs * 0.5

    one = randomized(Network())
    other = Both().eval()
    other.load_state_dict(one.state_dict())
    x = np.random.default_rng(0).standard_normal((32, 7, 6, 2)).astype(np.float32)
    outputs, operators = [], []
    for module in (one, other):
        graph = imported(module, torch.zeros(1, 2, 7, 6))
        samples = Samples({graph.inputs[0]: x}, None)
        integer = pipeline.quantize(graph, samples, RECIPE)
        operators.append({node.op for node in integer.nodes})
        outputs.append(reference.run(integer, quantize_inputs(integer, samples))[integer.outputs[0]])
    assert "binary_conv2d" in operators[0]
    assert "binary_conv2d" not in operators[1]
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize(
    ("precision", "share"),
    [
        ("int4", 0.5),
        ("int4g32", 0.5 + 1 / 32),
        ("int4g128", 0.5 + 5 / 576),
        ("pow2", 0.5),
        ("ternary", 0.25),
        ("int2", 0.25),
        ("binary", 0.125),
    ],
)
@pytest.mark.parametrize("board", ["cortex-m4", "cortex-m55", "riscv-8core", "host"])
def test_weights_take_the_flash_that_was_promised(precision: str, share: float, board: str) -> None:
    """A layer whose channels and products are whole blocks: its weights, without bias and requantization."""
    graph = imported(randomized(nn.Sequential(nn.Conv2d(64, 64, 3))), torch.zeros(1, 64, 5, 5))
    samples = Samples({graph.inputs[0]: np.ones((4, 5, 5, 64), np.float32)}, None)
    program, _ = pipeline.arrange(pipeline.quantize(graph, samples, Recipe(Method(precision))), load_board(board))
    (layer,) = (layer for layer in program.layers if layer.node.op == "conv2d")
    assert layer.constants["weights"].data.nbytes == share * 64 * 64 * 9


def test_named_recipes_of_few_bits_leave_the_edges_alone(network: tuple[Graph, Samples]) -> None:
    graph, samples = network
    for name in ("int2", "ternary", "binary"):
        found = list(stored(pipeline.quantize(graph, samples, load_recipe(name))).values())
        assert found[0] == found[-1] == "int8"
        assert set(found[2:-1]) == {name}
    assert set(stored(pipeline.quantize(graph, samples, load_recipe("int4"))).values()) == {"int4"}


def test_depthwise_layers_have_a_scale_per_channel_where_groups_are_wanted(network: tuple[Graph, Samples]) -> None:
    graph, samples = network
    made = quantized(graph, samples.inputs, load_recipe("int4g32"))
    (depthwise,) = (node.name for node in graph.nodes if node.op == "dwconv2d")
    assert made.kept_int8[depthwise] == "there is no kernel for dwconv2d with int4g32 weights"
    found = stored(made.graph)
    assert found.pop(depthwise) == "int4"
    assert set(found.values()) == {"int4g32"}
    with pytest.raises(EdgeqError, match="can't be int4g32: there is no kernel for dwconv2d"):
        quantized(graph, samples.inputs, Recipe(rules=(Rule(depthwise, None, {"precision": "int4g32"}),)))
