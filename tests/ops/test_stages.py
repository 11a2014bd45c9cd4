"""Layers that run band by band equal the reference: random networks of every operator that has rows, with branches and
residual additions, at every pace; on the host under sanitizers and on QEMU for every instruction set."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgeq import reference
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.firmware import make
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Graph
from edgeq.lower.program import Program, Rows
from edgeq.lower.select import lower
from edgeq.lower.stage import Pace, row_kernels, with_stage
from edgeq.ops.add import coefficients
from edgeq.ops.spatial import Window
from edgeq.plan.arena import plan
from edgeq.plan.over_input import overwrite_inputs
from edgeq.simulate.session import RunOptions, run_samples
from tests.ops.cases import CHANNELS, FORMS, CaseGraph, _int8s, add_weighted, window_attributes
from tests.ops.test_exact import TARGETS, random_inputs
from tests.tools import require_board

OPTIONS = EmitOptions("ram", "int8", {"file": "stages", "sha256": ""})
PACES = (Pace(1), Pace(2), Pace(3), Pace(1, 2), Pace(1, 4), Pace(5), Pace(2, 3))
NETWORKS = 14


class Network:
    """Draws one network of image operators into a graph of several."""

    def __init__(self, graph: CaseGraph, rng: np.random.Generator) -> None:
        self.graph, self.rng = graph, rng
        size = (int(rng.integers(6, 17)), int(rng.integers(3, 10)))
        self.values = [graph.activation((1, *size, self._channels()), self._zero_point())]

    def _channels(self) -> int:
        return int(self.rng.choice([c for c in CHANNELS if c <= 17]))

    def _zero_point(self) -> int:
        return int(self.rng.choice([-128, -7, 0, 127]))

    def _shape(self, name: str) -> tuple[int, ...]:
        return self.graph.tensors[name].shape

    def _window(self, shape: tuple[int, ...], pool: bool) -> Window | None:
        rng = self.rng
        kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        if rng.random() < 0.5:
            kernel = (3, 3) if rng.random() < 0.7 else (1, 1)
        stride = (int(rng.choice([1, 1, 2, 3])), int(rng.choice([1, 1, 2])))
        most = [size // 2 if pool else size - 1 for size in kernel]
        sides = [int(rng.integers(0, most[axis] + 1)) for axis in (0, 0, 1, 1)]
        dilation = (int(rng.integers(1, 3)), 1) if not pool else (1, 1)
        window = Window(kernel, stride, (sides[0], sides[1], sides[2], sides[3]), dilation)
        return window if min(window.output_size(*shape[1:3])) >= 1 else None

    def _weighted(self, op: str, x: str, window: Window) -> None:
        in_c = self._shape(x)[3]
        out_c = in_c if op == "dwconv2d" else self._channels()
        shape = (*window.kernel, in_c) if op == "dwconv2d" else (out_c, *window.kernel, in_c)
        parts = {
            "form": str(self.rng.choice(FORMS)),
            "saturate": False,
            "output_zero_point": self._zero_point(),
            "act_min": -128,
            "act_max": int(self.rng.choice([127, 60])),
        }
        weights = _int8s(self.rng, shape, "random")
        add_weighted(self.graph, op, x, weights, 2 if op == "dwconv2d" else 0, parts, window_attributes(window))

    def grow(self) -> None:
        """One node more, reading the newest value and perhaps an older one; nothing when what is drawn doesn't fit."""
        graph, x = self.graph, self.values[-1]
        tensor, count = graph.tensors[x], len(graph.outputs)
        alike = [v for v in self.values[:-1] if self._shape(v) == tensor.shape]
        beside = [v for v in self.values[:-1] if self._shape(v)[1:3] == tensor.shape[1:3]]
        kind = str(self.rng.choice(["conv2d", "conv2d", "dwconv2d", "pool", "clamp", "lut", "add", "add", "concat"]))
        if kind in ("conv2d", "dwconv2d"):
            window = self._window(tensor.shape, pool=False)
            if window is not None:
                self._weighted(kind, x, window)
        elif kind == "pool":
            window = self._window(tensor.shape, pool=True)
            if window is not None:
                op = str(self.rng.choice(["max_pool2d", "avg_pool2d"]))
                bounds = {"act_min": -128, "act_max": 127}
                graph.node(op, [x], tensor.zero_point, {**window_attributes(window), **bounds}, scale=tensor.scale)
        elif kind == "clamp":
            graph.node(kind, [x], tensor.zero_point, {"act_min": -90, "act_max": 100}, scale=tensor.scale)
        elif kind == "lut":
            table = graph.constant(f"c{len(graph.nodes)}.t", self.rng.integers(-128, 128, 256).astype(np.int8))
            graph.node(kind, [x, table], self._zero_point(), {})
        elif kind == "add" and alike:
            other = str(self.rng.choice(alike))
            output = dataclasses.replace(tensor, quantization=dataclasses.replace(tensor.quantization))
            attributes = coefficients(tensor, graph.tensors[other], output)
            graph.node("add", [x, other], tensor.zero_point, {**attributes, "act_min": -128, "act_max": 127})
        elif kind == "concat" and beside:
            graph.node("concat", [x, str(self.rng.choice(beside))], tensor.zero_point, {"axis": 3})
        if len(graph.outputs) > count:
            self.values.append(graph.outputs.pop())

    def finish(self) -> None:
        """The newest value is the network's output, and the only one."""
        self.graph.outputs.append(self.values[-1])


