/* Thumb and Thumb-2 of the M profile, with DSP, FPU and Helium (MVE): class, integer registers read and loaded.
 * Source: Armv8-M Architecture Reference Manual, chapter C2 "Instruction encoding". `first` and `second` are the two
 * halfwords. Helium registers are not tracked: their loads overlap with arithmetic. */
#include "eq_count.h"

enum { PC = 15, SP = 13, LR = 14 };

static uint32_t field(uint32_t value, uint32_t low, uint32_t bits) { return (value >> low) & ((1u << bits) - 1u); }
static uint64_t bit_of(uint32_t index) { return (uint64_t)1 << index; }

static uint8_t count_bits(uint32_t value) {
  uint8_t count = 0;
  for (; value != 0; value &= value - 1) {
    count++;
  }
  return count;
}

static eq_instruction_t make(uint8_t bytes, eq_class_t class, uint64_t reads, uint64_t loaded) {
  return (eq_instruction_t){.class = class,
                            .bytes = bytes,
                            .conditional = class == EQ_CLASS_BRANCH,
                            .loads_pc = (loaded & bit_of(PC)) != 0,
                            .reads = reads,
                            .loaded = loaded};
}

static eq_instruction_t make_multiple(uint8_t bytes, bool is_load, uint32_t list, uint64_t reads) {
  eq_instruction_t result = make(bytes, is_load ? EQ_CLASS_LOAD_MULTIPLE : EQ_CLASS_STORE_MULTIPLE,
                                 is_load ? reads : reads | list, is_load ? list : 0);
  result.transfers = count_bits(list);
  return result;
}

/* ---- 16-bit encodings ---- */

/* 010000: two-register operations, 010001: high registers, bx, blx */
static eq_instruction_t decode_register_16(uint32_t half) {
  const uint64_t low = bit_of(field(half, 0, 3)) | bit_of(field(half, 3, 3));
  if (field(half, 10, 1) == 0) {
    return make(2, field(half, 6, 4) == 13 ? EQ_CLASS_MUL : EQ_CLASS_ALU, low, 0);
  }
  const uint32_t source = field(half, 3, 4);
  const uint32_t target = (field(half, 7, 1) << 3) | field(half, 0, 3);
  if (field(half, 8, 2) == 3) {
    return make(2, EQ_CLASS_JUMP, bit_of(source), 0);
  }
  const bool is_move = field(half, 8, 2) == 2;
  return make(2, is_move && target == PC ? EQ_CLASS_JUMP : EQ_CLASS_ALU,
              bit_of(source) | (is_move ? 0 : bit_of(target)), 0);
}

static eq_instruction_t load_store_16(bool is_load, uint32_t data, uint64_t address) {
  return is_load ? make(2, EQ_CLASS_LOAD, address, bit_of(data)) : make(2, EQ_CLASS_STORE, address | bit_of(data), 0);
}

/* 1011: stack, extension, compare-and-branch, hints */
static eq_instruction_t decode_miscellaneous_16(uint32_t half) {
  if ((half & 0xf500u) == 0xb100u) { /* cbz, cbnz */
    return make(2, EQ_CLASS_BRANCH, bit_of(field(half, 0, 3)), 0);
  }
  if ((half & 0xfe00u) == 0xb400u) { /* push */
    return make_multiple(2, false, (half & 0xffu) | (field(half, 8, 1) << LR), bit_of(SP));
  }
  if ((half & 0xfe00u) == 0xbc00u) { /* pop */
    return make_multiple(2, true, (half & 0xffu) | (field(half, 8, 1) << PC), bit_of(SP));
  }
  if ((half & 0xff00u) == 0xb000u) { /* add, sub sp */
    return make(2, EQ_CLASS_ALU, bit_of(SP), 0);
  }
  if ((half & 0xff00u) == 0xb200u || (half & 0xff00u) == 0xba00u) { /* extensions, byte reversals */
    return make(2, EQ_CLASS_ALU, bit_of(field(half, 3, 3)), 0);
  }
  if ((half & 0xffe0u) == 0xb660u) { /* cps */
    return make(2, EQ_CLASS_CSR, 0, 0);
  }
  return make(2, EQ_CLASS_OTHER, 0, 0); /* it, hints, bkpt */
}

