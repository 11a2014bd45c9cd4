/* XCVsimd: two 16-bit or four 8-bit lanes in a register (custom-3). */
#include "xcv_emulator.h"

/* bits 31:26, that is funct5 and F */
enum {
  SIMD_ADD = 0x00,
  SIMD_SUB = 0x02,
  SIMD_AVG = 0x04,
  SIMD_AVGU = 0x06,
  SIMD_MIN = 0x08,
  SIMD_MINU = 0x0a,
  SIMD_MAX = 0x0c,
  SIMD_MAXU = 0x0e,
  SIMD_SRL = 0x10,
  SIMD_SRA = 0x12,
  SIMD_SLL = 0x14,
  SIMD_OR = 0x16,
  SIMD_XOR = 0x18,
  SIMD_AND = 0x1a,
  SIMD_ABS = 0x1c,
  SIMD_DOTUP = 0x20,
  SIMD_DOTUSP = 0x22,
  SIMD_DOTSP = 0x24,
  SIMD_SDOTUP = 0x26,
  SIMD_SDOTUSP = 0x28,
  SIMD_SDOTSP = 0x2a,
  SIMD_EXTRACT_INSERT = 0x2e,
  SIMD_SHUFFLE = 0x30, /* and shuffleI0; 0x32, 0x34, 0x36: shuffleI1 .. I3 */
  SIMD_SHUFFLE_I3 = 0x36,
  SIMD_SHUFFLE2 = 0x38,
  SIMD_PACK = 0x3c,
  SIMD_PACK_B = 0x3e,
  SIMD_COMPARE_FIRST = 0x01, /* odd values 0x01 .. 0x13: eq ne gt ge lt le gtu geu ltu leu */
  SIMD_COMPARE_LAST = 0x13,
  SIMD_CPLXMUL = 0x15,
  SIMD_CPLXCONJ = 0x17,
  SIMD_SUBROTMJ = 0x19,
  SIMD_ADD_DIV = 0x1b,
  SIMD_SUB_DIV = 0x1d
};

/* funct3: bit 0 bytes; bits 2:1 the second operand */
enum { OPERAND_VECTOR = 0, OPERAND_SCALAR = 2, OPERAND_IMMEDIATE = 3 };

/* Width and replication of one word's lanes. */
typedef struct {
  uint32_t bits;      /* 8 or 16 */
  uint32_t mask;      /* of lane 0 */
  uint32_t replicate; /* multiplier that copies lane 0 to all lanes */
} lanes_t;

EQ_TRAP_CODE static inline lanes_t lanes_of(uint32_t word) {
  if ((field_funct3(word) & 1u) != 0u) {
    return (lanes_t){8u, 0xffu, 0x01010101u};
  }
  return (lanes_t){16u, 0xffffu, 0x00010001u};
}

EQ_TRAP_CODE static inline uint32_t operation_of(uint32_t word) { return word >> 26; }

EQ_TRAP_CODE static inline uint32_t immediate_unsigned(uint32_t word) {
  return ((word >> 19) & 0x3eu) | ((word >> 25) & 1u);
}

/* Operations whose immediate is zero-extended; shifts too, as their amounts are never negative. */
EQ_TRAP_CODE static int immediate_is_unsigned(uint32_t operation) {
  switch (operation) {
    case SIMD_AVGU:
    case SIMD_MINU:
    case SIMD_MAXU:
    case SIMD_SRL:
    case SIMD_SRA:
    case SIMD_SLL:
    case SIMD_DOTUP:
    case SIMD_SDOTUP: return 1;
    default: return (operation & 1u) != 0u && operation >= 0x0du && operation <= SIMD_COMPARE_LAST;
  }
}

EQ_TRAP_CODE static uint32_t second_operand(uint32_t word, const uint32_t *x) {
  const uint32_t mode = field_funct3(word) >> 1;
  const lanes_t lanes = lanes_of(word);
  if (mode == OPERAND_VECTOR) {
    return x[field_rs2(word)];
  }
  if (mode == OPERAND_SCALAR) {
    return (x[field_rs2(word)] & lanes.mask) * lanes.replicate;
  }
  uint32_t immediate = immediate_unsigned(word);
  if (!immediate_is_unsigned(operation_of(word))) {
    immediate = shift_signed(immediate << 26, 26);
  }
  return (immediate & lanes.mask) * lanes.replicate;
}

