"""An int8 firmware for a core without FPU holds no float instruction, no float helper and no allocator."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.ir.graph import Graph
from tests.tools import require_board, require_tool

OPTIONS = EmitOptions("speed", "int8", {"file": "example", "sha256": ""})
#: Thumb VFP mnemonics start with v; RISC-V's F and D instructions with f (fence is not one)
FLOAT = {
    "cortex-m4": re.compile(r"^v[a-z0-9.]+$"),
    "riscv-rv32imc": re.compile(r"^(c\.)?f(?!ence)[a-z0-9.]+$"),
}
HELPERS = re.compile(r"^(__aeabi_[fd]\w+|__\w+[sd]f[23]?|malloc|calloc|realloc|free|_sbrk|_malloc_r)$")


def disassembled(elf: Path, prefix: str) -> list[str]:
    """Mnemonics of all instructions."""
    text = subprocess.run(
        [require_tool(f"{prefix}objdump"), "-d", "--no-show-raw-insn", str(elf)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [match.group(1) for match in re.finditer(r"^\s*[0-9a-f]+:\s+([a-z][\w.]*)", text, re.MULTILINE)]


@pytest.mark.parametrize("network", ["kws_integer", "resnet8_integer"])
@pytest.mark.parametrize("board_name", sorted(FLOAT))
def test_no_float_and_no_malloc(board_name: str, network: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    require_board(board_name)
    graph: Graph = request.getfixturevalue(network)
    board = load_board(board_name)
    pipeline.generate(graph, board, tmp_path, OPTIONS)
    prefix = board.toolchain.compiler.removesuffix("gcc")
    mnemonics = disassembled(tmp_path / "firmware.elf", prefix)
    assert len(mnemonics) > 500
    assert [name for name in mnemonics if FLOAT[board_name].match(name)] == []
    names = subprocess.run(
        [require_tool(f"{prefix}nm"), str(tmp_path / "firmware.elf")], capture_output=True, text=True, check=True
    ).stdout.split()
    assert f"{graph.name}_invoke" in names
    assert [name for name in names if HELPERS.match(name)] == []


def test_the_patterns_find_what_they_look_for() -> None:
    assert all(FLOAT["cortex-m4"].match(name) for name in ("vadd.f32", "vldr", "vmov"))
    assert not any(FLOAT["cortex-m4"].match(name) for name in ("add.w", "smlad", "ldr"))
    assert all(FLOAT["riscv-rv32imc"].match(name) for name in ("fadd.s", "flw", "fmv.w.x", "c.flw", "fsw"))
    assert not any(FLOAT["riscv-rv32imc"].match(name) for name in ("fence", "fence.i", "lw", "mulh"))
    assert all(HELPERS.match(name) for name in ("__aeabi_fmul", "__addsf3", "__floatsisf", "malloc", "__muldf3"))
