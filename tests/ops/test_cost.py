"""The estimates behind the choice of kernels stay near what the simulator counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq import profiling
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.firmware import make
from edgeq.firmware_folder import open_folder
from edgeq.lower.select import candidates, lower
from edgeq.ops.spatial import Window
from edgeq.plan.arena import plan
from tests.ops.cases import CaseGraph, conv2d_case, linear_case
from tests.tools import require_board

OPTIONS = EmitOptions("speed", "int8", {"file": "cases", "sha256": ""})
TOLERANCE = 0.25
K3X3 = Window((3, 3), (1, 1), (1, 1, 1, 1), (1, 1))
STRIDED = Window((3, 3), (2, 2), (1, 1, 1, 1), (1, 1))
POINTWISE = Window((1, 1), (1, 1), (0, 0, 0, 0), (1, 1))
#: not the shapes of the fit
CONVOLUTIONS = [((12, 12), 24, 24, K3X3), ((10, 6), 8, 40, K3X3), ((14, 14), 3, 12, K3X3), ((9, 9), 48, 20, K3X3)]
LINEARS = [(1, 128, 16), (2, 48, 40)]


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("board_name", "kernel"),
    [
        ("cortex-m4", "eq_conv2d_s8_{form}_dsp"),
        ("cortex-m4", "eq_conv2d_s8_pointwise_{form}_dsp"),
        ("cortex-m4", "eq_conv2d_s8_winograd2x2_{form}_dsp"),
        ("cortex-m4", "eq_linear_s8_{form}_dsp"),
        ("riscv-rv32imc", "eq_conv2d_s8_{form}_rv32im"),
        ("riscv-rv32imc", "eq_conv2d_s8_winograd2x2_{form}_rv32im"),
        ("riscv-rv32imc", "eq_conv2d_s8_winograd4x4_{form}_rv32im"),
        ("riscv-rv32imc", "eq_conv2d_s8_{form}_scalar"),
        ("riscv-rv32imc", "eq_conv2d_s8_pointwise_{form}_scalar"),
        ("riscv-rv32imc", "eq_linear_s8_{form}_rv32im"),
        ("riscv-rv32imc", "eq_linear_s8_{form}_scalar"),
    ],
)
def test_estimates(board_name: str, kernel: str, tmp_path: Path) -> None:
    require_board(board_name)
    board = load_board(board_name)
    builder = CaseGraph(np.random.default_rng(0))
    if "linear" in kernel:
        cases = [linear_case(*shape) for shape in LINEARS]
    else:
        cases = [
            conv2d_case(size, in_c, out_c, POINTWISE if "pointwise" in kernel else window)
            for size, in_c, out_c, window in CONVOLUTIONS
        ]
        if kernel in ("eq_conv2d_s8_{form}_dsp", "eq_conv2d_s8_{form}_rv32im", "eq_conv2d_s8_{form}_scalar"):
            cases.append(conv2d_case((16, 16), 16, 24, STRIDED))
    for case in cases:
        case.add(builder)
    graph = builder.finish()
    chosen = {
        node.name: next(item for item in candidates(graph, node, board) if item.kernel.function == kernel)
        for node in graph.nodes
    }
    program = lower(graph, board, chosen)
    emit(program, plan(program), tmp_path, OPTIONS)
    make.build(tmp_path, board)
    firmware = open_folder(tmp_path)
    counts = profiling.run(firmware, profiling.default_inputs(firmware)).counts
    for layer, case in zip(program.layers, cases, strict=True):
        counted = counts.layers[layer.index].instructions
        assert chosen[layer.node.name].instructions == pytest.approx(counted, rel=TOLERANCE), case.text
