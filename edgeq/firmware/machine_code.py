"""What a function's machine code does to the stack, and whether it calls by pointer: Thumb-2 and RV32IMC.

Encodings: Arm v7-M Architecture Reference Manual (DDI 0403E), chapter A7; the RISC-V
Unprivileged ISA, chapters 2 and 16.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Effects:
    """`frame_bytes`: all by which the stack pointer is lowered, each instruction counted once; None when a register
    says by how much. `calls_pointer`: it holds a call through a register, `jumps_pointer`: a jump through one, which is
    a call at the function's end or a table of a switch. `branches`: where its calls without a register go, from its
    start, and in Thumb its jumps too: the assembler leaves no relocation at those within a section. `calls_itself`: one
    of these calls is of the function itself."""

    frame_bytes: int | None
    calls_pointer: bool
    jumps_pointer: bool
    branches: tuple[int, ...]
    calls_itself: bool


def effects(code: bytes, arch: str, holes: tuple[tuple[int, int], ...] = ()) -> Effects:
    """Of a function's bytes; `holes`: (start, end) of data between them."""
    words = _thumb(code, holes) if arch == "cortex_m" else _riscv(code)
    frame: int | None = 0
    calls = jumps = calls_itself = False
    branches = []
    for kind, amount in words:
        if kind == "lower":
            frame = None if frame is None or amount < 0 else frame + amount
        calls = calls or kind == "call"
        jumps = jumps or kind == "jump"
        if kind in ("branch", "link"):
            branches.append(amount)
        calls_itself = calls_itself or (kind, amount) == ("link", 0)
    return Effects(frame, calls, jumps, tuple(branches), calls_itself)


UNKNOWN = -1


def _thumb(code: bytes, holes: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, int]]:
    at = 0
    while at + 2 <= len(code):
        hole = next((end for start, end in holes if start <= at < end), None)
        if hole is not None:
            at = hole
            continue
        (first,) = struct.unpack_from("<H", code, at)
        if first >> 11 in (0b11101, 0b11110, 0b11111) and at + 4 <= len(code):
            (second,) = struct.unpack_from("<H", code, at + 2)
            yield from _thumb_wide(first, second, at)
            at += 4
            continue
        yield from _thumb_narrow(first)
        if first >> 11 == 0b11100:  # b
            yield "branch", at + 4 + _signed((first & 0x7FF) << 1, 12)
        at += 2


def _thumb_narrow(word: int) -> Iterator[tuple[str, int]]:
    if word >> 9 == 0b1011010:  # push {..}
        yield "lower", 4 * (word & 0x1FF).bit_count()
    elif word >> 7 == 0b101100001:  # sub sp, #n
        yield "lower", 4 * (word & 0x7F)
    elif word & 0xFF87 == 0x4485:  # add sp, rm
        yield "lower", UNKNOWN
    elif word & 0xFF87 == 0x4780:  # blx rm
        yield "call", 0
    elif word & 0xFF87 == 0x4700 and word != 0x4770:  # bx rm
        yield "jump", 0


