/* XCValu, XCVbitmanip and XCVmac: everything on whole 32-bit registers. Sums wrap at 32 bits before they are shifted,
 * as in the core's adder. */
#include "xcv_emulator.h"

/* custom-1, funct3 3: funct7 */
enum {
  CV_EXTRACTR = 0x18,
  CV_EXTRACTUR = 0x19,
  CV_INSERTR = 0x1a,
  CV_BCLRR = 0x1c,
  CV_BSETR = 0x1d,
  CV_ROR = 0x20,
  CV_FF1 = 0x21,
  CV_FL1 = 0x22,
  CV_CLB = 0x23,
  CV_CNT = 0x24,
  CV_ABS = 0x28,
  CV_SLE = 0x29,
  CV_SLEU = 0x2a,
  CV_MIN = 0x2b,
  CV_MINU = 0x2c,
  CV_MAX = 0x2d,
  CV_MAXU = 0x2e,
  CV_EXTHS = 0x30,
  CV_EXTHZ = 0x31,
  CV_EXTBS = 0x32,
  CV_EXTBZ = 0x33,
  CV_CLIP = 0x38,
  CV_CLIPU = 0x39,
  CV_CLIPR = 0x3a,
  CV_CLIPUR = 0x3b,
  CV_ADDNR = 0x40, /* .. 0x47: bit 0 unsigned (logical shift), bit 1 rounding, bit 2 subtraction */
  CV_SUBURNR = 0x47,
  CV_MAC = 0x48,
  CV_MSU = 0x49
};

/* custom-2: funct3 */
enum {
  FUNCT3_EXTRACT_INSERT = 0,
  FUNCT3_CLEAR_SET = 1,
  FUNCT3_ADD_SHIFT = 2,
  FUNCT3_SUB_SHIFT = 3 /* 4..7: 16-bit multiplications */
};

/* custom-2, bits 31:30 of the add, sub, mul and mac forms */
enum { FLAG_UNSIGNED_OR_HIGH = 1, FLAG_ROUND = 2 };

EQ_TRAP_CODE static inline uint32_t min_signed(uint32_t a, uint32_t b) { return (int32_t)a < (int32_t)b ? a : b; }
EQ_TRAP_CODE static inline uint32_t max_signed(uint32_t a, uint32_t b) { return (int32_t)a > (int32_t)b ? a : b; }

/* (sum + 2^(shift-1) if rounding) >> shift */
EQ_TRAP_CODE static inline uint32_t shift_sum(uint32_t sum, uint32_t shift, int is_unsigned, int rounds) {
  if (rounds && shift != 0u) {
    sum += 1u << (shift - 1u);
  }
  return is_unsigned ? sum >> shift : shift_signed(sum, shift);
}

/* `length_minus_1` + 1 bits from bit `position` up, as far as there are bits. */
EQ_TRAP_CODE static uint32_t bit_mask(uint32_t length_minus_1, uint32_t position) {
  return (uint32_t)((((uint64_t)2u << length_minus_1) - 1u) << position);
}

EQ_TRAP_CODE static uint32_t extract(uint32_t value, uint32_t length_minus_1, uint32_t position, int is_unsigned) {
  const uint32_t top = length_minus_1 + position > 31u ? 31u : length_minus_1 + position;
  const uint32_t aligned = value << (31u - top);
  const uint32_t shift = 31u - top + position;
  return is_unsigned ? aligned >> shift : shift_signed(aligned, shift);
}

EQ_TRAP_CODE static uint32_t insert(uint32_t old, uint32_t value, uint32_t length_minus_1, uint32_t position) {
  const uint32_t mask = bit_mask(length_minus_1, position);
  return (old & ~mask) | ((value << position) & mask);
}

EQ_TRAP_CODE static uint32_t count_ones(uint32_t value) {
  uint32_t count = 0u;
  for (; value != 0u; value &= value - 1u) {
    count++;
  }
  return count;
}

EQ_TRAP_CODE static uint32_t first_one(uint32_t value) {
  return value == 0u ? 32u : count_ones((value & (0u - value)) - 1u);
}

