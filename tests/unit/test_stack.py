"""Bounds of stacks against C whose call graph is known, and against what the compiler says of every frame."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeq.board import load_board
from edgeq.firmware.machine_code import effects
from edgeq.firmware.stack import Bound, Stack, StackError, recorded_frames
from tests.tools import require_tool

BOARDS = ("cortex-m0", "cortex-m4", "cortex-m55", "riscv-rv32imc", "riscv-8core")
SOURCE = Path(__file__).parent / "stack_cases.c"


@pytest.fixture(scope="module", params=BOARDS)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    board = load_board(request.param)
    compiler = require_tool(board.toolchain.compiler)
    folder = tmp_path_factory.mktemp("stack")
    flags = [*board.toolchain.flags, "-O2", "-ffunction-sections", "-ffreestanding", "-fstack-usage"]
    objects, elf = folder / "stack_cases.c.o", folder / "cases.elf"
    subprocess.run([compiler, *flags, "-c", str(SOURCE), "-o", str(objects)], check=True, cwd=folder)
    link = [*board.toolchain.flags, "-nostdlib", "-nostartfiles", "-Wl,--emit-relocs,--entry=entry", str(objects)]
    subprocess.run([compiler, *link, "-lgcc", "-o", str(elf)], check=True)
    return Stack(elf, board.arch, recorded_frames([folder]))


def on_path(bound: Bound) -> list[str]:
    return [frame.function.partition(".")[0] for frame in bound.path]


def test_frames_add_up_along_the_deepest_path(stack: Stack) -> None:
    bound = stack.bound("entry")
    assert on_path(bound)[:3] == ["entry", "middle", "large"]
    assert bound.bytes == sum(frame.bytes for frame in bound.path)
    assert 400 <= bound.bytes < 600  # 100 words in the deepest
    assert bound.callbacks == ()


def test_tasks_are_those_of_the_table(stack: Stack) -> None:
    """The kernel that a task hands down is reached through it; tasks of another table are not."""
    bound = stack.bound("poll")
    assert on_path(bound)[:5] == ["poll", "eq_team_run", "task_with_kernel", "band", "kernel"]
    assert 800 <= bound.bytes < 1200
    assert stack.bound("poll_other").bytes < 300


def test_what_the_caller_gives_is_named(stack: Stack) -> None:
    assert stack.bound("feed").callbacks == ("feed",)


def test_a_switch_calls_nothing(stack: Stack) -> None:
    assert stack.bound("switched").callbacks == ()


def test_no_bound_without_an_end(stack: Stack) -> None:
    with pytest.raises(StackError, match="calls itself"):
        stack.bound("endless")
    with pytest.raises(StackError, match="no fixed size"):
        stack.bound("variable")
    with pytest.raises(StackError, match="there is no function"):
        stack.bound("absent")


def test_the_compilers_library_counts(stack: Stack) -> None:
    assert len(stack.bound("divide").path) > 1


def test_machine_code_tells_what_the_compiler_records(stack: Stack) -> None:
    compared = 0
    for name in stack.names:
        recorded, decoded = stack.recorded_frame(name), stack.decoded_frame(name)
        if recorded is not None and decoded is not None:
            compared += 1
            assert recorded <= decoded <= recorded + 32, name  # a prologue for each of two paths counts twice
    assert compared >= 8


@pytest.mark.parametrize(
    ("code", "arch", "bytes_", "calls", "jumps"),
    [
        ("2de9f04f", "cortex_m", 36, False, False),  # push.w {r4-r11, lr}
        ("10b582b0", "cortex_m", 16, False, False),  # push {r4, lr}; sub sp, #8
        ("2ded108b", "cortex_m", 64, False, False),  # vpush {d8-d15}
        ("adf5807d", "cortex_m", 256, False, False),  # sub.w sp, sp, #256
        ("4df8047d", "cortex_m", 4, False, False),  # str r7, [sp, #-4]!
        ("9847", "cortex_m", 0, True, False),  # blx r3
        ("1847", "cortex_m", 0, False, True),  # bx r3
        ("7047", "cortex_m", 0, False, False),  # bx lr
        ("9d44", "cortex_m", None, False, False),  # add sp, r3
        ("0111", "riscv", 32, False, False),  # c.addi sp, -32
        ("3971", "riscv", 64, False, False),  # c.addi16sp sp, -64
        ("130101c0", "riscv", 1024, False, False),  # addi sp, sp, -1024
        ("33015140", "riscv", None, False, False),  # sub sp, sp, t0
        ("8297", "riscv", 0, True, False),  # c.jalr a5
        ("8287", "riscv", 0, False, True),  # c.jr a5
        ("8280", "riscv", 0, False, False),  # ret
        ("fff7feff", "cortex_m", 0, False, False),  # bl to itself
        ("97000000e7800001", "riscv", 0, False, False),  # auipc ra; jalr ra: a direct call
    ],
)
def test_instructions(code: str, arch: str, bytes_: int | None, calls: bool, jumps: bool) -> None:
    found = effects(bytes.fromhex(code), arch)
    assert (found.frame_bytes, found.calls_pointer, found.jumps_pointer) == (bytes_, calls, jumps)
    assert found.calls_itself == (code == "fff7feff")