EQ_TRAP_CODE static inline uint32_t dot_bytes_signed(uint32_t a, uint32_t b) {
  return extend_s8(a) * extend_s8(b) + extend_s8(a >> 8) * extend_s8(b >> 8) +
         extend_s8(a >> 16) * extend_s8(b >> 16) + shift_signed(a, 24) * shift_signed(b, 24);
}

EQ_TRAP_CODE static uint32_t dot_product(uint32_t a, uint32_t b, uint32_t bits, int a_unsigned, int b_unsigned) {
  uint32_t sum = 0u;
  for (uint32_t low = 0u; low < 32u; low += bits) {
    const uint32_t up = 32u - bits;
    const uint32_t left = a << (up - low);
    const uint32_t right = b << (up - low);
    sum += (a_unsigned ? left >> up : shift_signed(left, up)) * (b_unsigned ? right >> up : shift_signed(right, up));
  }
  return sum;
}

EQ_TRAP_CODE static int emulate_dot(uint32_t word, uint32_t a, uint32_t b, uint32_t *d) {
  const uint32_t operation = operation_of(word);
  const uint32_t bits = lanes_of(word).bits;
  const uint32_t start = operation >= SIMD_SDOTUP ? *d : 0u;
  switch (operation) {
    case SIMD_DOTSP:
    case SIMD_SDOTSP: *d = start + (bits == 8u ? dot_bytes_signed(a, b) : dot_product(a, b, 16u, 0, 0)); return 1;
    case SIMD_DOTUP:
    case SIMD_SDOTUP: *d = start + dot_product(a, b, bits, 1, 1); return 1;
    case SIMD_DOTUSP:
    case SIMD_SDOTUSP: *d = start + dot_product(a, b, bits, 1, 0); return 1;
    default: return 0;
  }
}

/* One lane; a and b are zero-extended lanes, sa and sb the same sign-extended. */
EQ_TRAP_CODE static int compare_lane(uint32_t operation, uint32_t a, uint32_t b, int32_t sa, int32_t sb) {
  switch (operation >> 1) {
    case 0: return a == b;
    case 1: return a != b;
    case 2: return sa > sb;
    case 3: return sa >= sb;
    case 4: return sa < sb;
    case 5: return sa <= sb;
    case 6: return a > b;
    case 7: return a >= b;
    case 8: return a < b;
    default: return a <= b;
  }
}

EQ_TRAP_CODE static uint32_t alu_lane(uint32_t operation, uint32_t a, uint32_t b, int32_t sa, int32_t sb,
                                      lanes_t lanes) {
  const uint32_t amount = b & (lanes.bits - 1u);
  switch (operation) {
    case SIMD_ADD: return a + b;
    case SIMD_SUB: return a - b;
    case SIMD_AVG: return shift_signed((a + b) << (32u - lanes.bits), 33u - lanes.bits);
    case SIMD_AVGU: return ((a + b) & lanes.mask) >> 1;
    case SIMD_MIN: return sa < sb ? a : b;
    case SIMD_MINU: return a < b ? a : b;
    case SIMD_MAX: return sa > sb ? a : b;
    case SIMD_MAXU: return a > b ? a : b;
    case SIMD_SRL: return a >> amount;
    case SIMD_SRA: return shift_signed((uint32_t)sa, amount);
    case SIMD_SLL: return a << amount;
    case SIMD_OR: return a | b;
    case SIMD_XOR: return a ^ b;
    case SIMD_AND: return a & b;
    default: return sa < 0 ? 0u - a : a; /* SIMD_ABS */
  }
}