EQ_TRAP_CODE static uint32_t last_one(uint32_t value) {
  uint32_t position = 31u;
  if (value == 0u) {
    return 32u;
  }
  for (; (value >> position) == 0u; position--) {
  }
  return position;
}

/* Leading bits equal to the sign bit, less one; 0 for 0. */
EQ_TRAP_CODE static uint32_t leading_bits(uint32_t value) {
  const uint32_t different = value ^ shift_signed(value, 31);
  if (value == 0u) {
    return 0u;
  }
  return different == 0u ? 31u : 30u - last_one(different);
}

/* Reverses groups of 1, 2 or 3 bits of value << drop; incomplete groups are lost. */
EQ_TRAP_CODE static uint32_t reverse_groups(uint32_t value, uint32_t radix, uint32_t drop) {
  const uint32_t bits = radix == 1u ? 2u : radix == 2u ? 3u : 1u;
  const uint32_t shifted = value << drop;
  uint32_t result = 0u;
  for (uint32_t low = 0u; low + bits <= 32u; low += bits) {
    const uint32_t group = (shifted >> (32u - bits - low)) & ((1u << bits) - 1u);
    result |= group << low;
  }
  return result;
}

EQ_TRAP_CODE static int emulate_bit_manipulation(uint32_t word, uint32_t a, uint32_t b, uint32_t *d) {
  const uint32_t position = b & 31u;
  const uint32_t length_minus_1 = (b >> 5) & 31u;
  switch (field_funct7(word)) {
    case CV_EXTRACTR: *d = extract(a, length_minus_1, position, 0); return 1;
    case CV_EXTRACTUR: *d = extract(a, length_minus_1, position, 1); return 1;
    case CV_INSERTR: *d = insert(*d, a, length_minus_1, position); return 1;
    case CV_BCLRR: *d = a & ~bit_mask(length_minus_1, position); return 1;
    case CV_BSETR: *d = a | bit_mask(length_minus_1, position); return 1;
    case CV_ROR: *d = position == 0u ? a : (a >> position) | (a << (32u - position)); return 1;
    case CV_FF1: *d = first_one(a); return 1;
    case CV_FL1: *d = last_one(a); return 1;
    case CV_CLB: *d = leading_bits(a); return 1;
    case CV_CNT: *d = count_ones(a); return 1;
    default: return 0;
  }
}

/* Bounds of cv.clip and cv.clipu: 2^(n-1) - 1 above; n = 0 means 0. */
EQ_TRAP_CODE static inline uint32_t clip_bound(uint32_t n) { return n == 0u ? 0u : (1u << (n - 1u)) - 1u; }

EQ_TRAP_CODE static inline uint32_t clip(uint32_t value, uint32_t low, uint32_t high) {
  if ((int32_t)value <= (int32_t)low) {
    return low;
  }
  return (int32_t)value >= (int32_t)high ? high : value;
}

EQ_TRAP_CODE static int execute_alu(uint32_t word, uint32_t *x) {
  const uint32_t funct7 = field_funct7(word);
  const uint32_t a = x[field_rs1(word)];
  const uint32_t b = x[field_rs2(word)];
  uint32_t *d = &x[field_rd(word)];
  if (funct7 >= CV_ADDNR && funct7 <= CV_SUBURNR) {
    const uint32_t sum = (funct7 & 4u) != 0u ? *d - a : *d + a;
    *d = shift_sum(sum, b & 31u, (funct7 & 1u) != 0u, (funct7 & 2u) != 0u);
    return 1;
  }
  switch (funct7) {
    case CV_ABS: *d = (int32_t)a < 0 ? 0u - a : a; return 1;
    case CV_SLE: *d = (int32_t)a <= (int32_t)b; return 1;
    case CV_SLEU: *d = a <= b; return 1;
    case CV_MIN: *d = min_signed(a, b); return 1;
    case CV_MINU: *d = a < b ? a : b; return 1;
    case CV_MAX: *d = max_signed(a, b); return 1;
    case CV_MAXU: *d = a > b ? a : b; return 1;
    case CV_EXTHS: *d = extend_s16(a); return 1;
    case CV_EXTHZ: *d = a & 0xffffu; return 1;
    case CV_EXTBS: *d = extend_s8(a); return 1;
    case CV_EXTBZ: *d = a & 0xffu; return 1;
    case CV_CLIP: *d = clip(a, ~clip_bound(field_rs2(word)), clip_bound(field_rs2(word))); return 1;
    case CV_CLIPU: *d = clip(a, 0u, clip_bound(field_rs2(word))); return 1;
    case CV_CLIPR: *d = clip(a, ~b, b); return 1;
    case CV_CLIPUR: *d = clip(a, 0u, b); return 1;
    case CV_MAC: *d += a * b; return 1;
    case CV_MSU: *d -= a * b; return 1;
    default: return emulate_bit_manipulation(word, a, b, d);
  }
}

