"""The emulator beyond the intrinsics: plain instructions give what the machine gives, and the CORE-V instructions that
no intrinsic exposes give what a Python model of the manual gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.qemu.platform_firmware import board_with_tools, build, run

pytestmark = pytest.mark.qemu

VALUES = (0, 1, 2, 31, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x12345678, 0x80018001, 0xC64A5933)

# Each line runs twice on the same operands: by the machine (the fences are unknown to the emulator, which hands back),
# then by the emulator, which goes on after a CORE-V instruction. a0 is the result; a1, a2 operands; a3 memory.
PLAIN = """
add a0, a1, a2
sub a0, a1, a2
sll a0, a1, a2
slt a0, a1, a2
sltu a0, a1, a2
xor a0, a1, a2
srl a0, a1, a2
sra a0, a1, a2
or a0, a1, a2
and a0, a1, a2
mul a0, a1, a2
mulh a0, a1, a2
mulhsu a0, a1, a2
mulhu a0, a1, a2
div a0, a1, a2
divu a0, a1, a2
rem a0, a1, a2
remu a0, a1, a2
addi a0, a1, -1234
slti a0, a1, -7
sltiu a0, a1, -7
xori a0, a1, -1366
ori a0, a1, 1365
andi a0, a1, -256
slli a0, a1, 31
srli a0, a1, 7
srai a0, a1, 7
lui a0, 0xfedcb
sw a1, 0(a3); lb a0, 3(a3); lbu a4, 3(a3); add a0, a0, a4
sw a1, 0(a3); lh a0, 2(a3); lhu a4, 2(a3); add a0, a0, a4
sw a1, 4(a3); sb a2, 5(a3); lw a0, 4(a3)
sw a1, 4(a3); sh a2, 6(a3); lw a0, 4(a3)
li a0, 1; beq a1, a2, 1f; li a0, 2; 1: nop
li a0, 1; bne a1, a2, 1f; li a0, 2; 1: nop
li a0, 1; blt a1, a2, 1f; li a0, 2; 1: nop
li a0, 1; bge a1, a2, 1f; li a0, 2; 1: nop
li a0, 1; bltu a1, a2, 1f; li a0, 2; 1: nop
li a0, 1; bgeu a1, a2, 1f; li a0, 2; 1: nop
li a0, 3; 1: addi a0, a0, -1; bgtz a0, 1b
li a0, 1; jal a4, 1f; li a0, 2; 1: nop
la a4, 1f; li a0, 1; jalr a5, 0(a4); li a0, 2; 1: sub a5, a5, a4; add a0, a0, a5
la a4, 1f; li a0, 1; c.jr a4; li a0, 2; 1: nop
la a4, 1f; li a0, 1; c.jalr a4; li a0, 2; 1: sub a5, ra, a4; add a0, a0, a5
auipc a0, 0x12345; auipc a4, 0x12340; sub a0, a0, a4
li a0, 5; beqz a1, 1f; li a0, 6; 1: nop
mv a0, a1; c.addi a0, -3
c.li a0, -17
c.lui a0, 0xfffe1; c.nop
mv a0, a1; c.srli a0, 9
mv a0, a1; c.srai a0, 9
mv a0, a1; c.andi a0, -5
mv a0, a1; c.sub a0, a2
mv a0, a1; c.xor a0, a2
mv a0, a1; c.or a0, a2
mv a0, a1; c.and a0, a2
mv a0, a1; c.slli a0, 13
mv a0, a1; c.add a0, a2
c.mv a0, a2
c.addi4spn a0, sp, 1020; sub a0, a0, sp
mv a4, sp; c.addi16sp sp, -496; sub a0, sp, a4; mv sp, a4
c.sw a1, 124(a3); c.lw a0, 124(a3)
c.addi16sp sp, -32; c.swsp a1, 28(sp); c.lwsp a0, 28(sp); c.addi16sp sp, 32
li a0, 1; c.beqz a1, 1f; li a0, 2; 1: nop
li a0, 1; c.bnez a1, 1f; li a0, 2; 1: nop
li a0, 1; c.j 1f; li a0, 2; 1: nop
"""

HEAD = """
#include "eq_port.h"
typedef struct { uint32_t first, second; } pair_t;
static uint32_t memory[64];
static const uint32_t values[] = {@VALUES@};
enum { COUNT = sizeof values / sizeof values[0] };
static void print_hex(uint32_t value) {
  char digits[10] = "00000000 ";
  for (int i = 0; i < 8; i++) { digits[i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15u]; }
  eq_port_print(digits);
}
"""


def _head() -> str:
    return HEAD.replace("@VALUES@", ", ".join(f"{value:#x}u" for value in VALUES))


def test_plain_instructions_equal_the_machine(tmp_path: Path) -> None:
    board = board_with_tools("riscv-8core")
    body, snippets = [], PLAIN.strip().splitlines()
    for number, snippet in enumerate(snippets):
        text = "\\n ".join(part.strip() for part in snippet.split(";"))
        body.append(f"""
