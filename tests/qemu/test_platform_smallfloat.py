"""PULP smallfloat, two FP16 values in an F register, as the emulator computes it: known values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.qemu.platform_firmware import board_with_tools, build, run

pytestmark = pytest.mark.qemu

SMALLFLOAT = """
#include "eq_port.h"
static float as_float(uint32_t bits) { union { uint32_t u; float f; } x = {bits}; return x.f; }
static uint32_t as_bits(float value) { union { float f; uint32_t u; } x = {value}; return x.u; }
#define INSN(funct3, funct7) ".insn r 0x33, " #funct3 ", " #funct7 ", %0, %1, %2"
#define RR(funct3, funct7, a, b) ({ float d; \\
  __asm__(INSN(funct3, funct7) : "=f"(d) : "f"(as_float(a)), "f"(as_float(b))); as_bits(d); })
#define RRD(funct3, funct7, c, a, b) ({ float d = as_float(c); \\
  __asm__(INSN(funct3, funct7) : "+f"(d) : "f"(as_float(a)), "f"(as_float(b))); as_bits(d); })
static void expect(uint32_t value, uint32_t wanted, const char *name) {
  if (value != wanted) { eq_port_print(name); eq_port_exit(1); }
}
/* 1.5 = 3e00, 2.25 = 4080, -0.5 = b800, 10 = 4900, 65504 = 7bff, infinity = 7c00 */
int main(void) {
  const uint32_t x = 0x3e004080u, y = 0xb8004900u;
  uint32_t i;
  float f;
  expect(RR(2, 0x41, x, y), 0x3c004a20u, "vfadd");
  expect(RR(6, 0x41, x, y), 0x49c04a20u, "vfadd.r");
  expect(RR(2, 0x42, x, y), 0x4000c7c0u, "vfsub");
  expect(RR(2, 0x43, x, y), 0xba004da0u, "vfmul");
  expect(RR(2, 0x43, 0x7bff7bffu, y), 0xf7ff7c00u, "vfmul overflow");
  expect(RR(2, 0x44, 0x49004900u, y), 0xcd003c00u, "vfdiv");
  expect(RR(2, 0x45, x, y), 0xb8004080u, "vfmin");
  expect(RR(2, 0x46, x, y), 0x3e004900u, "vfmax");
  expect(RRD(2, 0x48, 0x3c003c00u, x, y), 0x34004de0u, "vfmac");
  expect(RRD(2, 0x4b, as_bits(100.0f), x, y), as_bits(121.75f), "vfdotpex");
  expect(RR(2, 0x58, as_bits(1.5f), as_bits(2.25f)), 0x40803e00u, "vfcpka");
  __asm__(".insn r 0x33, 2, 0x4c, %0, %1, x2" : "=r"(i) : "f"(as_float(0xc5004900u)));
  expect(i, 0xfffb000au, "vfcvt.x.h");
  __asm__(".insn r 0x33, 2, 0x4c, %0, %1, x3" : "=f"(f) : "r"(0xfffb000au));
  expect(as_bits(f), 0xc5004900u, "vfcvt.h.x");
  eq_port_exit(0);
}
"""


def test_smallfloat(tmp_path: Path) -> None:
    board = board_with_tools("riscv-8core")
    assert run(board, build(board, SMALLFLOAT, tmp_path)).console == ""
