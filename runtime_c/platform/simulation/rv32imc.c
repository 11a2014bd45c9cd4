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

/* ---- Operations ---- */

EQ_TRAP_CODE static uint32_t add(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = x[d->rs1] + x[d->rs2];
  return d->next;
}

EQ_TRAP_CODE static uint32_t register_base(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = base_operation(field_funct3(d->word), x[d->rs1], x[d->rs2]);
  return d->next;
}

EQ_TRAP_CODE static uint32_t register_muldiv(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = multiply_divide(field_funct3(d->word), x[d->rs1], x[d->rs2]);
  return d->next;
}

/* sub, sra */
EQ_TRAP_CODE static uint32_t register_alternate(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t a = x[d->rs1];
  const uint32_t b = x[d->rs2];
  x[d->rd] = field_funct3(d->word) == 0u ? a - b : shift_signed(a, b & 31u);
  return d->next;
}

EQ_TRAP_CODE static uint32_t add_immediate(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = x[d->rs1] + d->immediate;
  return d->next;
}

EQ_TRAP_CODE static uint32_t immediate_base(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = base_operation(field_funct3(d->word), x[d->rs1], d->immediate);
  return d->next;
}

EQ_TRAP_CODE static uint32_t shift_right_arithmetic(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = shift_signed(x[d->rs1], d->rs2);
  return d->next;
}

EQ_TRAP_CODE static uint32_t load_word(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = *(const volatile uint32_t *)(uintptr_t)(x[d->rs1] + d->immediate);
  return d->next;
}

EQ_TRAP_CODE static uint32_t load_narrow(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t funct3 = field_funct3(d->word);
  x[d->rd] = load(x[d->rs1] + d->immediate, funct3 & 3u, (int)(funct3 >> 2));
  return d->next;
}

EQ_TRAP_CODE static uint32_t store_any(const eq_decoded_t *d, uint32_t *x) {
  store(x[d->rs1] + d->immediate, x[d->rs2], field_funct3(d->word));
  return d->next;
}

EQ_TRAP_CODE static uint32_t branch_not_equal(const eq_decoded_t *d, uint32_t *x) {
  return x[d->rs1] != x[d->rs2] ? d->pc + d->immediate : d->next;
}

/* funct3 bit 0: the opposite condition */
EQ_TRAP_CODE static uint32_t branch(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t a = x[d->rs1];
  const uint32_t b = x[d->rs2];
  const uint32_t funct3 = field_funct3(d->word);
  const uint32_t condition = funct3 < 2u ? a == b : funct3 < 6u ? (int32_t)a < (int32_t)b : a < b;
  return condition != (funct3 & 1u) ? d->pc + d->immediate : d->next;
}

EQ_TRAP_CODE static uint32_t load_upper(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = d->word & 0xfffff000u;
  return d->next;
}

EQ_TRAP_CODE static uint32_t add_upper_to_pc(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = d->pc + (d->word & 0xfffff000u);
  return d->next;
}

EQ_TRAP_CODE static uint32_t jump_and_link(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] = d->next;
  return d->pc + d->immediate;
}

EQ_TRAP_CODE static uint32_t jump_register(const eq_decoded_t *d, uint32_t *x) {
  const uint32_t target = (x[d->rs1] + d->immediate) & ~1u;
  x[d->rd] = d->next;
  return target;
}

/* ---- Choice of the operation ---- */

EQ_TRAP_CODE static eq_operation_t decode_register(uint32_t word) {
  const uint32_t funct3 = field_funct3(word);
  switch (field_funct7(word)) {
    case FUNCT7_BASE: return funct3 == 0u ? add : register_base;
    case FUNCT7_MULDIV: return register_muldiv;
    case FUNCT7_ALTERNATE: return funct3 == 0u || funct3 == 5u ? register_alternate : 0;
    default: return 0;
  }
}

EQ_TRAP_CODE static eq_operation_t decode_immediate(uint32_t word) {
  const uint32_t funct3 = field_funct3(word);
  const uint32_t funct7 = field_funct7(word);
  if (funct3 == 5u && funct7 == FUNCT7_ALTERNATE) {
    return shift_right_arithmetic;
  }
  if ((funct3 == 1u || funct3 == 5u) && funct7 != FUNCT7_BASE) {
    return 0;
  }
  return funct3 == 0u ? add_immediate : immediate_base;
}

EQ_TRAP_CODE eq_operation_t eq_decode_rv32im(uint32_t word) {
  const uint32_t funct3 = field_funct3(word);
  switch (field_opcode(word)) {
    case OPCODE_OP_IMM: return decode_immediate(word);
    case OPCODE_OP: return decode_register(word);
    case OPCODE_BRANCH: return funct3 == 1u ? branch_not_equal : (funct3 >> 1) == 1u ? 0 : branch;
    case OPCODE_LOAD:
      if (funct3 == 2u) {
        return load_word;
      }
      return (funct3 & 3u) == 3u || funct3 == 6u ? 0 : load_narrow;
    case OPCODE_STORE: return funct3 > 2u || (funct3 == 0u && field_rs2(word) == 0u) ? 0 : store_any;
    case OPCODE_LUI: return load_upper;
    case OPCODE_AUIPC: return add_upper_to_pc;
    case OPCODE_JAL: return jump_and_link;
    case OPCODE_JALR: return jump_register;
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