static pair_t run_{number}(uint32_t a, uint32_t b) {{
  register uint32_t a0 __asm__("a0"); register uint32_t a1 __asm__("a1") = a;
  register uint32_t a2 __asm__("a2") = b; register uint32_t *a3 __asm__("a3") = memory; pair_t r;
  __asm__ volatile("fence\\n {text}\\n fence\\n mv a6, a0\\n li a0, 0\\n"
                   ".insn r 0x2b, 3, 0x28, a7, zero, x0\\n {text}\\n fence"
                   : "=&r"(a0) : "r"(a1), "r"(a2), "r"(a3) : "a4", "a5", "a6", "a7", "ra", "memory");
  r.second = a0;
  __asm__ volatile("mv %0, a6" : "=r"(r.first));
  return r;
}}""")
    calls = "\n".join(
        f"""  for (uint32_t i = 0; i < COUNT * COUNT; i++) {{
    const pair_t r = run_{number}(values[i % COUNT], values[i / COUNT]);
    if (r.first != r.second) {{ eq_port_print("{number} "); print_hex(r.first); print_hex(r.second); bad++; break; }}
  }}"""
        for number in range(len(snippets))
    )
    source = _head() + "".join(body) + "\nint main(void) {\n  uint32_t bad = 0;\n" + calls
    source += "\n  eq_port_exit(bad == 0u ? 0 : 5);\n}\n"
    assert run(board, build(board, source, tmp_path)).console == ""


MASK = 0xFFFFFFFF


def _signed(value: int, bits: int = 32) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _extract(a: int, length: int, position: int) -> int:
    top = min(length + position, 31)
    return _signed(a >> position, top - position + 1)


def _extractu(a: int, length: int, position: int) -> int:
    top = min(length + position, 31)
    return (a >> position) & ((1 << (top - position + 1)) - 1)


def _bits(length: int, position: int) -> int:
    return sum(1 << i for i in range(position, min(position + length, 31) + 1))


def _insert(d: int, a: int, length: int, position: int) -> int:
    mask = _bits(length, position)
    return d & ~mask | a << position & mask


def _bitrev(a: int, radix: int, drop: int) -> int:
    size = (1, 2, 3, 1)[radix]
    text = f"{(a << drop) & MASK:032b}"
    groups = [text[i : i + size] for i in range(0, 32 - size + 1, size)]
    return int("".join(reversed(groups)), 2)


def _shuffle_sci_b(a: int, top: int, immediate: int) -> int:
    lanes = [immediate & 3, immediate >> 2 & 3, immediate >> 4 & 3, top]
    return sum((a >> 8 * lane & 0xFF) << 8 * i for i, lane in enumerate(lanes))


def _halves(a: int) -> tuple[int, int]:
    return _signed(a, 16), _signed(a >> 16, 16)


def _join(low: int, high: int) -> int:
    return (low & 0xFFFF) | (high & 0xFFFF) << 16


def _cplxmul(d: int, a: int, b: int, imaginary: int, divide: int) -> int:
    (ar, ai), (br, bi) = _halves(a), _halves(b)
    if imaginary:
        return d & 0xFFFF | (_signed(ar * bi + ai * br) >> 15 + divide & 0xFFFF) << 16
    return d & 0xFFFF0000 | (_signed(ar * br - ai * bi) >> 15 + divide & 0xFFFF)


def _divided(a: int, b: int, sign: int, divide: int) -> int:
    (ar, ai), (br, bi) = _halves(a), _halves(b)
    return _join(_signed(ar + sign * br, 16) >> divide, _signed(ai + sign * bi, 16) >> divide)


def _subrotmj(a: int, b: int, divide: int) -> int:
    (ar, ai), (br, bi) = _halves(a), _halves(b)
    return _join(_signed(ai - bi, 16) >> divide, _signed(br - ar, 16) >> divide)


Model = Callable[[int, int, int], int]


def _sci(funct5: int, f: int, width: int, immediate: int) -> str:
    """SIMD instruction with a six-bit immediate: d = a1 op immediate."""
    return f".insn r 0x7b, {6 + width}, {funct5 << 2 | f << 1 | immediate & 1}, a0, a1, x{immediate >> 1 & 31}"


def _lanes(a: int, width: int, function: Callable[[int], int]) -> int:
    size = 8 if width else 16
    return sum((function(a >> low & (1 << size) - 1) & ((1 << size) - 1)) << low for low in range(0, 32, size))


def _r(opcode: int, funct3: int, funct7: int, rs2: str) -> str:
    return f".insn r {opcode:#x}, {funct3}, {funct7:#x}, a0, a1, {rs2}"


def _bit_field_cases() -> list[tuple[str, Model]]:
    cases: list[tuple[str, Model]] = []
    for n, p in ((0, 0), (7, 4), (15, 16), (31, 0), (5, 26), (20, 20), (31, 31)):
        cases += [
            (_r(0x5B, 0, n, f"x{p}"), lambda d, a, b, n=n, p=p: _extract(a, n, p)),
            (_r(0x5B, 0, 32 + n, f"x{p}"), lambda d, a, b, n=n, p=p: _extractu(a, n, p)),
            (_r(0x5B, 1, n, f"x{p}"), lambda d, a, b, n=n, p=p: a & ~_bits(n, p)),
            (_r(0x5B, 1, 32 + n, f"x{p}"), lambda d, a, b, n=n, p=p: a | _bits(n, p)),
        ]
        if n + p < 32:
            cases.append((_r(0x5B, 0, 64 + n, f"x{p}"), lambda d, a, b, n=n, p=p: _insert(d, a, n, p)))
    for radix in range(4):
        for drop in (0, 4, 13):
            text = _r(0x5B, 1, 96 + radix, f"x{drop}")
            cases.append((text, lambda d, a, b, radix=radix, drop=drop: _bitrev(a, radix, drop)))
    registers: tuple[tuple[int, Model], ...] = (
        (0x18, lambda d, a, b: _extract(a, b >> 5 & 31, b & 31)),
        (0x19, lambda d, a, b: _extractu(a, b >> 5 & 31, b & 31)),
        (0x1C, lambda d, a, b: a & ~_bits(b >> 5 & 31, b & 31)),
        (0x1D, lambda d, a, b: a | _bits(b >> 5 & 31, b & 31)),
        (0x29, lambda d, a, b: _signed(a) <= _signed(b)),
        (0x2A, lambda d, a, b: a <= b),
        (0x30, lambda d, a, b: _signed(a, 16)),
        (0x31, lambda d, a, b: a & 0xFFFF),
        (0x32, lambda d, a, b: _signed(a, 8)),
        (0x33, lambda d, a, b: a & 0xFF),
    )
    return cases + [(_r(0x2B, 3, funct7, "a2"), model) for funct7, model in registers]


# (funct5, F, function of the zero-extended lane x, the immediate signed i and unsigned u, and the lane's bits s)
IMMEDIATE_LANES: tuple[tuple[int, int, Callable[[int, int, int, int], int]], ...] = (
    (0x00, 0, lambda x, i, u, s: x + i),
    (0x01, 0, lambda x, i, u, s: x - i),
    (0x03, 0, lambda x, i, u, s: (x + u & (1 << s) - 1) >> 1),
    (0x04, 0, lambda x, i, u, s: min(_signed(x, s), i)),
    (0x05, 0, lambda x, i, u, s: min(x, u)),
    (0x06, 0, lambda x, i, u, s: max(_signed(x, s), i)),
    (0x07, 0, lambda x, i, u, s: max(x, u)),
    (0x0C, 0, lambda x, i, u, s: x ^ i),
    (0x00, 1, lambda x, i, u, s: -(x == i & (1 << s) - 1)),
    (0x01, 1, lambda x, i, u, s: -(x != i & (1 << s) - 1)),
    (0x03, 1, lambda x, i, u, s: -(_signed(x, s) >= i)),
    (0x04, 1, lambda x, i, u, s: -(_signed(x, s) < i)),
    (0x05, 1, lambda x, i, u, s: -(_signed(x, s) <= i)),
    (0x06, 1, lambda x, i, u, s: -(x > u)),
    (0x07, 1, lambda x, i, u, s: -(x >= u)),
    (0x08, 1, lambda x, i, u, s: -(x < u)),
    (0x09, 1, lambda x, i, u, s: -(x <= u)),
)


def _immediate_cases() -> list[tuple[str, Model]]:
    cases: list[tuple[str, Model]] = []
    for immediate in (0, 27, 0x39):
        for top in range(4):
            model: Model = lambda d, a, b, t=top, i=immediate: _shuffle_sci_b(a, t, i)  # noqa: E731
            cases.append((_sci(0x18 + top, 0, 1, immediate), model))
    for immediate in range(4):
        model = lambda d, a, b, i=immediate: _join(_halves(a)[i & 1], _halves(a)[i >> 1])  # noqa: E731
        cases.append((_sci(0x18, 0, 0, immediate), model))
    for width, size in ((0, 16), (1, 8)):
        for immediate in (0, 5, 31, 32, 63):
            for funct5, f, function in IMMEDIATE_LANES:
                model = lambda d, a, b, w=width, s=size, u=immediate, g=function: _lanes(  # noqa: E731
                    a, w, lambda x: g(x, _signed(u, 6), u, s)
                )
                cases.append((_sci(funct5, f, width, immediate), model))
    return cases


def _complex_cases() -> list[tuple[str, Model]]:
    cases: list[tuple[str, Model]] = [
        (_r(0x7B, 0, 0b01011 << 2 | 2, "x0"), lambda d, a, b: _join(_halves(a)[0], -_halves(a)[1]))
    ]
    for n in range(4):
        for i in (0, 1):
            model: Model = lambda d, a, b, n=n, i=i: _cplxmul(d, a, b, i, n)  # noqa: E731
            cases.append((_r(0x7B, 2 * n, 0b01010 << 2 | 2 | i, "a2"), model))
        cases.append((_r(0x7B, 2 * n, 0b01100 << 2 | 2, "a2"), lambda d, a, b, n=n: _subrotmj(a, b, n)))
        if n > 0:
            cases.append((_r(0x7B, 2 * n, 0b01101 << 2 | 2, "a2"), lambda d, a, b, n=n: _divided(a, b, 1, n)))
            cases.append((_r(0x7B, 2 * n, 0b01110 << 2 | 2, "a2"), lambda d, a, b, n=n: _divided(a, b, -1, n)))
    return cases


# The example of the manual's hardware-loop chapter: 10 x (10 x 3) + 10 x 4. Words: 2 starti 1, 3 endi 1, 4 count 1,
# 5 starti 0, 6 endi 0, 8 count 0 (start of loop 1), 9 start of loop 0, 12 its end, 14 end of loop 1.
NESTED_LOOPS = """
.option push
.option norvc
.balign 4
mv a0, zero
li a4, 10
.insn i 0x2b, 4, x1, x0, 6
.insn i 0x2b, 4, x5, x0, 11
.insn i 0x2b, 4, x11, a4, 0
.insn i 0x2b, 4, x0, x0, 4
.insn i 0x2b, 4, x4, x0, 6
nop
.insn i 0x2b, 4, x10, a4, 0
addi a0, a0, 1
addi a0, a0, 1
addi a0, a0, 1
addi a0, a0, 2
addi a0, a0, 2
.option pop
"""


def _control_cases() -> list[tuple[str, Model]]:
    cases: list[tuple[str, Model]] = [("\\n ".join(NESTED_LOOPS.strip().splitlines()), lambda d, a, b: 340)]
    for immediate in (0, 1, 15, -16, -1):
        for funct3, equal in ((6, True), (7, False)):  # cv.beqimm, cv.bneimm a1, immediate, over one instruction
            word = (immediate & 31) << 20 | 11 << 15 | funct3 << 12 | 8 << 7 | 0x0B
            lines = [".option push", ".option norvc", "li a0, 1", f".word {word:#x}", "li a0, 2", ".option pop"]
            model: Model = lambda d, a, b, i=immediate, e=equal: 1 if (_signed(a) == i) == e else 2  # noqa: E731
            cases.append(("\\n ".join(lines), model))
    return cases


def test_instructions_without_intrinsic_equal_the_manual(tmp_path: Path) -> None:
    board = board_with_tools("riscv-8core")
    cases = [*_bit_field_cases(), *_immediate_cases(), *_complex_cases(), *_control_cases()]
    triples = [(VALUES[i % 11], VALUES[(i * 7 + 3) % 11], VALUES[(i * 5 + i // 11) % 11]) for i in range(33)]
    functions, calls, wanted = [], [], []
    for number, (text, _) in enumerate(cases):
        functions.append(f"""
