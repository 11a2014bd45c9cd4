"""Whole networks from torch to firmware: imported they compute what torch computes, quantized nearly that, and as
firmware on the host, an ARM and a RISC-V board what the integer reference computes, layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, dequantize, quantize_inputs, random_samples, to_model_layout
from edgeq.quantize.recipe import Recipe
from edgeq.verification import verify_layers
from tests.e2e.zoo import NETWORKS
from tests.tools import require_board
from tests.unit.test_import import imported, randomized

OPTIONS = EmitOptions("speed", "int8", {"file": "zoo", "sha256": ""})
CALIBRATION, VERIFIED, STEPS = 32, 2, 12
#: lowest ratio of a network's outputs to what quantization adds, in dB; wrong arithmetic is far below
LEAST_DB = 15.0
#: networks take turns with the boards of an architecture
ARM, RISCV = ("cortex-m4", "cortex-m55"), ("riscv-8core", "riscv-rv32imc")
BOARDS = [
    (name, board)
    for number, name in enumerate(sorted(NETWORKS))
    for board in ("host", ARM[number % 2], RISCV[number // 2 % 2])
]


def network(name: str) -> nn.Module:
    torch.manual_seed(1)
    return randomized(NETWORKS[name].make())


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[Graph, Graph, Samples]]:
    """Networks that a test has imported and quantized: float graph, integer graph, samples."""
    return {}


def prepared(name: str, made: dict[str, tuple[Graph, Graph, Samples]]) -> tuple[Graph, Graph, Samples]:
    if name not in made:
        entry = NETWORKS[name]
        example = (torch.zeros(shape, dtype=entry.kind) for shape in entry.shapes)
        graph = imported(network(name), *example, states=entry.states)
        samples = random_samples(graph, CALIBRATION)
        made[name] = (graph, pipeline.quantize(graph, samples, Recipe()), samples)
    return made[name]


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_computes_what_torch_computes(name: str, made: dict[str, tuple[Graph, Graph, Samples]]) -> None:
    graph, integer, samples = prepared(name, made)
    few = samples.portion(STEPS if graph.states else 4, graph)
    floats = reference.run(graph, few.inputs)
    integers = reference.run(integer, quantize_inputs(integer, few))
    module = network(name)
    ports = dict(state.ports for state in graph.states if state.ports is not None)
    states = {port: torch.zeros(NETWORKS[name].shapes[port]) for port in sorted(ports)}
    for index in range(len(few)):
        example = [
            torch.from_numpy(to_model_layout(graph, item, few.inputs[item])[index, None]).to(NETWORKS[name].kind)
            for item in graph.inputs
        ]
        for port, state in states.items():
            example.insert(port, state)
        with torch.no_grad():
            expected = module(*example)
        expected = expected if isinstance(expected, tuple) else (expected,)
        states = {port: expected[output] for port, output in ports.items()}
        expected = tuple(value for number, value in enumerate(expected) if number not in ports.values())
        for item, right in zip(graph.outputs, expected, strict=True):
            mine = to_model_layout(graph, item, floats[item])[index]
            np.testing.assert_allclose(mine, right[0].numpy(), rtol=1e-3, atol=1e-4)
    for item in graph.outputs:
        tensor = integer.tensor(item)
        error = dequantize(integers[item], tensor.scale, tensor.zero_point) - floats[item]
        assert 10 * np.log10(np.square(floats[item]).sum() / np.square(error).sum()) > LEAST_DB


@pytest.mark.qemu
@pytest.mark.parametrize(("name", "board"), BOARDS)
def test_firmware_equals_the_reference(
    name: str, board: str, made: dict[str, tuple[Graph, Graph, Samples]], tmp_path: Path
) -> None:
    require_board(board)
    _, integer, samples = prepared(name, made)
    folder = tmp_path / "firmware"
    pipeline.generate(integer, load_board(board), folder, OPTIONS)
    verification = verify_layers(open_folder(folder), samples.portion(STEPS if integer.states else VERIFIED, integer))
    assert verification.bit_exact, verification.first_difference
