/* The plain RV32IM instructions that stand between CORE-V instructions, and the RV32C forms of them.
 * Left to the machine: system instructions, fences, atomics, floating point, and byte stores of x0 (the way in which
 * the emulator itself reports, see retire() in xcv_emulator.c). */
#include "xcv_emulator.h"

enum { FUNCT7_BASE = 0x00, FUNCT7_MULDIV = 0x01, FUNCT7_ALTERNATE = 0x20 };

EQ_TRAP_CODE static inline uint32_t base_operation(uint32_t funct3, uint32_t a, uint32_t b) {
  switch (funct3) {
    case 0: return a + b;
    case 1: return a << (b & 31u);
    case 2: return (int32_t)a < (int32_t)b;
    case 3: return a < b;
    case 4: return a ^ b;
    case 5: return a >> (b & 31u);
    case 6: return a | b;
    default: return a & b;
  }
}

EQ_TRAP_CODE static uint32_t divide(uint32_t funct3, uint32_t a, uint32_t b) {
  const int is_signed = (funct3 & 1u) == 0u;
  const int remainder = (funct3 & 2u) != 0u;
  if (b == 0u) {
    return remainder ? a : 0xffffffffu;
  }
  if (is_signed && a == 0x80000000u && b == 0xffffffffu) {
    return remainder ? 0u : a;
  }
  if (is_signed) {
    return (uint32_t)(remainder ? (int32_t)a % (int32_t)b : (int32_t)a / (int32_t)b);
  }
  return remainder ? a % b : a / b;
}

EQ_TRAP_CODE static uint32_t multiply_divide(uint32_t funct3, uint32_t a, uint32_t b) {
  switch (funct3) {
    case 0: return a * b;
    case 1: return (uint32_t)(((int64_t)(int32_t)a * (int64_t)(int32_t)b) >> 32);
    case 2: return (uint32_t)(((int64_t)(int32_t)a * (int64_t)(uint64_t)b) >> 32);
    case 3: return (uint32_t)(((uint64_t)a * (uint64_t)b) >> 32);
    default: return divide(funct3, a, b);
  }
}

EQ_TRAP_CODE static int register_operation(uint32_t word, uint32_t *x) {
  const uint32_t funct3 = field_funct3(word);
  const uint32_t a = x[field_rs1(word)];
  const uint32_t b = x[field_rs2(word)];
  uint32_t *d = &x[field_rd(word)];
  switch (field_funct7(word)) {
    case FUNCT7_BASE: *d = base_operation(funct3, a, b); return 1;
    case FUNCT7_MULDIV: *d = multiply_divide(funct3, a, b); return 1;
    case FUNCT7_ALTERNATE:
      if (funct3 == 0u) {
        *d = a - b;
        return 1;
      }
      if (funct3 == 5u) {
        *d = shift_signed(a, b & 31u);
        return 1;
      }
      return 0;
    default: return 0;
  }
}

EQ_TRAP_CODE static int immediate_operation(uint32_t word, uint32_t *x) {
  const uint32_t funct3 = field_funct3(word);
  const uint32_t a = x[field_rs1(word)];
  uint32_t *d = &x[field_rd(word)];
  if (funct3 == 1u || funct3 == 5u) {
    const uint32_t shift = field_rs2(word);
    if (field_funct7(word) == FUNCT7_ALTERNATE && funct3 == 5u) {
      *d = shift_signed(a, shift);
      return 1;
    }
    if (field_funct7(word) != FUNCT7_BASE) {
      return 0;
    }
    *d = funct3 == 1u ? a << shift : a >> shift;
    return 1;
  }
  *d = base_operation(funct3, a, immediate_i(word));
  return 1;
}

EQ_TRAP_CODE static int branch(uint32_t word, const uint32_t *x, uint32_t pc, uint32_t *next) {
  const uint32_t a = x[field_rs1(word)];
  const uint32_t b = x[field_rs2(word)];
  uint32_t taken;
  switch (field_funct3(word) >> 1) {
    case 0: taken = a == b; break;
    case 2: taken = (int32_t)a < (int32_t)b; break;
    case 3: taken = a < b; break;
    default: return 0;
  }
  if (taken != (field_funct3(word) & 1u)) { /* odd funct3: the opposite condition */
    *next = pc + immediate_b(word);
  }
  return 1;
}

EQ_TRAP_CODE static uint32_t immediate_j(uint32_t word) {
  return (shift_signed(word, 31) << 20) | (word & 0xff000u) | ((word >> 9) & 0x800u) | ((word >> 20) & 0x7feu);
}