static uint32_t run_{number}(uint32_t d, uint32_t a, uint32_t b) {{
  register uint32_t a0 __asm__("a0") = d;
  register uint32_t a1 __asm__("a1") = a;
  register uint32_t a2 __asm__("a2") = b;
  __asm__ volatile("{text}" : "+r"(a0) : "r"(a1), "r"(a2) : "a4", "memory");
  return a0;
}}""")
        calls.append(f"    print_hex(run_{number}(d, a, b));")
    source = _head() + "".join(functions) + "\nstatic const uint32_t triples[][3] = {"
    source += ", ".join(f"{{{d:#x}u, {a:#x}u, {b:#x}u}}" for d, a, b in triples)
    source += "};\nint main(void) {\n  memory[0] = values[0] + COUNT;\n"
    source += f"  for (uint32_t i = 0; i < {len(triples)}u; i++) {{\n"
    source += "    const uint32_t d = triples[i][0], a = triples[i][1], b = triples[i][2];\n"
    source += "\n".join(calls) + "\n  }\n  eq_port_exit(0);\n}\n"
    for d, a, b in triples:
        wanted += [int(model(d, a, b)) & MASK for _, model in cases]
    console = run(board, build(board, source, tmp_path)).console
    found = [int(word, 16) for word in console.split()]
    assert len(found) == len(wanted)
    wrong = [
        f"{cases[i % len(cases)][0]} on {triples[i // len(cases)]}: {f:#x}, expected {w:#x}"
        for i, (f, w) in enumerate(zip(found, wanted, strict=True))
        if f != w
    ]
    assert not wrong, "\n".join(wrong[:20])


def test_looking_ahead_may_end_where_it_began(tmp_path: Path) -> None:
    """The emulator hands back after a run of plain instructions: in a loop as long as that run, at the very instruction
    that trapped. That isn't an unknown one."""
    board = board_with_tools("riscv-8core")
    lengths = range(2, 40)
    functions = []
    for length in lengths:
        steps = "addi a0, a0, 1\\n " * (length - 2)
        functions.append(f"""
static uint32_t run_{length}(void) {{
  register uint32_t a0 __asm__("a0") = 0;
  __asm__ volatile("li a4, 5\\n 1: .insn r 0x2b, 3, 0x28, a5, zero, x0\\n {steps} addi a4, a4, -1\\n bnez a4, 1b"
                   : "+r"(a0) : : "a4", "a5");
  return a0;
}}""")
    calls = "".join(f"  print_hex(run_{length}());\n" for length in lengths)
    source = _head() + "".join(functions)
    source += f"\nint main(void) {{\n  memory[0] = values[0] + COUNT;\n{calls}  eq_port_exit(0);\n}}\n"
    found = run(board, build(board, source, tmp_path)).console.split()
    assert found == [f"{5 * (length - 2):08x}" for length in lengths]
