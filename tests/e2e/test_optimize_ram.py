"""--optimize ram and the order of branching networks: smaller arenas, the same bytes, and reports that say so."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq import pipeline, profiling, reference
from edgeq.board import load_board
from edgeq.cli import main
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import open_folder
from edgeq.frontend.importer import Importer
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.passes import canonicalize
from edgeq.plan.arena import plan
from edgeq.plan.order import smallest_peak
from edgeq.plan.over_input import overwrite_inputs
from edgeq.quantize.convert import to_integer
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.verification import verify_layers
from tests.conftest import EXAMPLES
from tests.tools import require_board

OPTIONS = EmitOptions("ram", "int8", {"file": "example", "sha256": ""})
BOARDS = [
    "host",
    pytest.param("cortex-m4", marks=pytest.mark.qemu),
    pytest.param("riscv-8core", marks=pytest.mark.qemu),
]


def window(kernel: int, stride: int = 1) -> dict[str, object]:
    side = kernel // 2
    return {
        "kernel": (kernel, kernel),
        "stride": (stride, stride),
        "padding": (side, side, side, side),
        "dilation": (1, 1),
    }


class Builder:
    """Float images, channels last, with seeded weights."""

    def __init__(self, channels: int, size: int) -> None:
        self.importer, self.rng, self.count = Importer("branches"), np.random.default_rng(0), 0
        self.x = self.importer.channels_last(self.importer.input("x", (1, channels, size, size)))

    def _name(self, op: str) -> None:
        self.importer.begin_call(f"{op}{self.count}", "", ())
        self.count += 1

    def conv(self, x: str, in_c: int, out_c: int, kernel: int, stride: int = 1) -> str:
        self._name("conv")
        weights = self.rng.normal(0, 0.3, (out_c, kernel, kernel, in_c)).astype(np.float32)
        constants = [self.importer.constant(weights), self.importer.constant(np.zeros(out_c, np.float32))]
        return self.importer.add("conv2d", [x, *constants], window(kernel, stride))

    def pool(self, x: str) -> str:
        self._name("pool")
        return self.importer.add("max_pool2d", [x], window(3))

    def join(self, op: str, *inputs: str) -> str:
        self._name(op)
        return self.importer.add(op, list(inputs), {"axis": 3} if op == "concat" else {})

    def finish(self, x: str) -> Graph:
        graph = canonicalize(self.importer.finish([self.importer.channels_first(x)]))
        activations = (name for name, tensor in graph.tensors.items() if not tensor.is_constant)
        return to_integer(graph, dict.fromkeys(activations, (-2.0, 2.0)))


def inception() -> Graph:
    """Four branches of which each widens before it narrows, listed breadth first; a residual addition around them."""
    b = Builder(8, 12)
    wide = [b.conv(b.x, 8, 24 + 4 * index, 1) for index in range(3)]
    pooled = b.pool(b.x)
    narrow = [b.conv(x, 24 + 4 * index, 2, 3) for index, x in enumerate(wide)]
    joined = b.join("concat", *narrow, b.conv(pooled, 8, 2, 1))
    return b.finish(b.join("add", b.conv(joined, 8, 8, 1), b.x))


def steps_down() -> Graph:
    """A first part with large activations that shrinks its images, with a residual block inside."""
    b = Builder(3, 32)
    x = b.conv(b.x, 3, 16, 3)
    x = b.join("add", b.conv(b.conv(x, 16, 16, 3), 16, 16, 3), x)
    return b.finish(b.conv(b.conv(x, 16, 16, 3, stride=2), 16, 32, 3, stride=2))


NETWORKS = {"inception": inception, "steps_down": steps_down}


def samples_of(graph: Graph, count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {n: rng.integers(-128, 128, (count, *graph.tensor(n).shape[1:])).astype(np.int8) for n in graph.inputs}


@pytest.mark.parametrize("board", ["host", "cortex-m4", "cortex-m55", "riscv-8core"])
def test_order_shrinks_a_branching_network(board: str) -> None:
    graph, target = inception(), load_board(board)
    given = plan(overwrite_inputs(lower(graph, target)))
    program, arena = pipeline.arrange(graph, target)
    assert program.graph.nodes == smallest_peak(graph).nodes != graph.nodes
    assert arena.arena_bytes < 0.75 * given.arena_bytes
    assert arena.optimal


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_two_runs_over_poison_are_exact(board: str, network: str, tmp_path: Path) -> None:
    require_board(board)
    graph = NETWORKS[network]()
    program, arena = pipeline.generate(graph, load_board(board), tmp_path, OPTIONS)
    assert arena.arena_bytes < pipeline.arrange(graph, program.board)[1].arena_bytes
    assert program.stages
    inputs = samples_of(graph, 2)
    twice = {name: np.concatenate([array, array]) for name, array in inputs.items()}
    expected = reference.run(graph, twice)
    for poison in (False, True):
        outputs = run_samples(open_folder(tmp_path), twice, RunOptions(poison=poison)).outputs
        for name in graph.outputs:
            np.testing.assert_array_equal(outputs[name], expected[name])


@pytest.mark.qemu
def test_any_number_of_cores_gives_the_same_bytes(tmp_path: Path) -> None:
    require_board("riscv-8core")
    graph = steps_down()
    pipeline.generate(graph, load_board("riscv-8core"), tmp_path, OPTIONS)
    inputs = samples_of(graph, 1)
    expected = reference.run(graph, inputs)[graph.outputs[0]]
    for cores in (1, 2, 3, 5, 8):
        outputs = run_samples(open_folder(tmp_path), inputs, RunOptions(cores=cores)).outputs
        np.testing.assert_array_equal(outputs[graph.outputs[0]], expected)


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["cortex-m4", "cortex-m55", "riscv-8core", "riscv-rv32imc"])
def test_resnet8(board: str, resnet8_integer: Graph, resnet8_samples: Samples, tmp_path: Path) -> None:
    """Two thirds of the arena at most, exact, and every layer has instructions that add up to the total."""
    require_board(board)
    program, arena = pipeline.generate(resnet8_integer, load_board(board), tmp_path, OPTIONS)
    assert arena.arena_bytes < 0.67 * pipeline.arrange(resnet8_integer, program.board)[1].arena_bytes
    firmware = open_folder(tmp_path)
    assert verify_layers(firmware, resnet8_samples.evenly(2)).bit_exact
    counted = profiling.run(firmware, quantize_inputs(resnet8_integer, resnet8_samples.evenly(1)))
    rows = profiling.layer_rows(firmware, counted)
    assert all(row["instructions"] > 0 for row in rows)
    assert sum(row["instructions"] for row in rows) == counted.instructions
    for row in rows:
        if row["macs"]:
            assert row["instructions_per_mac"] < 8


def test_never_larger_than_without(kws_integer: Graph) -> None:
    for board in ("host", "cortex-m4", "riscv-8core"):
        sizes = [pipeline.arrange(kws_integer, load_board(board), how)[1].arena_bytes for how in ("ram", "speed")]
        assert sizes[0] <= sizes[1]


def test_commands_tell_what_they_cannot_see(tmp_path: Path) -> None:
    """verify names the layers it sees only through the last one of their stage, and finds a fault inside a stage."""
    require_board("host")
    folder = tmp_path / "made"
    model = EXAMPLES / "resnet8"
    arguments = ["build", str(model / "resnet8.pt2"), "--board", "host", "--calib", str(model / "demo.npz")]
    built = CliRunner().invoke(
        main, [*arguments, "--optimize", "ram", "--simulate-samples", "2", "-o", str(folder), "--json"]
    )
    assert built.exit_code == 0, built.output
    memory = json.loads(built.stdout)["memory"]
    assert memory["arena_optimal"] is True
    assert memory["arena_bytes"] == memory["arena_lower_bound_bytes"]
    (stage,) = memory["stages"]
    assert stage["bands"] > 8
    checked = json.loads(CliRunner().invoke(main, ["verify", str(folder), "--json"]).stdout)
    seen = [layer["name"] for layer in checked["layers"]]
    assert checked["bit_exact"]
    assert list(checked["seen_through"]) == stage["layers"][:-1]
    assert set(checked["seen_through"].values()) == {stage["layers"][-1]}
    assert not set(seen) & set(checked["seen_through"])
    text = CliRunner().invoke(main, ["verify", str(folder)]).stdout
    assert all(key in text for key in stage["layers"])
    damage(folder / "reference", stage["layers"])
    broken = CliRunner().invoke(main, ["verify", str(folder)])
    assert broken.exit_code == 1
    assert f"{stage['layers'][-1]} or one that runs with it" in broken.stdout


def damage(reference_folder: Path, layers: list[str]) -> None:
    """Changes the reference of the stage's second layer: its largest output value."""
    firmware = open_folder(reference_folder.parent)
    node = next(layer["node"] for layer in firmware.manifest["layers"] if layer["key"] == layers[1])
    from edgeq.ir import serialize

    nodes = [
        n.with_attributes(act_max=n.attributes["act_max"] // 8) if n.name == node else n for n in firmware.graph.nodes
    ]
    serialize.save(dataclasses.replace(firmware.graph, nodes=tuple(nodes)), reference_folder)


def test_unknown_goal_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["build", "x.pt2", "--board", "host", "--optimize", "rom", "-o", str(tmp_path)])
    assert result.exit_code == 2
    assert "rom" in result.output
    assert "ram" in result.output