EQ_TRAP_CODE int eq_emulate_rv32im(uint32_t word, uint32_t *x, uint32_t pc, uint32_t *next) {
  const uint32_t funct3 = field_funct3(word);
  const uint32_t rd = field_rd(word);
  switch (field_opcode(word)) {
    case OPCODE_OP_IMM: return immediate_operation(word, x);
    case OPCODE_OP: return register_operation(word, x);
    case OPCODE_BRANCH: return branch(word, x, pc, next);
    case OPCODE_LOAD:
      if ((funct3 & 3u) == 3u || funct3 == 6u) {
        return 0;
      }
      x[rd] = load(x[field_rs1(word)] + immediate_i(word), funct3 & 3u, (int)(funct3 >> 2));
      return 1;
    case OPCODE_STORE:
      if (funct3 > 2u || (funct3 == 0u && field_rs2(word) == 0u)) {
        return 0;
      }
      store(x[field_rs1(word)] + immediate_s(word), x[field_rs2(word)], funct3);
      return 1;
    case OPCODE_LUI: x[rd] = word & 0xfffff000u; return 1;
    case OPCODE_AUIPC: x[rd] = pc + (word & 0xfffff000u); return 1;
    case OPCODE_JAL: {
      const uint32_t link = *next;
      *next = pc + immediate_j(word);
      x[rd] = link;
      return 1;
    }
    case OPCODE_JALR: {
      const uint32_t link = *next;
      *next = (x[field_rs1(word)] + immediate_i(word)) & ~1u;
      x[rd] = link;
      return 1;
    }
    default: return 0;
  }
}

/* ---- RV32C: every form becomes the 32-bit instruction it stands for. ---- */

/* Bits high:low of a halfword, moved so that bit `low` ends at bit `at`. */
#define BITS(half, high, low, at) ((((half) >> (low)) & ((1u << ((high) - (low) + 1)) - 1u)) << (at))

enum { ZERO = 0, RA = 1, SP = 2 };

