/* RV32IMAFC, the vector extension, CORE-V extensions and PULP smallfloat: class, registers read, registers loaded. */
#include "eq_count.h"

/* Register fields of a 32-bit instruction, and what they name. */
enum { RS1 = 1, RS2 = 2, RD = 4, FS1 = 8, FS2 = 16, FS3 = 32, TO_RD = 64, TO_FD = 128 };

static uint32_t field(uint32_t word, uint32_t low, uint32_t bits) { return (word >> low) & ((1u << bits) - 1u); }

/* x0 is never waited for. */
static uint64_t integer_register(uint32_t index) { return index == 0 ? 0 : (uint64_t)1 << index; }
static uint64_t float_register(uint32_t index) { return (uint64_t)1 << (32 + index); }

/* `operands`: which fields are read (RS1 ..), and TO_RD or TO_FD for a load's destination. */
static eq_instruction_t make(uint32_t word, eq_class_t class, uint32_t operands) {
  const uint32_t rd = field(word, 7, 5), rs1 = field(word, 15, 5), rs2 = field(word, 20, 5);
  eq_instruction_t result = {.class = class, .bytes = 4, .conditional = class == EQ_CLASS_BRANCH};
  result.reads |= (operands & RS1) != 0 ? integer_register(rs1) : 0;
  result.reads |= (operands & RS2) != 0 ? integer_register(rs2) : 0;
  result.reads |= (operands & RD) != 0 ? integer_register(rd) : 0;
  result.reads |= (operands & FS1) != 0 ? float_register(rs1) : 0;
  result.reads |= (operands & FS2) != 0 ? float_register(rs2) : 0;
  result.reads |= (operands & FS3) != 0 ? float_register(field(word, 27, 5)) : 0;
  result.loaded |= (operands & TO_RD) != 0 ? integer_register(rd) : 0;
  result.loaded |= (operands & TO_FD) != 0 ? float_register(rd) : 0;
  return result;
}

static eq_instruction_t decode_op(uint32_t word) {
  const uint32_t funct3 = field(word, 12, 3), funct7 = word >> 25;
  if (funct7 == 1) {
    return make(word, funct3 == 0 ? EQ_CLASS_MUL : funct3 < 4 ? EQ_CLASS_MULH : EQ_CLASS_DIV, RS1 | RS2);
  }
  if (funct7 >> 5 == 2) { /* smallfloat; 0x44 is vfdiv.h */
    return make(word, funct7 == 0x44 ? EQ_CLASS_FPDIV : EQ_CLASS_FP, FS1 | FS2);
  }
  return make(word, EQ_CLASS_ALU, RS1 | RS2);
}

static eq_instruction_t decode_fp(uint32_t word) {
  const uint32_t operation = word >> 27;
  if (operation == 0x03 || operation == 0x0b) { /* fdiv, fsqrt */
    return make(word, EQ_CLASS_FPDIV, FS1 | FS2);
  }
  if (operation == 0x1a || operation == 0x1e) { /* fcvt.s.w, fmv.w.x */
    return make(word, EQ_CLASS_FP, RS1);
  }
  return make(word, EQ_CLASS_FP, FS1 | FS2);
}

/* XCVmem loads with a constant step; XCVbi branches */
static eq_instruction_t decode_custom_0(uint32_t word) {
  if (field(word, 12, 3) >= 6) {
    return make(word, EQ_CLASS_BRANCH, RS1);
  }
  return make(word, EQ_CLASS_LOAD, RS1 | TO_RD);
}

/* XCVmem stores and register steps; XCValu, XCVbitmanip, cv.mac, cv.msu; XCVhwlp */
static eq_instruction_t decode_custom_1(uint32_t word) {
  const uint32_t funct3 = field(word, 12, 3), funct7 = word >> 25;
  if (funct3 < 3) {
    return make(word, EQ_CLASS_STORE, RS1 | RS2);
  }
  if (funct3 != 3) {
    return make(word, EQ_CLASS_HWLOOP, RS1);
  }
  if (funct7 < 0x10) {
    return make(word, EQ_CLASS_LOAD, RS1 | RS2 | TO_RD);
  }
  if (funct7 < 0x18) {
    return make(word, EQ_CLASS_STORE, RS1 | RS2 | RD);
  }
  if (funct7 >= 0x48) {
    return make(word, EQ_CLASS_MAC, RS1 | RS2 | RD);
  }
  return make(word, EQ_CLASS_ALU, funct7 >= 0x40 || funct7 == 0x1a ? RS1 | RS2 | RD : RS1 | RS2);
}

