"""The instruction counter: exact on code whose length is known, the same in every run, and attributed to layers.

Each piece of assembly is a function, called in a layer of its own; what it adds to the layer of an empty function is
exactly its instructions."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.simulate.counts import Counts
from tests.qemu.platform_firmware import CROSS_BOARDS, board_with_tools, build, run

pytestmark = pytest.mark.qemu

PROGRAM = """
#include "eq_mark.h"
#include "eq_port.h"
#include "eq_team.h"
static uint32_t memory[64] __attribute__((aligned(16)));
{declarations}
__asm__(
{assembly}
);
int main(void) {{
  code_0(memory, 100u); /* from here on the arguments are in registers */
  {body}
  eq_mark(EQ_MARK_IDLE);
  code_0(memory, 1000u); /* belongs to no layer */
  eq_port_exit(0);
}}
"""


def _program(pieces: list[str], return_instruction: str) -> str:
    declarations, assembly, body = [], [], []
    for number, piece in enumerate(["", *pieces]):
        declarations.append(f"void code_{number}(uint32_t *memory, uint32_t n);")
        lines = [f".section .text.code_{number}", ".balign 4", f".globl code_{number}", f"code_{number}:"]
        if return_instruction == "bx lr":
            lines.insert(3, ".thumb_func")
        lines += [*piece.strip().splitlines(), return_instruction, ".text"]
        assembly += [f'  "{line.strip()}\\n"' for line in lines]
        body += [f"eq_mark({number});", f"code_{number}(memory, 100u);"]
    return PROGRAM.format(declarations="\n".join(declarations), assembly="\n".join(assembly), body="\n  ".join(body))


def _run(name: str, pieces: list[str], folder: Path) -> Counts:
    board = board_with_tools(name)
    source = _program(pieces, "ret" if board.arch == "riscv" else "bx lr")
    counts = run(board, build(board, source, folder), count=True).counts
    assert counts is not None
    return counts


def _added(counts: Counts, number: int) -> dict[str, int]:
    """What piece `number` (from 1) executes: classes, and instructions, taken, stalls, cycles."""
    layer, empty = counts.layers[number], counts.layers[0]
    values = []
    for one in (layer, empty):
        hart = one.per_hart[0]
        extra = {"taken": hart.taken_branches, "stalls": hart.load_stalls, "cycles": one.cycles}
        values.append({**one.by_class, **extra, "instructions": one.instructions})
    keys = sorted(values[0].keys() | values[1].keys())
    return {key: d for key in keys if (d := values[0].get(key, 0) - values[1].get(key, 0)) != 0}


# a0: memory, a1: 100
RISCV_LOOP = """
1: lw a2, 0(a0)
addi a3, a2, 5
c.addi a3, 1
mul a4, a3, a3
mulh a4, a4, a3
divu a4, a4, a3
c.sw a4, 4(a0)
c.lw a2, 4(a0)
addi a1, a1, -1
bnez a1, 1b
j 2f
nop
2: jal t0, 3f
nop
3: beq a0, zero, 3b
"""
RISCV_LOOP_ADDS = {
    "load": 200,
    "alu": 300,
    "mul": 100,
    "mulh": 100,
    "div": 100,
    "store": 100,
    "branch": 101,
    "jump": 2,
    "taken": 99,
    "stalls": 100,  # addi needs a2 at once; the second load has an instruction between
    "instructions": 1003,
    "cycles": 200 + 300 + 100 + 500 + 1900 + 100 + 101 + 4 + 2 * 99 + 100,
}


@pytest.mark.parametrize("name", ["riscv-rv32imc", "riscv-8core"])
def test_riscv_loop(name: str, tmp_path: Path) -> None:
    assert _added(_run(name, [RISCV_LOOP], tmp_path), 1) == RISCV_LOOP_ADDS


# 16-bit elements in groups of four registers, then 8-bit ones in halves of a register
RISCV_VECTORS = """
vsetvli t0, zero, e16, m4, ta, ma
vle8.v v8, (a0)
vwmacc.vx v16, a1, v8
vnclip.wi v4, v16, 0
vadd.vv v4, v4, v4
vse8.v v4, (a0)
vmv8r.v v8, v16
vs2r.v v4, (a0)
vsetvli t0, zero, e8, mf2, ta, ma
vadd.vv v4, v4, v4
vmv.x.s t0, v4
"""
RISCV_VECTORS_ADD = {
    "alu": 2,
    "vector": 6,
    "vector_load": 1,
    "vector_store": 2,
    "instructions": 11,
    "cycles": 2 + (8 + 8 + 4 + 8 + 1 + 1) + 2 + (2 + 2),
}


@pytest.mark.parametrize("name", ["riscv-rvv"])
def test_riscv_vectors(name: str, tmp_path: Path) -> None:
    assert _added(_run(name, [RISCV_VECTORS], tmp_path), 1) == RISCV_VECTORS_ADD


# two dot products a round; post-increment loads; the loop in hardware in the second piece
XCV_LOOP = """
1: .insn i 0x0b, 2, a2, a0, 0
.insn i 0x0b, 2, a3, a0, 0
.insn r 0x7b, 1, 0x54, a4, a2, a3
.insn r 0x7b, 0, 0x54, a4, a2, a3
.insn r 0x7b, 1, 0x00, a5, a2, a3
.insn s 0x2b, 2, a4, 0(a0)
.insn r 0x2b, 3, 0x48, a4, a2, a3
.insn r 0x5b, 2, 0x45, a5, a2, a3
addi a1, a1, -1
bnez a1, 1b
"""
XCV_ADDS = {"load": 200, "mac": 300, "simd": 100, "store": 100, "alu": 200, "branch": 100, "taken": 99, "stalls": 100}
HARDWARE_LOOP = """
.option push
.option norvc
.balign 4
.insn i 0x2b, 4, x14, a1, 4
.insn i 0x0b, 2, a2, a0, 0
.insn i 0x0b, 2, a3, a0, 0
.insn r 0x7b, 1, 0x54, a4, a2, a3
.option pop
"""


def test_emulated_instructions_count_once(tmp_path: Path) -> None:
    counts = _run("riscv-8core", [XCV_LOOP, HARDWARE_LOOP], tmp_path)
    cycles = 200 + 300 + 100 + 100 + 200 + 100 + 2 * 99 + 100
    assert _added(counts, 1) == {**XCV_ADDS, "instructions": 1000, "cycles": cycles}
    loop = _added(counts, 2)
    assert loop.pop("alu", 0) in (0, 1)  # padding before the aligned loop
    assert loop.pop("instructions") - 301 in (0, 1)
    assert loop.pop("cycles") - 401 in (0, 1)
    assert loop == {"hwloop": 1, "load": 200, "mac": 100, "stalls": 100}


# r0: memory, r1: 100
ARM_LOOP = """
.syntax unified
push {r4, r5, r6, r7, lr}
1: ldr r2, [r0]
adds r3, r2, #5
mul r4, r3, r3
smull r4, r5, r4, r3
udiv r4, r4, r3
mla r5, r4, r3, r2
str r5, [r0, #4]
subs r1, #1
bne 1b
b 2f
nop
2: cbz r0, 3f
it eq
moveq r2, #1
3: ldrd r2, r3, [r0]
ldmia sp!, {r4, r5, r6, r7, lr}
"""
ARM_LOOP_ADDS = {
    "load": 100,
    "alu": 201,
    "mul": 100,
    "mulh": 100,
    "div": 100,
    "mac": 100,
    "store": 100,
    "branch": 101,
    "jump": 1,
    "other": 1,
    "load_multiple": 2,
    "store_multiple": 1,
    "taken": 99,
    "instructions": 907,
}


@pytest.mark.parametrize("name", ["cortex-m4", "cortex-m55"])
def test_arm_loop(name: str, tmp_path: Path) -> None:
    added = _added(_run(name, [ARM_LOOP], tmp_path), 1)
    added.pop("cycles")
    added.pop("stalls")
    assert added == ARM_LOOP_ADDS


DSP_LOOP = """
.syntax unified
1: ldr r2, [r0], #4
ldr r3, [r0, #-4]!
sxtb16 r12, r2
smlad r3, r2, r12, r3
pkhbt r12, r2, r3, lsl #16
sadd16 r12, r12, r2
ssat r12, #8, r12
smmul r12, r12, r2
subs r1, #1
bne 1b
"""


def test_arm_dsp(tmp_path: Path) -> None:
    added = _added(_run("cortex-m4", [DSP_LOOP], tmp_path), 1)
    assert added == {
        "load": 200,
        "simd": 300,
        "mac": 100,
        "alu": 200,
        "mulh": 100,
        "branch": 100,
        "taken": 99,
        "stalls": 100,  # of two neighbouring loads only the last is followed by something else
        "instructions": 1000,
        "cycles": 1000 + 100 + 2 * 99,
    }


MVE_LOOP = """
.syntax unified
mov r2, #0
dls lr, r1
1: vldrb.8 q0, [r0]
vldrb.8 q1, [r0, #16]
vmladava.s8 r2, q0, q1
vadd.i32 q2, q0, q1
vqrdmulh.s32 q2, q2, q0
vdup.32 q3, r2
vmov.32 r3, q3[0]
vstrw.32 q2, [r0]
vadd.f32 q3, q3, q2
vadd.f32 s0, s0, s1
vdiv.f32 s0, s0, s1
vldr s2, [r0]
vmov r3, s2
le lr, 1b
"""


def test_arm_helium_and_loops(tmp_path: Path) -> None:
    # dls and le use lr, which holds the return address: keep it in a register around the piece
    piece = MVE_LOOP.replace("mov r2, #0", "mov r12, lr") + "mov lr, r12"
    added = _added(_run("cortex-m55", [piece], tmp_path), 1)
    added.pop("cycles")
    added.pop("stalls", None)
    assert added == {
        "vector_load": 200,
        "vector": 600,
        "vector_store": 100,
        "fp": 200,
        "fpdiv": 100,
        "load": 100,
        "hwloop": 101,
        "alu": 2,
        "instructions": 1403,
    }


PARALLEL = """
#include "eq_mark.h"
#include "eq_port.h"
#include "eq_team.h"
#include "eq_xcv.h"
static volatile int32_t sink[8];
static void task(void *argument, uint32_t core, uint32_t cores) {
  int32_t sum = *(const int32_t *)argument;
  for (uint32_t i = 0; i < 100u * (core + 1u); i++) { sum = eq_xcv_sdotsp_b(sum, i, cores); }
  sink[core] = sum;
}
int main(void) {
  int32_t start = 3;
  for (uint32_t layer = 0u; layer < 5u; layer++) {
    eq_mark(layer);
    eq_team_run(task, &start, layer + 1u);
    eq_mark(EQ_MARK_IDLE);
  }
  eq_mark(1u);
  eq_team_run(task, &start, 8u);
  eq_mark(959u);
  eq_port_exit(0);
}
"""


def test_parallel_layers(tmp_path: Path) -> None:
    board = board_with_tools("riscv-8core")
    counts = run(board, build(board, PARALLEL, tmp_path), count=True).counts
    assert counts is not None
    assert counts.forks == 5  # one core needs no fork
    assert sorted(counts.layers) == [0, 1, 2, 3, 4, 959]
    assert counts.layers[1].runs == 2
    layer = counts.layers[4]
    for core in range(8):
        dots = layer.per_hart[core].by_class.get("mac", 0)
        assert dots == (100 * (core + 1) if core < 5 else 0)
    slowest = max(hart.cycles for hart in layer.per_hart)
    serial = layer.per_hart[0].cycles - 100 * 5  # core 0's own share is not the slowest
    assert slowest + board.cost.fork + board.cost.join <= layer.cycles <= slowest + serial + 60
    assert layer.instructions == sum(hart.instructions for hart in layer.per_hart)


@pytest.mark.parametrize("name", CROSS_BOARDS)
def test_runs_are_identical(name: str, tmp_path: Path) -> None:
    board = board_with_tools(name)
    elf = build(board, PARALLEL, tmp_path, flags=() if "xpulp" in board.isa else ("-DEQ_XCV_PORTABLE",))
    texts = set()
    for _ in range(3):
        run(board, elf, count=True)
        texts.add((tmp_path / "edgeq-count.json").read_text())
    assert len(texts) == 1