EQ_TRAP_CODE static void emulate_lanes(uint32_t word, uint32_t a, uint32_t b, uint32_t *d) {
  const uint32_t operation = operation_of(word);
  const lanes_t lanes = lanes_of(word);
  const uint32_t up = 32u - lanes.bits;
  uint32_t result = 0u;
  for (uint32_t low = 0u; low < 32u; low += lanes.bits) {
    const uint32_t la = (a >> low) & lanes.mask;
    const uint32_t lb = (b >> low) & lanes.mask;
    const int32_t sa = (int32_t)shift_signed(la << up, up);
    const int32_t sb = (int32_t)shift_signed(lb << up, up);
    const uint32_t lane = (operation & 1u) == 0u             ? alu_lane(operation, la, lb, sa, sb, lanes)
                          : compare_lane(operation, la, lb, sa, sb) ? lanes.mask
                                                             : 0u;
    result |= (lane & lanes.mask) << low;
  }
  *d = result;
}

/* funct3 0 .. 5: extract.h, extract.b, extractu.h, extractu.b, insert.h, insert.b */
EQ_TRAP_CODE static int extract_insert(uint32_t word, uint32_t a, uint32_t *d) {
  const lanes_t lanes = lanes_of(word);
  const uint32_t index = immediate_unsigned(word) & (32u / lanes.bits - 1u);
  const uint32_t low = index * lanes.bits;
  const uint32_t lane = (a >> low) & lanes.mask;
  switch (field_funct3(word) >> 1) {
    case 0: *d = lanes.bits == 8u ? extend_s8(lane) : extend_s16(lane); return 1;
    case 1: *d = lane; return 1;
    case 2: *d = (*d & ~(lanes.mask << low)) | ((a & lanes.mask) << low); return 1;
    default: return 0;
  }
}

/* Lanes of a (selector bit set) or of d, as the selector's lanes say; `sources` 1 or 2 registers. */
EQ_TRAP_CODE static uint32_t shuffle(uint32_t a, uint32_t d, uint32_t selector, lanes_t lanes, int sources) {
  const uint32_t count = 32u / lanes.bits;
  uint32_t result = 0u;
  for (uint32_t low = 0u; low < 32u; low += lanes.bits) {
    const uint32_t choice = selector >> low;
    const uint32_t from = sources == 2 && (choice & count) == 0u ? d : a;
    result |= ((from >> ((choice & (count - 1u)) * lanes.bits)) & lanes.mask) << low;
  }
  return result;
}

/* Immediate forms: two bits a byte (the top byte's are in the operation), one bit a half. */
EQ_TRAP_CODE static uint32_t shuffle_selector(uint32_t word, lanes_t lanes) {
  const uint32_t immediate = immediate_unsigned(word);
  if (lanes.bits == 16u) {
    return (immediate & 1u) | ((immediate & 2u) << 15);
  }
  const uint32_t top = (operation_of(word) - SIMD_SHUFFLE) >> 1;
  return (immediate & 3u) | ((immediate & 0xcu) << 6) | ((immediate & 0x30u) << 12) | (top << 24);
}

EQ_TRAP_CODE static int emulate_shuffle(uint32_t word, uint32_t a, uint32_t b, uint32_t *d) {
  const lanes_t lanes = lanes_of(word);
  const uint32_t mode = field_funct3(word) >> 1;
  if (mode == OPERAND_VECTOR && operation_of(word) == SIMD_SHUFFLE) {
    *d = shuffle(a, 0u, b, lanes, 1);
    return 1;
  }
  if (mode == OPERAND_IMMEDIATE && (lanes.bits == 8u || operation_of(word) == SIMD_SHUFFLE)) {
    *d = shuffle(a, 0u, shuffle_selector(word, lanes), lanes, 1);
    return 1;
  }
  return 0;
}

EQ_TRAP_CODE static int emulate_pack(uint32_t word, uint32_t a, uint32_t b, uint32_t *d) {
  const int high = ((word >> 25) & 1u) != 0u;
  if (operation_of(word) == SIMD_PACK) {
    *d = high ? (a & 0xffff0000u) | (b >> 16) : (a << 16) | (b & 0xffffu);
  } else {
    const uint32_t bytes = ((a & 0xffu) << 8) | (b & 0xffu);
    *d = high ? (*d & 0x0000ffffu) | (bytes << 16) : (*d & 0xffff0000u) | bytes;
  }
  return 1;
}

