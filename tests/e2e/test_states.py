"""Networks that keep a state between inferences: imported they compute what torch computes step by step, and as
firmware what the integer reference computes, with everything but the states overwritten between the steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.cli import main
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.frontend.load import ModelSource, load
from edgeq.frontend.states import declare
from edgeq.ir.graph import Graph, State
from edgeq.quantize.data import Samples, quantize_inputs, to_model_layout
from edgeq.quantize.recipe import Recipe
from edgeq.simulate.session import run_samples
from edgeq.verification import verify_layers
from tests.tools import require_board, require_module

OPTIONS = EmitOptions("speed", "int8", {"file": "states", "sha256": ""})
STEPS = 48
Step = Callable[..., tuple[torch.Tensor, ...]]


class Network(nn.Module):
    """Layers that all the steps below may use, and one of these steps."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step
        self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.conv = nn.Conv2d(4, 5, (3, 3), padding=(0, 1))
        self.joined = nn.Conv2d(4, 4, 1)

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.step(self, *inputs)


def gated(m: Network, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The state is read early and written later."""
    gate = torch.sigmoid(m.b(h))
    h2 = gate * h + torch.tanh(m.a(x)) * (1 - gate)
    return m.c(torch.relu(h2)), h2


def summed(m: Network, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The state's end is made over its start by the operator that reads it."""
    h2 = torch.tanh(m.a(x)) * 0.5 + h * 0.5
    return m.c(h2), h2


def read_late(m: Network, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The state's end is made before its start is read for the last time: it must be copied."""
    h2 = torch.tanh(m.a(x))
    return m.c(h2 + h), h2


def delayed(m: Network, x: torch.Tensor, h: torch.Tensor, k: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """A delay line: one state becomes the other, which the model also returns."""
    return m.c(m.a(x) + h), k.reshape(1, 8), m.a(x), h


def swapped(m: Network, x: torch.Tensor, h: torch.Tensor, k: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Two states change places."""
    return m.c(m.a(x) + h), torch.tanh(k) + 0.1, h * 1.0 + m.a(x) * 0.1


def crossed(m: Network, x: torch.Tensor, h: torch.Tensor, k: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Two states change places untouched."""
    return m.c(m.a(x) + h * 0.5 + k), k, h


def returned(m: Network, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The state's end is an output as well."""
    h2 = torch.tanh(m.a(x)) + h * 0.5
    return h2, h2


def windowed(m: Network, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """A streaming convolution: rows of the last inferences, channels first in the model."""
    rows = torch.cat([h, m.joined(x)], 2)
    return m.conv(rows), rows[:, :, 1:]


#: step -> shapes of its inputs, its states
NETWORKS: dict[Step, tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]] = {
    gated: (((1, 6), (1, 8)), ("h=1",)),
    summed: (((1, 6), (1, 8)), ("h=1",)),
    read_late: (((1, 6), (1, 8)), ("h=1",)),
    delayed: (((1, 6), (1, 8), (1, 8)), ("h=2", "k=3")),
    swapped: (((1, 6), (1, 8), (1, 8)), ("h=1", "k=2")),
    crossed: (((1, 6), (1, 8), (1, 8)), ("h=1", "k=2")),
    returned: (((1, 6), (1, 8)), ("h=1",)),
    windowed: (((1, 4, 1, 7), (1, 4, 2, 7)), ("h=1",)),
}


def saved(step: Step, folder: Path) -> tuple[Network, Path]:
    torch.manual_seed(3)
    network = Network(step).eval()
    path = folder / f"{step.__name__}.pt2"
    example = tuple(torch.zeros(shape) for shape in NETWORKS[step][0])
    wrapper = _named(network, len(example))
    torch.export.save(torch.export.export(wrapper, example), path)
    return network, path


def _named(network: Network, inputs: int) -> nn.Module:
    """The network with inputs called x, h and k."""

    class One(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = network

        def forward(self, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return self.inner(x, h)

    class Two(One):
        def forward(self, x: torch.Tensor, h: torch.Tensor, k: torch.Tensor) -> tuple[torch.Tensor, ...]:  # type: ignore[override]
            return self.inner(x, h, k)

    return (One() if inputs == 2 else Two()).eval()


@cache
def imported(step: Step) -> tuple[Network, Graph, Samples]:
    with TemporaryDirectory() as folder:
        network, path = saved(step, Path(folder))
        return network, *_with_samples(step, path)


def _with_samples(step: Step, path: Path) -> tuple[Graph, Samples]:
    graph = pipeline.import_model(ModelSource(path, states=NETWORKS[step][1]))
    rng = np.random.default_rng(0)
    inputs = {name: rng.standard_normal((STEPS, *graph.tensor(name).shape[1:]), np.float32) for name in graph.inputs}
    return graph, Samples(inputs, None)


def firmware_of(graph: Graph, samples: Samples, board: str, folder: Path, optimize: str = "speed") -> FirmwareFolder:
    integer = pipeline.quantize(graph, samples, Recipe())
    pipeline.generate(integer, load_board(board), folder, EmitOptions(optimize, "int8", OPTIONS.source))
    return open_folder(folder)


@pytest.mark.parametrize("step", NETWORKS)
def test_computes_what_torch_computes(step: Step) -> None:
    network, graph, samples = imported(step)
    found = reference.run(graph, samples.inputs)
    states = {pair[0]: torch.zeros(NETWORKS[step][0]["xhk".index(pair[0])]) for pair in NETWORKS[step][1]}
    numbers = {pair[0]: int(pair[2:]) for pair in NETWORKS[step][1]}
    for index in range(STEPS):
        x = torch.from_numpy(to_model_layout(graph, "x", samples.inputs["x"])[index, None].copy())
        with torch.no_grad():
            made = network(x, *states.values())
        kept = [item for number, item in enumerate(made) if number not in numbers.values()]
        for name, right in zip(graph.outputs, kept, strict=True):
            mine = to_model_layout(graph, name, found[name])[index]
            np.testing.assert_allclose(mine, right[0].numpy(), rtol=1e-3, atol=1e-4)
        states = {name: made[number] for name, number in numbers.items()}


@pytest.mark.parametrize(("step", "optimize"), [*((step, "speed") for step in NETWORKS), (windowed, "ram")])
def test_firmware_equals_the_reference(step: Step, optimize: str, tmp_path: Path) -> None:
    _, graph, samples = imported(step)
    firmware = firmware_of(graph, samples, "host", tmp_path / "firmware", optimize)
    verification = verify_layers(firmware, samples)
    assert verification.bit_exact, verification.first_difference
    state_bytes = firmware.manifest["arena"]["state_bytes"]
    starts = {state["name"] for state in firmware.manifest["states"]}
    places = [row for row in firmware.manifest["arena"]["tensors"] if row["offset"] < state_bytes]
    ends = {state.end for state in firmware.graph.states}
    producers = firmware.graph.producers()
    views = {producers[end].inputs[0] for end in ends if producers[end].op == "reshape"}
    readers = {node.output for node in firmware.graph.nodes if node.op == "reshape" and node.inputs[0] in starts}
    assert {row["name"] for row in places} <= starts | ends | views | readers
    assert sum("copy" in layer["op"] for layer in firmware.manifest["layers"]) == COPIES.get(step, 0)


#: copies that a network's states take
COPIES = {read_late: 1, delayed: 4, swapped: 1, crossed: 4}


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["cortex-m4", "riscv-8core"])
def test_on_simulators(board: str, tmp_path: Path) -> None:
    require_board(board)
    _, graph, samples = imported(gated)
    firmware = firmware_of(graph, samples, board, tmp_path / "firmware")
    assert verify_layers(firmware, samples).bit_exact


def test_a_sequence_is_not_split(tmp_path: Path) -> None:
    """As many steps as several starts of the firmware would share; and the first ones where only some are run."""
    _, graph, samples = imported(gated)
    firmware = firmware_of(graph, samples, "host", tmp_path / "firmware")
    inputs = {name: np.concatenate([array] * 4) for name, array in quantize_inputs(firmware.graph, samples).items()}
    expected = reference.run(firmware.graph, inputs)
    found = run_samples(firmware, inputs).outputs
    for name in firmware.graph.outputs:
        np.testing.assert_array_equal(found[name], expected[name])
        assert not np.array_equal(found[name][:STEPS], found[name][STEPS : 2 * STEPS])
    few = samples.portion(5, graph)
    np.testing.assert_array_equal(few.inputs["x"], samples.inputs["x"][:5])


def test_which_states_can_be_declared(tmp_path: Path) -> None:
    _, path = saved(summed, tmp_path)
    graph = load(ModelSource(path))
    for named in ("1", graph.outputs[1]):
        declared = declare(graph, [f"h={named}"])
        assert declared.inputs == ("x",)
        assert declared.outputs == graph.outputs[:1]
        assert declared.states == (State("h", graph.outputs[1], (1, 1)),)
    for pairs, message in BAD.items():
        with pytest.raises(EdgeqError, match=message):
            declare(graph, pairs)


BAD = {
    ("h",): "no output ''",
    ("q=1",): "no input 'q'",
    ("h=7",): "no output '7'",
    ("h=0",): "a state keeps its shape",
    ("x=1",): "a state keeps its shape",
    ("h=1", "h=1"): "one state's only",
}


def test_against_torch(tmp_path: Path) -> None:
    """torch's own activations, step by step with its own state."""
    _, path = saved(gated, tmp_path)
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "in.npz", x=rng.standard_normal((STEPS, 6), np.float32))
    folder, inputs = str(tmp_path / "out"), str(tmp_path / "in.npz")
    built = run("build", str(path), "--board", "host", "-o", folder, "--calib", inputs, "--state", "h=1")
    assert built.exit_code == 0, built.output
    checked = run("verify", folder, "--against", "torch", "--model", str(path), "--inputs", inputs, "--json")
    assert checked.exit_code == 0, checked.output
    report = json.loads(checked.stdout)["against"]
    assert all(layer["sqnr_db"] > 15 for layer in report["layers"])
    assert len(report["layers"]) > 8


def test_against_onnx(tmp_path: Path) -> None:
    """The names of the file, and the onnx evaluator's activations."""
    require_module("onnx")
    from tests.onnx.networks import Network as OnnxNetwork

    network, rng = OnnxNetwork(), np.random.default_rng(0)
    h, x = network.input(1, 5), network.input(1, 4)
    mixed = network.add("Gemm", x, network.constant(rng.normal(0, 0.5, (4, 5))))
    h2 = network.add("Tanh", network.add("Add", mixed, network.add("Mul", h, network.constant(0.7))))
    y = network.add("Gemm", h2, network.constant(rng.normal(0, 0.5, (5, 3))))
    network.outputs += [y, h2]
    path = network.save(tmp_path / "net.onnx")
    np.savez(tmp_path / "in.npz", x=rng.standard_normal((STEPS, 4), np.float32))
    folder, inputs = str(tmp_path / "out"), str(tmp_path / "in.npz")
    built = run("build", str(path), "--board", "host", "-o", folder, "--calib", inputs, "--state", f"{h}={h2}")
    assert built.exit_code == 0, built.output
    checked = run("verify", folder, "--against", "onnx", "--model", str(path), "--inputs", inputs, "--json")
    assert checked.exit_code == 0, checked.output
    assert all(layer["sqnr_db"] > 20 for layer in json.loads(checked.stdout)["against"]["layers"])


def test_a_bad_state_is_one_sentence(tmp_path: Path) -> None:
    _, path = saved(gated, tmp_path)
    result = run("inspect", str(path), "--state", "h=nothing")
    assert result.exit_code == 2
    assert "no output 'nothing'; give its name or its number: 0 (" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))
