"""The XCV intrinsics give the same numbers in every back end that can be compiled here: .insn (emulated in QEMU) and
portable C (on the host with sanitizers, and on the RISC-V board itself)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from edgeq.paths import runtime_dir
from tests.qemu.platform_firmware import C_FLAGS, board_with_tools, build, run

pytestmark = pytest.mark.qemu

LANES = ("add", "sub", "avg", "avgu", "min", "minu", "max", "maxu", "srl", "sra", "sll", "cmpeq", "cmpgt", "cmpgtu")
ALU_IMMEDIATE = ("addN", "adduN", "addRN", "adduRN", "subN", "subuN", "subRN", "subuRN")
MUL_IMMEDIATE = tuple(f"mul{h}{s}{r}N" for h in ("", "hh") for s in ("s", "u") for r in ("", "R"))
MAC_IMMEDIATE = tuple(f"mac{h}{s}{r}N" for h in ("", "hh") for s in ("s", "u") for r in ("", "R"))
SHIFT_REGISTER = ("addNr", "adduNr", "addRNr", "adduRNr", "subNr", "subuNr", "subRNr", "subuRNr")
SHIFTS = (0, 1, 2, 7, 15, 16, 30, 31)

UNARY = ("abs_b", "abs_h", "abs", "cnt", "ff1", "fl1", "clb")
BINARY = (
    *(f"{name}{form}_{width}" for name in LANES for form in ("", "_sc") for width in "bh"),
    *(f"dot{kind}_{width}" for kind in ("up", "usp", "sp") for width in "bh"),
    *("pack_lo_h", "pack_hi_h", "min", "minu", "max", "maxu", "ror"),
)
TERNARY = (
    *(f"sdot{kind}_{width}" for kind in ("up", "usp", "sp") for width in "bh"),
    *("shuffle2_b", "shuffle2_h", "packlo_b", "packhi_b", "mac", "msu", *SHIFT_REGISTER),
)

# Which intrinsics take signed arguments: -Wconversion is on.
SIGNED = {"abs", "min", "max", "clipr", "clipur", "mac", "msu", "addNr", "addRNr", "subNr", "subRNr"}

PROGRAM = """
#include "eq_port.h"
#include "eq_xcv.h"

static const uint32_t extremes[] = {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0x80008000u, 0x7fff8000u,
                                    0x80808080u, 0x7f807f80u, 0xff00ff00u, 0x00010203u, 0x0000001fu, 0x07060504u};
enum { EXTREMES = sizeof extremes / sizeof extremes[0], TUPLES = EXTREMES * EXTREMES * EXTREMES + 2000 };
static uint32_t random_state;
static uint32_t a, b, d;
static uint32_t hash;

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}
static void operands(uint32_t i) {
  if (i < EXTREMES * EXTREMES * EXTREMES) {
    a = extremes[i % EXTREMES], b = extremes[i / EXTREMES % EXTREMES], d = extremes[i / EXTREMES / EXTREMES];
  } else {
    a = next_random(), b = next_random(), d = next_random();
  }
}
static void fold(uint32_t value) { hash = (hash ^ value) * 16777619u; }
static void begin(void) { hash = 2166136261u; random_state = 2463534242u; }
static void report(const char *name) {
  char digits[11] = " 00000000\\n";
  for (int i = 0; i < 8; i++) {
    digits[1 + i] = "0123456789abcdef"[(hash >> (28 - 4 * i)) & 15u];
  }
  eq_port_print(name);
  eq_port_print(digits);
}
#define CHECK(name, expression)            \\
  static void check_##name(void) {         \\
    begin();                               \\
    for (uint32_t i = 0; i < TUPLES; i++) { \\
      operands(i);                         \\
      expression;                          \\
    }                                      \\
    report(#name);                         \\
  }
"""


def _checks() -> dict[str, str]:
    """Name of each check -> C statement that folds the intrinsic's results on operands a, b, d."""
    checks: dict[str, str] = {}
    for names, arguments in ((UNARY, "a"), (BINARY, "a, b"), (TERNARY, "d, a, b")):
        for name in names:
            call = arguments
            if name in SIGNED:
                call = ", ".join(f"(int32_t){argument.strip()}" for argument in arguments.split(","))
            elif name.startswith("sdot"):
                call = "(int32_t)d, a, b"
            checks[name] = f"fold((uint32_t)eq_xcv_{name}({call}))"
    for name in ("clipr", "clipur"):  # the bound must not be negative
        checks[name] = f"fold((uint32_t)eq_xcv_{name}((int32_t)a, (int32_t)(b & 0x7fffffffu)))"
    for name in ("clip", "clipu"):
        bits = (1, 2, 5, 8, 9, 16, 31)
        folds = (f"fold((uint32_t)eq_xcv_{name}({x}, {n}))" for n in bits for x in ("(int32_t)a", "(int32_t)b >> 20"))
        checks[name] = ", ".join(folds)
    for name in (*ALU_IMMEDIATE, *MUL_IMMEDIATE):
        arguments = "(int32_t)a, (int32_t)b" if name in ALU_IMMEDIATE and "u" not in name[3:] else "a, b"
        checks[name] = ", ".join(f"fold((uint32_t)eq_xcv_{name}({arguments}, {shift}))" for shift in SHIFTS)
    for name in MAC_IMMEDIATE:
        accumulator = "(int32_t)d" if "s" in name else "d"
        checks[name] = ", ".join(f"fold((uint32_t)eq_xcv_{name}({accumulator}, a, b, {shift}))" for shift in SHIFTS)
    for width, lanes in (("b", 4), ("h", 2)):
        for name in ("extract", "extractu"):
            folds = (f"fold((uint32_t)eq_xcv_{name}_{width}(a, {lane}))" for lane in range(lanes))
            checks[f"{name}_{width}"] = ", ".join(folds)
        folds = (f"fold(eq_xcv_insert_{width}(d, a, {lane}))" for lane in range(lanes))
        checks[f"insert_{width}"] = ", ".join(folds)
    return checks