static eq_instruction_t decode_16(uint32_t half) {
  const uint64_t low_base = bit_of(field(half, 3, 3));
  const uint32_t high_data = field(half, 8, 3);
  switch (half >> 12) {
    case 0x0: return make(2, EQ_CLASS_ALU, bit_of(field(half, 3, 3)), 0);
    case 0x1: /* asr; add, sub with register (bit 10 clear) or constant */
      return make(2, EQ_CLASS_ALU, low_base | ((half & 0x0c00u) == 0x0800u ? bit_of(field(half, 6, 3)) : 0), 0);
    case 0x2: return make(2, EQ_CLASS_ALU, field(half, 11, 1) ? bit_of(high_data) : 0, 0); /* mov, cmp */
    case 0x3: return make(2, EQ_CLASS_ALU, bit_of(high_data), 0);                          /* add, sub */
    case 0x4:
      if (field(half, 11, 1) != 0) {
        return make(2, EQ_CLASS_LOAD, 0, bit_of(high_data)); /* ldr literal */
      }
      return decode_register_16(half);
    case 0x5: return load_store_16(field(half, 9, 3) >= 3, field(half, 0, 3), low_base | bit_of(field(half, 6, 3)));
    case 0x6:
    case 0x7:
    case 0x8: return load_store_16(field(half, 11, 1) != 0, field(half, 0, 3), low_base);
    case 0x9: return load_store_16(field(half, 11, 1) != 0, high_data, bit_of(SP));
    case 0xa: return make(2, EQ_CLASS_ALU, field(half, 11, 1) ? bit_of(SP) : 0, 0);
    case 0xb: return decode_miscellaneous_16(half);
    case 0xc: return make_multiple(2, field(half, 11, 1) != 0, half & 0xffu, bit_of(high_data));
    case 0xd: return make(2, field(half, 9, 3) == 7 ? EQ_CLASS_OTHER : EQ_CLASS_BRANCH, 0, 0); /* 111x: udf, svc */
    default: return make(2, EQ_CLASS_JUMP, 0, 0);                                              /* b */
  }
}

/* ---- 32-bit encodings ---- */

/* 1110100: load and store multiple, dual, exclusive, table branches */
static eq_instruction_t decode_multiple_32(uint32_t first, uint32_t second) {
  const uint64_t base = bit_of(field(first, 0, 4));
  const bool is_load = field(first, 4, 1) != 0;
  if (field(first, 6, 1) == 0) {
    return make_multiple(4, is_load, second, base);
  }
  if ((first & 0xfff0u) == 0xe8d0u && (second & 0xffe0u) == 0xf000u) { /* tbb, tbh */
    return make(4, EQ_CLASS_JUMP, base | bit_of(field(second, 0, 4)), 0);
  }
  const uint32_t data = field(second, 12, 4);
  if ((first & 0x0120u) != 0) { /* ldrd, strd: pre- or post-indexed or plain offset */
    return make_multiple(4, is_load, (uint32_t)(bit_of(data) | bit_of(field(second, 8, 4))), base);
  }
  return is_load ? make(4, EQ_CLASS_LOAD, base, bit_of(data)) : make(4, EQ_CLASS_STORE, base | bit_of(data), 0);
}

/* VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP and moves of register pairs; Helium loads and stores */
static eq_instruction_t decode_coprocessor_memory(uint32_t first, uint32_t second) {
  const uint64_t base = bit_of(field(first, 0, 4));
  const bool is_load = field(first, 4, 1) != 0;
  const bool is_transfer = (first & 0x01a0u) == 0; /* neither offset, up nor writeback: moves to and from lanes */
  if (field(second, 9, 3) == 7) {
    if (is_transfer && (first & 0xff00u) == 0xec00u) {
      return make(4, EQ_CLASS_VECTOR, 0, 0);
    }
    return make(4, is_load ? EQ_CLASS_VECTOR_LOAD : EQ_CLASS_VECTOR_STORE, base, 0);
  }
  if (field(second, 9, 3) != 5) {
    return make(4, EQ_CLASS_VECTOR, 0, 0); /* vcadd, vcmla */
  }
  if (is_transfer) {
    return make(4, EQ_CLASS_FP, 0, 0);
  }
  if (field(first, 8, 1) != 0 && field(first, 5, 1) == 0) {
    return make(4, is_load ? EQ_CLASS_LOAD : EQ_CLASS_STORE, base, 0);
  }
  eq_instruction_t result = make(4, is_load ? EQ_CLASS_LOAD_MULTIPLE : EQ_CLASS_STORE_MULTIPLE, base, 0);
  result.transfers = (uint8_t)field(second, 0, 8);
  return result;
}

/* 0xee, 0xfe: floating point in coprocessors 9 (half), 10 and 11; the rest is Helium, as all of 0xef, 0xff is */
static eq_instruction_t decode_coprocessor_data(uint32_t first, uint32_t second) {
  const uint32_t coprocessor = field(second, 8, 4);
  const bool is_transfer = field(second, 4, 1) != 0;
  if (field(first, 8, 1) != 0 || coprocessor < 9 || coprocessor > 11) {
    return make(4, EQ_CLASS_VECTOR, 0, 0);
  }
  if (coprocessor == 11 && is_transfer && (first & 0xff00u) == 0xee00u) {
    return make(4, EQ_CLASS_VECTOR, bit_of(field(second, 12, 4)), 0); /* vdup and moves of single lanes */
  }
  const bool is_divide = (first & 0xffb0u) == 0xee80u && (second & 0x50u) == 0;
  const bool is_root = (first & 0xffbfu) == 0xeeb1u && (second & 0xd0u) == 0xc0u;
  return make(4, is_divide || is_root ? EQ_CLASS_FPDIV : EQ_CLASS_FP, 0, 0);
}