/* Complex numbers: real part in the lower half. The products are in Q15; funct3 >> 1 halves the result so often. */
EQ_TRAP_CODE static int emulate_complex(uint32_t word, uint32_t a, uint32_t b, uint32_t *d) {
  const uint32_t divide = field_funct3(word) >> 1;
  const uint32_t ar = extend_s16(a), ai = shift_signed(a, 16);
  const uint32_t br = extend_s16(b), bi = shift_signed(b, 16);
  switch (operation_of(word)) {
    case SIMD_CPLXMUL:
      if (((word >> 25) & 1u) != 0u) {
        *d = (*d & 0xffffu) | (shift_signed(ar * bi + ai * br, 15u + divide) << 16);
      } else {
        *d = (*d & 0xffff0000u) | (shift_signed(ar * br - ai * bi, 15u + divide) & 0xffffu);
      }
      return 1;
    case SIMD_CPLXCONJ: *d = ((0u - ai) << 16) | (ar & 0xffffu); return 1;
    case SIMD_SUBROTMJ: {
      const uint32_t real = shift_signed(extend_s16(ai - bi), divide);
      const uint32_t imaginary = shift_signed(extend_s16(br - ar), divide);
      *d = (imaginary << 16) | (real & 0xffffu);
      return 1;
    }
    case SIMD_ADD_DIV:
      *d = (shift_signed(extend_s16(ai + bi), divide) << 16) | (shift_signed(extend_s16(ar + br), divide) & 0xffffu);
      return 1;
    case SIMD_SUB_DIV:
      *d = (shift_signed(extend_s16(ai - bi), divide) << 16) | (shift_signed(extend_s16(ar - br), divide) & 0xffffu);
      return 1;
    default: return 0;
  }
}

EQ_TRAP_CODE static int execute_simd(uint32_t word, uint32_t *x) {
  const uint32_t operation = operation_of(word);
  const uint32_t a = x[field_rs1(word)];
  uint32_t *d = &x[field_rd(word)];
  if ((operation & 1u) != 0u && operation > SIMD_COMPARE_LAST) {
    return emulate_complex(word, a, x[field_rs2(word)], d);
  }
  if (operation == SIMD_EXTRACT_INSERT) {
    return extract_insert(word, a, d);
  }
  if ((field_funct3(word) >> 1) == 1u) {
    return 0;
  }
  const uint32_t b = second_operand(word, x);
  if (operation >= SIMD_DOTUP && operation <= SIMD_SDOTSP && (operation & 1u) == 0u) {
    return emulate_dot(word, a, b, d);
  }
  if (operation >= SIMD_SHUFFLE && operation <= SIMD_SHUFFLE_I3) {
    return emulate_shuffle(word, a, b, d);
  }
  switch (operation) {
    case SIMD_SHUFFLE2: *d = shuffle(a, *d, b, lanes_of(word), 2); return 1;
    case SIMD_PACK:
    case SIMD_PACK_B: return emulate_pack(word, a, b, d);
    default: break;
  }
  if (operation <= SIMD_ABS) {
    emulate_lanes(word, a, b, d);
    return 1;
  }
  return 0;
}

EQ_TRAP_CODE static uint32_t simd(const eq_decoded_t *d, uint32_t *x) {
  return execute_simd(d->word, x) ? d->next : EQ_UNKNOWN;
}

EQ_TRAP_CODE static uint32_t sdotsp_b(const eq_decoded_t *d, uint32_t *x) {
  x[d->rd] += dot_bytes_signed(x[d->rs1], x[d->rs2]);
  return d->next;
}

EQ_TRAP_CODE eq_operation_t eq_decode_simd(uint32_t word) {
  return operation_of(word) == SIMD_SDOTSP && field_funct3(word) == 1u ? sdotsp_b : simd;
}