def _memory_program() -> str:
    """Walks a buffer with every load and store form, constant and register steps, forwards and backwards."""
    lines = ["static uint32_t words[64];", "static void check_memory(void) {", "  begin();"]
    lines += ["  for (uint32_t i = 0; i < 64; i++) { words[i] = next_random(); }"]
    for width, size, step in (("w", 4, 8), ("h", 2, 6), ("hu", 2, -2), ("b", 1, 3), ("bu", 1, -1)):
        start = "words" if step > 0 else "words + 60"
        lines += [
            f"  {{ const uint32_t *p = {start};",
            f"    for (int i = 0; i < 20; i++) {{ fold((uint32_t)eq_xcv_load_{width}(p, {step})); }}",
            "    fold((uint32_t)((uintptr_t)p - (uintptr_t)words));",
            f"    p = {start};",
            "    for (int i = 0; i < 20; i++) {",
            f"      fold((uint32_t)eq_xcv_load_{width}_by(p, {step} + {size} * (i & 1))); }}",
            "    fold((uint32_t)((uintptr_t)p - (uintptr_t)words)); }",
        ]
    for width, size in (("w", 4), ("h", 2), ("b", 1)):
        lines += [
            "  { uint8_t *p = (uint8_t *)words;",
            f"    for (int i = 0; i < 20; i++) {{ eq_xcv_store_{width}(p, next_random(), {2 * size}); }}",
            "    for (int i = 0; i < 20; i++) {",
            f"      eq_xcv_store_{width}_by(p, next_random(), {size} - {2 * size} * (i & 1)); }}",
            "    fold((uint32_t)((uintptr_t)p - (uintptr_t)words));",
            "    for (uint32_t i = 0; i < 64; i++) { fold(words[i]); } }",
        ]
    return "\n".join([*lines, '  report("memory");', "}"])


def _program() -> str:
    checks = _checks()
    text = [PROGRAM, *(f"CHECK({name}, ({statement}))" for name, statement in checks.items()), _memory_program()]
    text += ["int main(void) {", *(f"  check_{name}();" for name in (*checks, "memory")), "  eq_port_exit(0);", "}"]
    return "\n".join(text)


def _hashes(console: str) -> dict[str, str]:
    return dict(line.split() for line in console.splitlines() if line)


@pytest.fixture(scope="module")
def insn_hashes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    board = board_with_tools("riscv-8core")
    elf = build(board, _program(), tmp_path_factory.mktemp("insn"))
    return _hashes(run(board, elf, timeout_s=240).console)


def test_every_intrinsic_is_checked(insn_hashes: dict[str, str]) -> None:
    assert set(insn_hashes) == {*_checks(), "memory"}
    assert len(set(insn_hashes.values())) > 100  # not all of them constant


@pytest.mark.parametrize("name", ["host", "riscv-8core"])
def test_insn_equals_portable(name: str, insn_hashes: dict[str, str], tmp_path: Path) -> None:
    board = board_with_tools(name)
    elf = build(board, _program(), tmp_path, flags=("-DEQ_XCV_PORTABLE",))
    assert _hashes(run(board, elf, timeout_s=240).console) == insn_hashes


def test_core_v_builtins_equal_insn(insn_hashes: dict[str, str], tmp_path: Path) -> None:
    """With a compiler that has the CORE-V built-ins, GCC 14 or newer, named by EDGEQ_COREV_GCC: Debian 12 has none."""
    compiler = os.environ.get("EDGEQ_COREV_GCC")
    if compiler is None:
        pytest.skip("EDGEQ_COREV_GCC does not name a riscv64-unknown-elf-gcc of version 14 or newer")
    board = board_with_tools("riscv-8core")
    flags = tuple(f"{flag}_xcvsimd_xcvalu_xcvmac" if "-march=" in flag else flag for flag in board.toolchain.flags)
    source = _program() + '\n#ifndef EQ_XCV_BACKEND_COREV\n#error "these are not the built-ins"\n#endif\n'
    (tmp_path / "program.c").write_text(source, encoding="utf-8")
    command = [compiler, *flags, *C_FLAGS, "-I", str(runtime_dir() / "include"), "-c", "program.c", "-o", "program.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    # The emulator must not be made of the instructions that it stands in for.
    elf = build(board, "", tmp_path, flags=(str(tmp_path / "program.o"),))
    assert _hashes(run(board, elf, timeout_s=240).console) == insn_hashes