/* cv.mulsN and its relatives: funct3 bit 0 unsigned, bit 1 accumulate; bits 31:30 rounding and upper halves. */
EQ_TRAP_CODE static uint32_t multiply_halves(uint32_t word, uint32_t a, uint32_t b, uint32_t d, uint32_t shift) {
  const uint32_t flags = word >> 30;
  const int is_unsigned = (field_funct3(word) & 1u) != 0u;
  if ((flags & FLAG_UNSIGNED_OR_HIGH) != 0u) {
    a >>= 16;
    b >>= 16;
  }
  const uint32_t product = is_unsigned ? (a & 0xffffu) * (b & 0xffffu) : extend_s16(a) * extend_s16(b);
  const uint32_t sum = (field_funct3(word) & 2u) != 0u ? d + product : product;
  return shift_sum(sum, shift, is_unsigned, (flags & FLAG_ROUND) != 0u);
}

EQ_TRAP_CODE static int execute_shift_alu(uint32_t word, uint32_t *x) {
  const uint32_t flags = word >> 30;
  const uint32_t immediate = (word >> 25) & 31u; /* shift, or length less one */
  const uint32_t position = field_rs2(word);
  const uint32_t a = x[field_rs1(word)];
  const uint32_t b = x[field_rs2(word)];
  uint32_t *d = &x[field_rd(word)];
  switch (field_funct3(word)) {
    case FUNCT3_EXTRACT_INSERT:
      if (flags == 2u) {
        *d = insert(*d, a, immediate, position);
        return 1;
      }
      if (flags == 3u) {
        return 0;
      }
      *d = extract(a, immediate, position, flags == 1u);
      return 1;
    case FUNCT3_CLEAR_SET:
      if (flags == 2u) {
        return 0;
      }
      *d = flags == 0u   ? a & ~bit_mask(immediate, position)
           : flags == 1u ? a | bit_mask(immediate, position)
                         : reverse_groups(a, immediate & 3u, position);
      return 1;
    case FUNCT3_ADD_SHIFT:
    case FUNCT3_SUB_SHIFT: {
      const uint32_t sum = field_funct3(word) == FUNCT3_ADD_SHIFT ? a + b : a - b;
      *d = shift_sum(sum, immediate, (flags & FLAG_UNSIGNED_OR_HIGH) != 0u, (flags & FLAG_ROUND) != 0u);
      return 1;
    }
    default: *d = multiply_halves(word, a, b, *d, immediate); return 1;
  }
}

EQ_TRAP_CODE static uint32_t alu(const eq_decoded_t *d, uint32_t *x) {
  return execute_alu(d->word, x) ? d->next : EQ_UNKNOWN;
}

EQ_TRAP_CODE static uint32_t shift_alu(const eq_decoded_t *d, uint32_t *x) {
  return execute_shift_alu(d->word, x) ? d->next : EQ_UNKNOWN;
}

EQ_TRAP_CODE eq_operation_t eq_decode_alu(uint32_t word) {
  if (field_opcode(word) == OPCODE_CUSTOM_2) {
    return shift_alu;
  }
  return field_funct3(word) == 3u ? alu : 0;
}