EQ_TRAP_CODE static uint32_t encode_i(uint32_t immediate, uint32_t rs1, uint32_t funct3, uint32_t rd, uint32_t opcode) {
  return (immediate << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode;
}

EQ_TRAP_CODE static uint32_t encode_s(uint32_t immediate, uint32_t rs2, uint32_t rs1) {
  return ((immediate >> 5) << 25) | (rs2 << 20) | (rs1 << 15) | (2u << 12) | ((immediate & 31u) << 7) | OPCODE_STORE;
}

EQ_TRAP_CODE static uint32_t encode_r(uint32_t funct7, uint32_t rs2, uint32_t rs1, uint32_t funct3, uint32_t rd) {
  return (funct7 << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | OPCODE_OP;
}

EQ_TRAP_CODE static uint32_t encode_b(uint32_t offset, uint32_t rs1, uint32_t funct3) {
  return BITS(offset, 12, 12, 31) | BITS(offset, 10, 5, 25) | (rs1 << 15) | (funct3 << 12) | BITS(offset, 4, 1, 8) |
         BITS(offset, 11, 11, 7) | OPCODE_BRANCH;
}

EQ_TRAP_CODE static uint32_t encode_j(uint32_t offset, uint32_t rd) {
  return BITS(offset, 20, 20, 31) | BITS(offset, 10, 1, 21) | BITS(offset, 11, 11, 20) | BITS(offset, 19, 12, 12) |
         (rd << 7) | OPCODE_JAL;
}

EQ_TRAP_CODE static uint32_t immediate_ci(uint32_t half) {
  return shift_signed((BITS(half, 12, 12, 5) | BITS(half, 6, 2, 0)) << 26, 26);
}

EQ_TRAP_CODE static uint32_t offset_cj(uint32_t half) {
  const uint32_t bits = BITS(half, 12, 12, 11) | BITS(half, 11, 11, 4) | BITS(half, 10, 9, 8) | BITS(half, 8, 8, 10) |
                        BITS(half, 7, 7, 6) | BITS(half, 6, 6, 7) | BITS(half, 5, 3, 1) | BITS(half, 2, 2, 5);
  return shift_signed(bits << 20, 20);
}

EQ_TRAP_CODE static uint32_t offset_cb(uint32_t half) {
  const uint32_t bits = BITS(half, 12, 12, 8) | BITS(half, 11, 10, 3) | BITS(half, 6, 5, 6) | BITS(half, 4, 3, 1) |
                        BITS(half, 2, 2, 5);
  return shift_signed(bits << 23, 23);
}

/* Quadrant 0: c.addi4spn, c.lw, c.sw */
EQ_TRAP_CODE static uint32_t expand_quadrant_0(uint32_t half) {
  const uint32_t low = 8u + BITS(half, 4, 2, 0);
  const uint32_t high = 8u + BITS(half, 9, 7, 0);
  const uint32_t offset = BITS(half, 5, 5, 6) | BITS(half, 12, 10, 3) | BITS(half, 6, 6, 2);
  switch (half >> 13) {
    case 0: {
      const uint32_t immediate = BITS(half, 10, 7, 6) | BITS(half, 12, 11, 4) | BITS(half, 5, 5, 3) | BITS(half, 6, 6, 2);
      return immediate == 0u ? 0u : encode_i(immediate, SP, 0u, low, OPCODE_OP_IMM);
    }
    case 2: return encode_i(offset, high, 2u, low, OPCODE_LOAD);
    case 6: return encode_s(offset, low, high);
    default: return 0u;
  }
}

/* Quadrant 1, funct3 4: c.srli, c.srai, c.andi, c.sub, c.xor, c.or, c.and */
EQ_TRAP_CODE static uint32_t expand_arithmetic(uint32_t half) {
  static const uint8_t funct3_of[4] = {0u, 4u, 6u, 7u};
  const uint32_t rd = 8u + BITS(half, 9, 7, 0);
  const uint32_t choice = BITS(half, 11, 10, 0);
  if (choice == 2u) {
    return encode_i(immediate_ci(half), rd, 7u, rd, OPCODE_OP_IMM);
  }
  if ((half & 0x1000u) != 0u) {
    return 0u; /* RV64, or a shift by 32 and more */
  }
  if (choice < 2u) {
    const uint32_t funct7 = choice == 0u ? FUNCT7_BASE : FUNCT7_ALTERNATE;
    return encode_i((funct7 << 5) | BITS(half, 6, 2, 0), rd, 5u, rd, OPCODE_OP_IMM);
  }
  const uint32_t operation = BITS(half, 6, 5, 0);
  return encode_r(operation == 0u ? FUNCT7_ALTERNATE : FUNCT7_BASE, 8u + BITS(half, 4, 2, 0), rd, funct3_of[operation],
                  rd);
}

EQ_TRAP_CODE static uint32_t expand_quadrant_1(uint32_t half) {
  const uint32_t rd = BITS(half, 11, 7, 0);
  const uint32_t immediate = immediate_ci(half);
  switch (half >> 13) {
    case 0: return encode_i(immediate, rd, 0u, rd, OPCODE_OP_IMM);                         /* c.addi, c.nop */
    case 1: return encode_j(offset_cj(half), RA);                                          /* c.jal */
    case 2: return encode_i(immediate, ZERO, 0u, rd, OPCODE_OP_IMM);                       /* c.li */
    case 3:
      if (rd == SP) {                                                                      /* c.addi16sp */
        const uint32_t bits = BITS(half, 12, 12, 9) | BITS(half, 6, 6, 4) | BITS(half, 5, 5, 6) |
                              BITS(half, 4, 3, 7) | BITS(half, 2, 2, 5);
        return encode_i(shift_signed(bits << 22, 22), SP, 0u, SP, OPCODE_OP_IMM);
      }
      return immediate == 0u ? 0u : (immediate << 12) | (rd << 7) | OPCODE_LUI;            /* c.lui */
    case 4: return expand_arithmetic(half);
    case 5: return encode_j(offset_cj(half), ZERO);                                        /* c.j */
    case 6: return encode_b(offset_cb(half), 8u + BITS(half, 9, 7, 0), 0u);                /* c.beqz */
    default: return encode_b(offset_cb(half), 8u + BITS(half, 9, 7, 0), 1u);               /* c.bnez */
  }
}

EQ_TRAP_CODE static uint32_t expand_quadrant_2(uint32_t half) {
  const uint32_t rd = BITS(half, 11, 7, 0);
  const uint32_t rs2 = BITS(half, 6, 2, 0);
  const int bit12 = (half & 0x1000u) != 0u;
  switch (half >> 13) {
    case 0: return bit12 ? 0u : encode_i(rs2, rd, 1u, rd, OPCODE_OP_IMM); /* c.slli */
    case 2: {                                                             /* c.lwsp */
      const uint32_t offset = BITS(half, 3, 2, 6) | BITS(half, 12, 12, 5) | BITS(half, 6, 4, 2);
      return rd == 0u ? 0u : encode_i(offset, SP, 2u, rd, OPCODE_LOAD);
    }
    case 4:
      if (rs2 == 0u) { /* c.jr, c.jalr; rd 0: reserved, or c.ebreak */
        return rd == 0u ? 0u : encode_i(0u, rd, 0u, bit12 ? RA : ZERO, OPCODE_JALR);
      }
      return encode_r(FUNCT7_BASE, rs2, bit12 ? rd : ZERO, 0u, rd); /* c.add, c.mv */
    case 6: return encode_s(BITS(half, 8, 7, 6) | BITS(half, 12, 9, 2), rs2, SP); /* c.swsp */
    default: return 0u;
  }
}

EQ_TRAP_CODE uint32_t eq_expand_compressed(uint32_t half) {
  switch (half & 3u) {
    case 0: return expand_quadrant_0(half);
    case 1: return expand_quadrant_1(half);
    default: return expand_quadrant_2(half);
  }
}