/* 11110 with bit 15 of the second halfword: branches, low-overhead loops, system */
static eq_instruction_t decode_control_32(uint32_t first, uint32_t second) {
  if ((second & 0xd000u) == 0xc000u) { /* wls, dls, le and their tail-predicated forms; vctp */
    return make(4, second == 0xe801u ? EQ_CLASS_VECTOR : EQ_CLASS_HWLOOP, 0, 0);
  }
  if ((second & 0x1000u) != 0) { /* b.w, bl */
    return make(4, EQ_CLASS_JUMP, 0, 0);
  }
  if (field(first, 7, 3) != 7) { /* b<cond>.w */
    return make(4, EQ_CLASS_BRANCH, 0, 0);
  }
  return make(4, (first & 0xfff0u) == 0xf3a0u ? EQ_CLASS_OTHER : EQ_CLASS_CSR, 0, 0); /* 0xf3a: hints */
}

/* 1111100: single loads and stores; preloads have no destination */
static eq_instruction_t decode_single_32(uint32_t first, uint32_t second) {
  const uint32_t data = field(second, 12, 4);
  uint64_t address = bit_of(field(first, 0, 4));
  if (field(first, 7, 1) == 0 && field(second, 6, 6) == 0) { /* register offset */
    address |= bit_of(field(second, 0, 4));
  }
  if (field(first, 4, 1) == 0) {
    return make(4, EQ_CLASS_STORE, address | bit_of(data), 0);
  }
  const bool is_word = field(first, 5, 2) == 2;
  return make(4, EQ_CLASS_LOAD, address, data == PC && !is_word ? 0 : bit_of(data));
}

/* 11111010: shifts and extensions by register, parallel add and subtract, miscellaneous */
static eq_instruction_t decode_register_32(uint32_t first, uint32_t second) {
  const uint64_t reads = bit_of(field(first, 0, 4)) | bit_of(field(second, 0, 4));
  if (field(first, 7, 1) == 0) { /* shifts; extensions, of which 010x are sxtb16, sxtab16, uxtb16, uxtab16 */
    const bool packed = field(second, 7, 1) != 0 && field(first, 5, 2) == 1;
    return make(4, packed ? EQ_CLASS_SIMD : EQ_CLASS_ALU, reads, 0);
  }
  const bool parallel = field(second, 7, 1) == 0;
  const bool select = (first & 0xfff0u) == 0xfaa0u && field(second, 4, 4) == 8;
  return make(4, parallel || select ? EQ_CLASS_SIMD : EQ_CLASS_ALU, reads, 0);
}

/* 111110110: 32-bit multiplications and multiply-accumulates; 111110111: long ones, and divisions */
static eq_instruction_t decode_multiply_32(uint32_t first, uint32_t second) {
  const uint32_t operation = field(first, 4, 3), accumulator = field(second, 12, 4);
  const uint64_t reads = bit_of(field(first, 0, 4)) | bit_of(field(second, 0, 4));
  if (field(first, 7, 1) == 0) {
    const uint64_t all = accumulator == PC ? reads : reads | bit_of(accumulator);
    if (accumulator == PC && (operation == 0 || operation == 5)) {
      return make(4, operation == 0 ? EQ_CLASS_MUL : EQ_CLASS_MULH, reads, 0); /* mul; smmul */
    }
    return make(4, EQ_CLASS_MAC, all, 0);
  }
  switch (operation) {
    case 0:
    case 2: return make(4, EQ_CLASS_MULH, reads, 0); /* smull, umull */
    case 1:
    case 3: return make(4, EQ_CLASS_DIV, reads, 0); /* sdiv, udiv */
    default: return make(4, EQ_CLASS_MAC, reads | bit_of(accumulator) | bit_of(field(second, 8, 4)), 0);
  }
}

static eq_instruction_t decode_32(uint32_t first, uint32_t second) {
  const uint64_t sources = bit_of(field(first, 0, 4)) | bit_of(field(second, 0, 4));
  switch (first >> 8) {
    case 0xe8:
    case 0xe9: return decode_multiple_32(first, second);
    case 0xea:
    case 0xeb: /* shifted register; 0xeac: pkhbt, pkhtb */
      return make(4, (first & 0xffe0u) == 0xeac0u ? EQ_CLASS_SIMD : EQ_CLASS_ALU, sources, 0);
    case 0xec:
    case 0xed:
    case 0xfc:
    case 0xfd: return decode_coprocessor_memory(first, second);
    case 0xee:
    case 0xef:
    case 0xfe:
    case 0xff: return decode_coprocessor_data(first, second);
    case 0xf8:
    case 0xf9: return decode_single_32(first, second);
    case 0xfa: return decode_register_32(first, second);
    case 0xfb: return decode_multiply_32(first, second);
    default: /* 0xf0 .. 0xf7 */
      if ((second & 0x8000u) != 0) {
        return decode_control_32(first, second);
      }
      return make(4, EQ_CLASS_ALU, bit_of(field(first, 0, 4)), 0);
  }
}

eq_instruction_t eq_decode_arm(uint32_t word) {
  const uint32_t first = word & 0xffffu;
  return first >> 11 >= 0x1d ? decode_32(first, word >> 16) : decode_16(first);
}