def _thumb_wide(first: int, second: int, at: int) -> Iterator[tuple[str, int]]:
    if first >> 11 == 0b11110 and second & 0x9000 == 0x9000:  # b.w and bl
        sign = first >> 10 & 1
        bits = [sign ^ 1 ^ second >> shift & 1 for shift in (13, 11)]
        offset = sign << 24 | bits[0] << 23 | bits[1] << 22 | (first & 0x3FF) << 12 | (second & 0x7FF) << 1
        yield "link" if second & 0x4000 else "branch", at + 4 + _signed(offset, 25)
    elif first == 0xE92D:  # stmdb sp!, {..}
        yield "lower", 4 * second.bit_count()
    elif first == 0xF84D and second & 0x0F00 == 0x0D00:  # str rt, [sp, #-n]!
        yield "lower", second & 0xFF
    elif first == 0xE96D or (first & 0xFFBF == 0xED2D and second & 0x0E00 == 0x0A00):  # strd [sp, #-n]! and vpush {..}
        yield "lower", 4 * (second & 0xFF)
    elif first & 0xFBFF == 0xF1AD and second & 0x0F00 == 0x0D00:  # sub.w sp, sp, #constant
        yield "lower", _expanded((first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF)
    elif first & 0xFBFF == 0xF2AD and second & 0x0F00 == 0x0D00:  # subw sp, sp, #n
        yield "lower", (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF
    elif first & 0xFFEF == 0xEBAD and second & 0x0F00 == 0x0D00:  # sub.w sp, sp, rm
        yield "lower", UNKNOWN


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def _expanded(packed: int) -> int:
    """ThumbExpandImm: a byte repeated, or rotated to the right."""
    byte = packed & 0xFF
    if packed >> 10 == 0:
        return byte * (1, 0x00010001, 0x01000100, 0x01010101)[packed >> 8 & 3]
    turns = packed >> 7
    return ((0x80 | packed & 0x7F) << (32 - turns)) & 0xFFFFFFFF


SP, RA = 2, 1


def _riscv(code: bytes) -> Iterator[tuple[str, int]]:
    at, upper = 0, 0
    while at + 2 <= len(code):
        (half,) = struct.unpack_from("<H", code, at)
        if half & 3 == 3 and at + 4 <= len(code):
            (word,) = struct.unpack_from("<I", code, at)
            yield from _riscv_wide(word, upper, at)
            upper = word >> 7 & 31 if word & 0x7F == 0x17 else 0  # auipc, the first half of a direct call
            at += 4
            continue
        yield from _riscv_narrow(half, at)
        upper = 0
        at += 2


def _riscv_wide(word: int, upper: int, at: int) -> Iterator[tuple[str, int]]:
    opcode, rd, rs1 = word & 0x7F, word >> 7 & 31, word >> 15 & 31
    if opcode == 0x13 and word >> 12 & 7 == 0 and rd == rs1 == SP and word >> 31:  # addi sp, sp, -n
        yield "lower", 4096 - (word >> 20)
    elif opcode == 0x33 and rd == rs1 == SP and word >> 12 & 7 == 0 and word >> 25 in (0, 0x20):  # add, sub sp, sp, rs2
        yield "lower", UNKNOWN
    elif opcode == 0x6F and rd != 0:  # jal
        offset = (word >> 31) << 20 | (word >> 12 & 0xFF) << 12 | (word >> 20 & 1) << 11 | (word >> 21 & 0x3FF) << 1
        yield "link", at + _signed(offset, 21)
    elif opcode == 0x67 and (upper == 0 or upper != rs1):  # jalr through a register that no auipc has just made
        if rd != 0:
            yield "call", 0
        elif rs1 not in (RA, 5):
            yield "jump", 0


def _riscv_narrow(half: int, at: int) -> Iterator[tuple[str, int]]:
    quadrant, rd = half & 3, half >> 7 & 31
    if quadrant == 1 and half >> 13 == 3 and rd == SP and half >> 12 & 1:  # c.addi16sp
        bits = (half >> 3 & 3) << 7 | (half >> 5 & 1) << 6 | (half >> 2 & 1) << 5 | (half >> 6 & 1) << 4
        yield "lower", 512 - bits
    elif quadrant == 1 and half >> 13 == 0 and rd == SP and half >> 12 & 1:  # c.addi sp, -n
        yield "lower", 32 - (half >> 2 & 31)
    elif quadrant == 1 and half >> 13 == 1:  # c.jal: bits 11, 4, 9:8, 10, 6, 7, 3:1, 5 of the offset from bit 12 down
        fields = ((12, 11), (11, 4), (10, 9), (9, 8), (8, 10), (7, 6), (6, 7), (5, 3), (4, 2), (3, 1), (2, 5))
        yield "link", at + _signed(sum((half >> source & 1) << aim for source, aim in fields), 12)
    elif quadrant == 2 and half >> 13 == 4 and half >> 2 & 31 == 0 and rd != 0:
        if half >> 12 & 1:  # c.jalr
            yield "call", 0
        elif rd not in (RA, 5):  # c.jr
            yield "jump", 0
    elif quadrant == 2 and half >> 13 == 4 and rd == SP:  # c.mv sp, rs2 and c.add sp, rs2
        yield "lower", UNKNOWN