def networks(seed: int) -> Graph:
    rng = np.random.default_rng(seed)
    graph = CaseGraph(rng)
    for _ in range(NETWORKS):
        network = Network(graph, rng)
        while len(network.values) < 3 or rng.random() < 0.75:
            network.grow()
        network.finish()
    made = graph.finish()
    needed = set(made.outputs)
    kept = []
    for node in reversed(made.nodes):
        if needed & set(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return made.with_nodes(reversed(kept))


def staged(graph: Graph, target: str, seed: int) -> Program:
    """Every network's longest possible stage at a random pace; at least half of the networks have one."""
    board_name, isa = TARGETS[target]
    program = lower(graph, dataclasses.replace(load_board(board_name), isa=isa))
    better = row_kernels(program) if seed % 2 else {}
    rng = np.random.default_rng(seed)
    ends = [layer.index for layer in program.layers if layer.node.output in graph.outputs]
    begin = 0
    for end in ends:
        paces = [PACES[i] for i in rng.permutation(len(PACES))]
        for first, last in sorted(
            ((a, b) for a in range(begin, end + 1) for b in range(a, end + 1)), key=lambda run: run[0] - run[1]
        ):
            found = next((p for pace in paces if (p := with_stage(program, first, last, pace, better))), None)
            if found is not None:
                program = found
                break
        begin = end + 1
    assert len(program.stages) >= len(ends) / 2
    assert sum(stage.last - stage.first for stage in program.stages) >= len(ends)
    return program


def check(target: str, seed: int, folder: Path) -> None:
    require_board(TARGETS[target][0])
    graph = networks(seed)
    program = overwrite_inputs(staged(graph, target, seed))
    emit(program, plan(program), folder, OPTIONS)
    make.build(folder, program.board)
    inputs = random_inputs(graph, np.random.default_rng(seed))
    expected = reference.run(graph, inputs)
    result = run_samples(open_folder(folder), inputs, RunOptions(layers=True, poison=True))
    for name in graph.outputs:
        np.testing.assert_array_equal(result.outputs[name], expected[name], f"{name}, seed {seed}")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("target", ["host-scalar", "host-rv32im", "host-xpulp"])
def test_host(target: str, seed: int, tmp_path: Path) -> None:
    check(target, seed, tmp_path)


@pytest.mark.qemu
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("target", ["riscv-rv32imc", "riscv-8core", "cortex-m4", "cortex-m55"])
def test_qemu(target: str, seed: int, tmp_path: Path) -> None:
    check(target, seed, tmp_path)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(100, 130))
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_sweep(target: str, seed: int, tmp_path: Path) -> None:
    check(target, seed, tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_rows_that_are_read_are_in_memory(seed: int) -> None:
    """Band by band in Python: what a layer reads was made and not yet dropped, and windows hold their rows."""
    graph = networks(seed)
    program = staged(graph, "host-scalar", seed)
    for stage in program.stages:
        for layer in program.layers[stage.first : stage.last + 1]:
            output = stage.rows[layer.node.output]
            assert output.done(0) == 0
            made: list[int] = []
            for band in range(stage.bands):
                new = range(output.done(band), output.done(band + 1))
                made += new
                for name, reach in stage.reaches(layer):
                    assert_readable(stage.rows[name], reach.stride, reach.span, reach.pad_top, new, band)
                assert in_window(output, new, band, stage.bands)
            assert made == list(range(output.rows))
        assert stage.rows[program.layers[stage.last].node.output].rows == output.height


def assert_readable(rows: Rows, stride: int, span: int, pad_top: int, new: range, band: int) -> None:
    for y in new:
        for row in range(max(0, y * stride - pad_top), min(rows.height, y * stride - pad_top + span)):
            assert rows.whole or rows.first(band) <= row < rows.done(band + 1)


def in_window(rows: Rows, new: range, band: int, bands: int) -> bool:
    return all(rows.whole or 0 <= row - rows.first(band) < rows.window_rows(bands) for row in new)