/* funct3 0, 1: bit fields; 2, 3: add and subtract with shift; 4, 5: multiply; 6, 7: multiply-accumulate */
static eq_instruction_t decode_custom_2(uint32_t word) {
  static const eq_class_t classes[8] = {EQ_CLASS_ALU, EQ_CLASS_ALU, EQ_CLASS_ALU, EQ_CLASS_ALU,
                                        EQ_CLASS_MUL, EQ_CLASS_MUL, EQ_CLASS_MAC, EQ_CLASS_MAC};
  static const uint32_t operands[8] = {RS1 | RD,  RS1,       RS1 | RS2,      RS1 | RS2,
                                       RS1 | RS2, RS1 | RS2, RS1 | RS2 | RD, RS1 | RS2 | RD};
  const uint32_t funct3 = field(word, 12, 3);
  return make(word, classes[funct3], operands[funct3]);
}

/* XCVsimd: bits 31:26 = 0x20 .. 0x2a are dot products, the accumulating ones from 0x26 */
static eq_instruction_t decode_custom_3(uint32_t word) {
  const uint32_t operation = word >> 26;
  const bool immediate = field(word, 12, 3) >= 6;
  const uint32_t sources = immediate ? RS1 : RS1 | RS2;
  if (operation >= 0x20 && operation <= 0x2a && operation % 2 == 0) {
    return make(word, EQ_CLASS_MAC, operation >= 0x26 ? sources | RD : sources);
  }
  const bool keeps_rd = operation == 0x2e || operation == 0x38 || operation == 0x3e || operation == 0x15;
  return make(word, EQ_CLASS_SIMD, keeps_rd ? sources | RD : sources);
}

static eq_instruction_t make_vector(uint32_t word, eq_class_t class, eq_group_t group, uint32_t size) {
  eq_instruction_t result = make(word, class, 0);
  result.group = (uint8_t)group;
  result.group_size = (uint8_t)size;
  return result;
}

/* Loads and stores: width 0, 5, 6, 7 for elements of 8, 16, 32, 64 bits; the others are of scalar floats. */
static eq_instruction_t decode_float_or_vector_memory(uint32_t word, bool load) {
  const uint32_t width = field(word, 12, 3);
  if (width >= 1 && width <= 4) {
    return load ? make(word, EQ_CLASS_LOAD, RS1 | TO_FD) : make(word, EQ_CLASS_STORE, RS1 | FS2);
  }
  const eq_class_t class = load ? EQ_CLASS_VECTOR_LOAD : EQ_CLASS_VECTOR_STORE;
  if (field(word, 26, 2) == 0 && field(word, 20, 5) == 8) {
    return make_vector(word, class, EQ_GROUP_WHOLE, field(word, 29, 3) + 1);
  }
  return make_vector(word, class, EQ_GROUP_ELEMENTS, width == 0 ? 8 : 8u << (width - 4));
}

/* funct3 0, 3, 4: integers and fixed point; 2, 6: products, reductions, widening; 1, 5: floats; 7: vsetvli */
static eq_instruction_t decode_vector(uint32_t word) {
  const uint32_t funct3 = field(word, 12, 3), operation = word >> 26;
  if (funct3 == 7) {
    eq_instruction_t result = make(word, EQ_CLASS_ALU, word >> 30 == 3 ? 0 : RS1);
    result.sets_vtype = word >> 31 == 0 || word >> 30 == 3;
    result.vtype = (uint16_t)(word >> 31 == 0 ? field(word, 20, 11) : field(word, 20, 10));
    return result;
  }
  const bool integer = funct3 == 0 || funct3 == 3 || funct3 == 4;
  if (funct3 == 3 && operation == 0x27) { /* vmv1r to vmv8r */
    return make_vector(word, EQ_CLASS_VECTOR, EQ_GROUP_WHOLE, field(word, 15, 5) + 1);
  }
  if (!integer && operation == 0x10) { /* vmv.x.s, vmv.s.x, vcpop and the like */
    return make_vector(word, EQ_CLASS_VECTOR, EQ_GROUP_WHOLE, 1);
  }
  const bool narrows = integer && operation >= 0x2c && operation <= 0x2f;
  const bool widens = !integer && operation >= 0x30;
  return make_vector(word, EQ_CLASS_VECTOR, EQ_GROUP_LMUL, narrows || widens ? 2 : 1);
}

