"""Files, console, exit codes, faults and time-outs, as a user of the simulator meets them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgeq.errors import EdgeqError
from tests.qemu.platform_firmware import CROSS_BOARDS, board_with_tools, build, run

pytestmark = pytest.mark.qemu

COPY = """
#include "eq_port.h"

/* Copies input.bin to output.bin in pieces that don't divide its length, adding 1 to each byte. */
static uint8_t initialised[4] = {1u, 2u, 3u, 4u};
static uint32_t cleared;

int main(void) {
  uint8_t piece[100];
  size_t bytes;
  const int32_t in = eq_port_open("input.bin", EQ_PORT_READ);
  const int32_t out = eq_port_open("output.bin", EQ_PORT_WRITE);
  if (in < 0 || out < 0 || eq_port_open("missing.bin", EQ_PORT_READ) >= 0) {
    eq_port_exit(2);
  }
  if (initialised[0] != 1u || initialised[3] != 4u || cleared != 0u) {
    eq_port_exit(3);
  }
  cleared = 1u;
  initialised[0] = 5u;
  while ((bytes = eq_port_read(in, piece, sizeof piece)) > 0u) {
    for (size_t i = 0; i < bytes; i++) {
      piece[i] = (uint8_t)(piece[i] + 1u);
    }
    if (eq_port_write(out, piece, bytes) != bytes) {
      eq_port_exit(4);
    }
  }
  eq_port_close(in);
  eq_port_close(out);
  eq_port_print("copied\\n");
  eq_port_exit(0);
}
"""

FAULTS = """
#include "eq_port.h"
__attribute__((noinline)) static void broken_function(void) {
#if defined(BAD_ADDRESS)
  *(volatile uint32_t *)(uintptr_t)0xe8000000u = 1u;
#elif defined(OVERFLOW)
  volatile uint8_t frame[256];
  frame[0] = 1u;
  broken_function();
  frame[1] = frame[0];
#elif defined(__riscv)
  __asm__ volatile(".word 0xffffffff");
#else
  __asm__ volatile("udf #0");
#endif
}
int main(void) {
  eq_port_print("before\\n");
  broken_function();
  eq_port_exit(0);
}
"""


@pytest.mark.parametrize("name", ["host", *CROSS_BOARDS])
def test_files(name: str, tmp_path: Path) -> None:
    board = board_with_tools(name)
    elf = build(board, COPY, tmp_path)
    data = bytes(range(256)) * 41 + b"end"
    (tmp_path / "input.bin").write_bytes(data)
    result = run(board, elf)
    assert result.console == "copied\n"
    assert (tmp_path / "output.bin").read_bytes() == bytes((byte + 1) % 256 for byte in data)


@pytest.mark.parametrize("name", CROSS_BOARDS)
@pytest.mark.parametrize(("kind", "words"), [("ILLEGAL", "illegal instruction"), ("BAD_ADDRESS", "bad address")])
def test_fault_message(name: str, kind: str, words: str, tmp_path: Path) -> None:
    board = board_with_tools(name)
    elf = build(board, FAULTS, tmp_path, flags=(f"-D{kind}",))
    with pytest.raises(EdgeqError) as caught:
        run(board, elf)
    message = str(caught.value)
    assert words in message
    assert "function broken_function" in message
    assert board.name in message
    assert "core 0" in message
    assert ("x31" if board.arch == "riscv" else "xpsr") in message


@pytest.mark.parametrize("name", ["cortex-m4", "cortex-m55"])
def test_stack_overflow_is_a_fault(name: str, tmp_path: Path) -> None:
    board = board_with_tools(name)
    elf = build(board, FAULTS, tmp_path, flags=("-DOVERFLOW", "-Wno-infinite-recursion"))
    with pytest.raises(EdgeqError, match=r"stopped|signal"):
        run(board, elf)


def test_fault_inside_the_emulator_names_the_instruction(tmp_path: Path) -> None:
    board = board_with_tools("riscv-8core")
    source = """
    #include "eq_port.h"
    #include "eq_xcv.h"
    __attribute__((noinline)) static uint32_t broken_function(const uint32_t *p) { return eq_xcv_load_w(p, 4); }
    int main(void) { eq_port_exit((int32_t)broken_function((const uint32_t *)(uintptr_t)0xe8000000u)); }
    """
    with pytest.raises(EdgeqError) as caught:
        run(board, build(board, source, tmp_path))
    assert "function broken_function" in str(caught.value)
    assert "load from a bad address" in str(caught.value)
    assert "mtval 0xe8000000" in str(caught.value)


def test_fault_on_another_core(tmp_path: Path) -> None:
    board = board_with_tools("riscv-8core")
    source = """
    #include "eq_port.h"
    #include "eq_team.h"
    static void task(void *argument, uint32_t core, uint32_t cores) {
      if (core == cores - 1u) { *(volatile uint32_t *)argument = 1u; }
    }
    int main(void) { eq_team_run(task, (void *)(uintptr_t)0xe8000000u, 8u); eq_port_exit(0); }
    """
    with pytest.raises(EdgeqError, match="core 7"):
        run(board, build(board, source, tmp_path))


def test_float_instructions_fault_on_integer_boards(tmp_path: Path) -> None:
    for name, instruction in (("riscv-rv32imc", ".word 0x00007053"), ("cortex-m4", ".inst.w 0xee300a20")):
        board = board_with_tools(name)
        source = f'#include "eq_port.h"\nint main(void) {{ __asm__ volatile("{instruction}"); eq_port_exit(0); }}'
        with pytest.raises(EdgeqError, match=r"illegal instruction|coprocessor"):
            run(board, build(board, source, tmp_path / name))


@pytest.mark.parametrize("name", ["host", "riscv-8core", "cortex-m4"])
def test_hang_ends_in_a_message(name: str, tmp_path: Path) -> None:
    board = board_with_tools(name)
    source = """
    #include "eq_port.h"
    static volatile uint32_t spins;
    int main(void) { eq_port_print("layer 7 starts\\n"); for (;;) { spins = spins + 1u; } }
    """
    elf = build(board, source, tmp_path)
    with pytest.raises(EdgeqError, match=r"did not end .* within 1 s .*layer 7 starts"):
        run(board, elf, timeout_s=1)


@pytest.mark.parametrize("name", ["host", "riscv-rv32imc", "cortex-m55"])
def test_exit_code_is_reported(name: str, tmp_path: Path) -> None:
    board = board_with_tools(name)
    source = '#include "eq_port.h"\nint main(void) { eq_port_print("no input\\n"); eq_port_exit(7); }'
    with pytest.raises(EdgeqError, match=r"exit code 7.*no input"):
        run(board, build(board, source, tmp_path))


def test_missing_simulator_names_the_package(tmp_path: Path) -> None:
    board = board_with_tools("cortex-m4")
    simulator = dataclasses.replace(board.simulator, command=("qemu-system-absent", "-M", "x"))
    absent = dataclasses.replace(board, simulator=simulator)
    with pytest.raises(EdgeqError, match="apt-get install qemu-system-arm"):
        run(absent, tmp_path / "any.elf")
