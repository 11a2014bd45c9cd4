"""A board file chooses its compiler: GCC, or clang from the package ziglang."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from edgeq import pipeline, reference
from edgeq.board import load_board
from edgeq.board_files import copy_with_toolchain
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.firmware import make
from edgeq.firmware_folder import open_folder
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.simulate.session import run_samples
from edgeq.toolchain import ZIG
from tests.tools import require_board

OPTIONS = EmitOptions("speed", "int8", {"file": "kws.pt2", "sha256": ""})


def compilers(elf: Path) -> set[str]:
    """Which of the two have left their name in an ELF's .comment section."""
    with elf.open("rb") as file:
        comment = ELFFile(file).get_section_by_name(".comment").data().decode()
    return {name for name in ("clang", "GCC") if name in comment}


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["cortex-m4", "cortex-m55", "riscv-rv32imc", "riscv-8core"])
def test_zig_builds_what_gcc_builds(board_name: str, kws_integer: Graph, kws_samples: Samples, tmp_path: Path) -> None:
    path = copy_with_toolchain(board_name, ZIG, tmp_path)
    require_board(path)
    folder = tmp_path / "firmware"
    folder.mkdir()
    pipeline.generate(kws_integer, load_board(path), folder, OPTIONS)
    firmware = open_folder(folder)
    assert firmware.board.toolchain.kind == ZIG
    assert compilers(folder / "firmware.elf") == {"clang"}
    inputs = quantize_inputs(kws_integer, kws_samples.evenly(3))
    outputs = run_samples(firmware, inputs).outputs
    expected = reference.run(kws_integer, inputs)
    assert all(np.array_equal(outputs[name], expected[name]) for name in kws_integer.outputs)


def test_a_missing_ziglang_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("edgeq.toolchain.importlib.util.find_spec", lambda name: None)
    board = load_board(copy_with_toolchain("cortex-m4", ZIG, tmp_path))
    with pytest.raises(EdgeqError, match=r"ziglang is needed to build for board cortex-m4 .* pip install ziglang"):
        make.require_tools(board)


def test_a_board_without_flags_for_zig_says_so(tmp_path: Path) -> None:
    with pytest.raises(EdgeqError, match=r"host.toml \[toolchain\]: key 'zig' \(a table\) is missing"):
        load_board(copy_with_toolchain("host", ZIG, tmp_path))


def test_a_board_that_names_its_toolchain_gets_the_other(tmp_path: Path) -> None:
    assert load_board("riscv-rvv").toolchain.kind == ZIG
    assert load_board(copy_with_toolchain("riscv-rvv", "gcc", tmp_path)).toolchain.kind == "gcc"


def test_an_unknown_toolchain_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(EdgeqError, match="'use' is 'icc', must be one of gcc, zig"):
        load_board(copy_with_toolchain("cortex-m4", "icc", tmp_path))
