"""The example models on every board, with real inputs: every layer equals the reference."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from edgeq import pipeline, profiling
from edgeq.board import list_boards, load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.simulate.counts import Counts
from edgeq.simulate.session import RunOptions, run_samples
from edgeq.verification import verify_layers
from tests.tools import require_board

OPTIONS = EmitOptions("speed", "int8", {"file": "example", "sha256": ""})
SIMULATED = [name for name in list_boards() if name != "host"]
#: one of every instruction set and compiler; the others are parts with cores like these
CLASSES = ["cortex-m4", "cortex-m55", "riscv-8core", "riscv-rv32imc", "riscv-rvv"]


def built(graph: Graph, board: str, folder: Path, optimize: str = "speed") -> FirmwareFolder:
    require_board(board)
    options = dataclasses.replace(OPTIONS, optimize=optimize)
    pipeline.generate(graph, load_board(board), folder, options)
    return open_folder(folder)


def assert_exact(firmware: FirmwareFolder, samples: Samples) -> None:
    result = verify_layers(firmware, samples)
    assert result.bit_exact, result.first_difference
    assert len(result.layers) == len(firmware.manifest["layers"])


def test_kws_on_host(kws_integer: Graph, kws_samples: Samples, tmp_path: Path) -> None:
    assert_exact(built(kws_integer, "host", tmp_path), kws_samples)


@pytest.mark.qemu
@pytest.mark.parametrize("board", SIMULATED)
def test_kws(board: str, kws_integer: Graph, kws_samples: Samples, tmp_path: Path) -> None:
    assert_exact(built(kws_integer, board, tmp_path), kws_samples.evenly(12 if board in CLASSES else 2))


def test_the_product_lies_where_the_part_has_memory(kws_integer: Graph, tmp_path: Path) -> None:
    firmware = built(kws_integer, "stm32f405", tmp_path)
    starts = {}
    for name in ("firmware.elf", "simulation.elf"):
        with (firmware.path / name).open("rb") as file:
            elf = ELFFile(file)
            starts[name] = [elf.get_section_by_name(section)["sh_addr"] for section in (".text", ".eq_arena")]
    assert starts["firmware.elf"][0] == 0x08000000
    assert starts["simulation.elf"][0] == 0
    assert all(0x20000000 <= arena < 0x20020000 for _, arena in starts.values())


@pytest.mark.qemu
@pytest.mark.parametrize("board", CLASSES)
def test_resnet8(board: str, resnet8_integer: Graph, resnet8_samples: Samples, tmp_path: Path) -> None:
    assert_exact(built(resnet8_integer, board, tmp_path), resnet8_samples.evenly(4))


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["cortex-m4", "riscv-8core"])
def test_optimize_size_is_exact_and_not_larger(
    board: str, kws_integer: Graph, kws_samples: Samples, tmp_path: Path
) -> None:
    (tmp_path / "size").mkdir()
    (tmp_path / "speed").mkdir()
    small = built(kws_integer, board, tmp_path / "size", optimize="size")
    assert_exact(small, kws_samples.evenly(2))
    fast = built(kws_integer, board, tmp_path / "speed")
    sizes = [pipeline.read_sizes(item.path / "firmware.elf", item.board, "kws").flash for item in (small, fast)]
    assert sizes[0] <= sizes[1]


def counted(firmware: FirmwareFolder, samples: Samples) -> tuple[Counts, Counts | None]:
    result = profiling.run(firmware, quantize_inputs(firmware.graph, samples))
    return result.counts, result.single_core


@pytest.mark.qemu
def test_eight_cores_pay_on_resnet8(resnet8_integer: Graph, resnet8_samples: Samples, tmp_path: Path) -> None:
    firmware = built(resnet8_integer, "riscv-8core", tmp_path)
    first = counted(firmware, resnet8_samples)
    assert first == counted(firmware, resnet8_samples), "two runs of the counter differ"
    eight, one = first
    assert one is not None
    assert one.cycles >= 6.0 * eight.cycles
    assert one.cycles <= 8.0 * eight.cycles


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["cortex-m4", "cortex-m55", "riscv-rv32imc"])
def test_counts_are_the_same_every_time(board: str, kws_integer: Graph, kws_samples: Samples, tmp_path: Path) -> None:
    firmware = built(kws_integer, board, tmp_path)
    inputs = quantize_inputs(firmware.graph, kws_samples.evenly(1))
    counts = [run_samples(firmware, inputs, RunOptions(count=True)).counts for _ in range(2)]
    assert counts[0] == counts[1]
    assert counts[0] is not None
    assert set(counts[0].layers) == set(range(len(firmware.manifest["layers"])))