static eq_instruction_t decode_long(uint32_t word) {
  switch (word & 0x7fu) {
    case 0x03: return make(word, EQ_CLASS_LOAD, RS1 | TO_RD);
    case 0x07: return decode_float_or_vector_memory(word, true);
    case 0x0b: return decode_custom_0(word);
    case 0x13: return make(word, EQ_CLASS_ALU, RS1);
    case 0x17: return make(word, EQ_CLASS_ALU, 0); /* auipc */
    case 0x23: return make(word, EQ_CLASS_STORE, RS1 | RS2);
    case 0x27: return decode_float_or_vector_memory(word, false);
    case 0x2b: return decode_custom_1(word);
    case 0x2f: return make(word, EQ_CLASS_ATOMIC, RS1 | RS2 | TO_RD);
    case 0x33: return decode_op(word);
    case 0x37: return make(word, EQ_CLASS_ALU, 0); /* lui */
    case 0x43:
    case 0x47:
    case 0x4b:
    case 0x4f: return make(word, EQ_CLASS_FP, FS1 | FS2 | FS3); /* fused multiply-add */
    case 0x53: return decode_fp(word);
    case 0x57: return decode_vector(word);
    case 0x5b: return decode_custom_2(word);
    case 0x63: return make(word, EQ_CLASS_BRANCH, RS1 | RS2);
    case 0x67: return make(word, EQ_CLASS_JUMP, RS1);
    case 0x6f: return make(word, EQ_CLASS_JUMP, 0);
    case 0x73: return make(word, field(word, 12, 3) != 0 ? EQ_CLASS_CSR : EQ_CLASS_OTHER, RS1);
    case 0x7b: return decode_custom_3(word);
    default: return make(word, EQ_CLASS_OTHER, 0);
  }
}

/* ---- Compressed ---- */

static eq_instruction_t make_short(eq_class_t class, uint64_t reads, uint64_t loaded) {
  return (eq_instruction_t){
      .class = class, .bytes = 2, .conditional = class == EQ_CLASS_BRANCH, .reads = reads, .loaded = loaded};
}

enum { SP = 2 };

/* c.addi4spn; loads and stores with base rs1' and data rd'/rs2' (floats in funct3 1, 3, 5, 7) */
static eq_instruction_t decode_quadrant_0(uint32_t half) {
  const uint32_t data = 8 + field(half, 2, 3);
  const uint64_t base = integer_register(8 + field(half, 7, 3));
  switch (half >> 13) {
    case 0: return make_short(EQ_CLASS_ALU, integer_register(SP), 0);
    case 2: return make_short(EQ_CLASS_LOAD, base, integer_register(data));
    case 1:
    case 3: return make_short(EQ_CLASS_LOAD, base, float_register(data));
    case 6: return make_short(EQ_CLASS_STORE, base | integer_register(data), 0);
    default: return make_short(EQ_CLASS_STORE, base | float_register(data), 0);
  }
}

static eq_instruction_t decode_quadrant_1(uint32_t half) {
  const uint64_t full = integer_register(field(half, 7, 5));
  const uint64_t first = integer_register(8 + field(half, 7, 3)), second = integer_register(8 + field(half, 2, 3));
  switch (half >> 13) {
    case 0: return make_short(EQ_CLASS_ALU, full, 0);
    case 2: return make_short(EQ_CLASS_ALU, 0, 0);
    case 3: return make_short(EQ_CLASS_ALU, field(half, 7, 5) == SP ? full : 0, 0);
    case 4: return make_short(EQ_CLASS_ALU, field(half, 10, 2) == 3 ? first | second : first, 0);
    case 6:
    case 7: return make_short(EQ_CLASS_BRANCH, first, 0);
    default: return make_short(EQ_CLASS_JUMP, 0, 0);
  }
}

static eq_instruction_t decode_quadrant_2(uint32_t half) {
  const uint32_t rd = field(half, 7, 5), rs2 = field(half, 2, 5);
  const uint64_t sp = integer_register(SP);
  switch (half >> 13) {
    case 0: return make_short(EQ_CLASS_ALU, integer_register(rd), 0);
    case 2: return make_short(EQ_CLASS_LOAD, sp, integer_register(rd));
    case 1:
    case 3: return make_short(EQ_CLASS_LOAD, sp, float_register(rd));
    case 4:
      if (rs2 == 0) { /* c.jr, c.jalr */
        return make_short(rd == 0 ? EQ_CLASS_OTHER : EQ_CLASS_JUMP, integer_register(rd), 0);
      }
      return make_short(EQ_CLASS_ALU, integer_register(rs2) | (field(half, 12, 1) != 0 ? integer_register(rd) : 0), 0);
    case 6: return make_short(EQ_CLASS_STORE, sp | integer_register(rs2), 0);
    default: return make_short(EQ_CLASS_STORE, sp | float_register(rs2), 0);
  }
}

eq_instruction_t eq_decode_riscv(uint32_t word) {
  switch (word & 3u) {
    case 0: return decode_quadrant_0(word & 0xffffu);
    case 1: return decode_quadrant_1(word & 0xffffu);
    case 2: return decode_quadrant_2(word & 0xffffu);
    default: return decode_long(word);
  }
}
