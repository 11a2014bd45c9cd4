/* The matrix product of the Xpulp kernels with weights of less than 8 bits (eq_narrow.h): eq_xpulp_block.h with other
 * weights. A word of packed weights is turned into words with a channel's fields at the top of each byte (a packed shift,
 * and a mask where other fields lie below), so that sums come out 2^(8 - bits) times as large. Powers of two are made
 * whole by a packed shift of 1 or -1. */
#ifndef EQ_XPULP_NARROW_H
#define EQ_XPULP_NARROW_H

#include "eq_narrow.h"
#include "eq_xpulp_block.h"

/* A quad of inputs' weights of four channels. */
typedef struct {
  uint32_t c0, c1, c2, c3;
} eq_xpulp_fields_t;

/* Powers of two of the fields in the upper halves of the bytes of `signs` and the low bits of those of `shifts`. */
static EQ_INLINE uint32_t eq_xpulp_powers(uint32_t signs, uint32_t shifts) {
  return eq_xcv_sll_b(eq_xcv_sra_b(signs, 0x07070707u) | 0x01010101u, shifts);
}

/* Reads the fields of the next quad; `w` advances. `second`: of two quads that share binary bytes. */
static EQ_INLINE eq_xpulp_fields_t eq_xpulp_fields(const uint8_t **w, eq_narrow_t type, int32_t second) {
  const int8_t *from = (const int8_t *)*w;
  const uint32_t word = eq_xcv_load_w(from, 4);
  eq_xpulp_fields_t f;
  if (type == EQ_INT4) {
    const uint32_t next = eq_xcv_load_w(from, 4), mask = 0xf0f0f0f0u;
    f = (eq_xpulp_fields_t){eq_xcv_sll_b(word, 0x04040404u), word & mask, eq_xcv_sll_b(next, 0x04040404u), next & mask};
  } else if (type == EQ_POW2) {
    const uint32_t next = eq_xcv_load_w(from, 4);
    f = (eq_xpulp_fields_t){eq_xpulp_powers(eq_xcv_sll_b(word, 0x04040404u), word),
                            eq_xpulp_powers(word, eq_xcv_srl_b(word, 0x04040404u)),
                            eq_xpulp_powers(eq_xcv_sll_b(next, 0x04040404u), next),
                            eq_xpulp_powers(next, eq_xcv_srl_b(next, 0x04040404u))};
  } else if (type == EQ_BINARY) {
    const uint32_t mask = 0x80808080u;
    f = second ? (eq_xpulp_fields_t){eq_xcv_sll_b(word, 0x07070707u), eq_xcv_sll_b(word, 0x06060606u) & mask,
                                     eq_xcv_sll_b(word, 0x05050505u) & mask, eq_xcv_sll_b(word, 0x04040404u) & mask}
               : (eq_xpulp_fields_t){eq_xcv_sll_b(word, 0x03030303u) & mask, eq_xcv_sll_b(word, 0x02020202u) & mask,
                                     eq_xcv_sll_b(word, 0x01010101u) & mask, word & mask};
  } else {
    const uint32_t mask = 0xc0c0c0c0u;
    f = (eq_xpulp_fields_t){eq_xcv_sll_b(word, 0x06060606u), eq_xcv_sll_b(word, 0x04040404u) & mask,
                            eq_xcv_sll_b(word, 0x02020202u) & mask, word & mask};
  }
  if (type != EQ_BINARY || second) {
    *w = (const uint8_t *)from;
  }
  return f;
}

/* What brings a sum of fields at the top of bytes back, and doubles it for an odd type; powers of two are whole. */
static EQ_INLINE int32_t eq_xpulp_field_shift(eq_narrow_t type) {
  return type == EQ_POW2 ? 0 : 8 - eq_narrow_bits(type) - eq_narrow_is_odd(type);
}

/* Sum of the bytes of `quads` quads. */
static EQ_INLINE int32_t eq_xpulp_byte_sum(const int8_t *x, int32_t quads) {
  int32_t sum = 0;
  for (; quads > 0; quads--) {
    sum = eq_xcv_sdotsp_b(sum, eq_xcv_load_w(x, 4), 0x01010101u);
  }
  return sum;
}

#if defined(EQ_XCV_BACKEND_INSN)
_Static_assert(offsetof(eq_xpulp_block_t, of_pixels) == 544, "the assembly below relies on this offset");

/* First activations of a quad and the weights' word; cv.lw with post-increment. */
#define EQ_XPULP_NARROW_LOAD         \
  ".insn i 0x0b, 2, t4, a1, 4\n\t"   \
  ".insn i 0x0b, 2, t0, t6, 4\n\t"   \
  ".insn i 0x0b, 2, ra, a2, 4\n\t"

/* One quad; fields to t0 .. t3 (cv.sll.sci.b; the mask is in a0), then the dot products. */
#define EQ_XPULP_QUAD_INT4           \
  EQ_XPULP_NARROW_LOAD               \
  ".insn i 0x0b, 2, t2, t6, 4\n\t"   \
  "and t1, t0, a0\n\t"               \
  ".insn r 0x7b, 7, 0x28, t0, t0, x2\n\t" \
  "and t3, t2, a0\n\t"               \
  ".insn r 0x7b, 7, 0x28, t2, t2, x2\n\t" \
  EQ_XPULP_DOTS

/* 1 or -1 by the sign in the upper half of each byte of `signs` (cv.sra.sci.b; ones in a0), shifted by `shifts`
 * (cv.sll.b), to `to`. */
#define EQ_XPULP_POWERS(to, signs, shifts) \
  ".insn r 0x7b, 7, 0x25, " #to ", " #signs ", x3\n\t" \
  "or " #to ", " #to ", a0\n\t" \
  ".insn r 0x7b, 1, 0x28, " #to ", " #to ", " #shifts "\n\t"

/* Those of both fields of `word`, to `word` and `upper`; ra is free. */
#define EQ_XPULP_POWERS_OF(word, upper) \
  ".insn r 0x7b, 7, 0x20, ra, " #word ", x2\n\t" \
  EQ_XPULP_POWERS(upper, word, ra) \
  ".insn r 0x7b, 7, 0x28, ra, " #word ", x2\n\t" \
  ".insn r 0x7b, 7, 0x25, ra, ra, x3\n\t" \
  "or ra, ra, a0\n\t" \
  ".insn r 0x7b, 1, 0x28, " #word ", ra, " #word "\n\t"

#define EQ_XPULP_QUAD_POW2 \
  ".insn i 0x0b, 2, t0, t6, 4\n\t" \
  ".insn i 0x0b, 2, t2, t6, 4\n\t" \
  EQ_XPULP_POWERS_OF(t0, t1) \
  EQ_XPULP_POWERS_OF(t2, t3) \
  ".insn i 0x0b, 2, t4, a1, 4\n\t" \
  ".insn i 0x0b, 2, ra, a2, 4\n\t" \
  EQ_XPULP_DOTS

#define EQ_XPULP_QUAD_2BIT           \
  EQ_XPULP_NARROW_LOAD               \
  "and t3, t0, a0\n\t"               \
  ".insn r 0x7b, 7, 0x28, t2, t0, x1\n\t" \
  ".insn r 0x7b, 7, 0x28, t1, t0, x2\n\t" \
  ".insn r 0x7b, 7, 0x28, t0, t0, x3\n\t" \
  "and t2, t2, a0\n\t"               \
  "and t1, t1, a0\n\t"               \
  EQ_XPULP_DOTS

/* Two quads that share their bytes: bits 4 to 7, then 0 to 3. */
#define EQ_XPULP_QUADS_BINARY        \
  ".insn i 0x0b, 2, t4, a1, 4\n\t"   \
  "lw t0, 0(t6)\n\t"                 \
  ".insn i 0x0b, 2, ra, a2, 4\n\t"   \
  "and t3, t0, a0\n\t"               \
  ".insn r 0x7b, 7, 0x29, t2, t0, x0\n\t" \
  ".insn r 0x7b, 7, 0x28, t1, t0, x1\n\t" \
  ".insn r 0x7b, 7, 0x29, t0, t0, x1\n\t" \
  "and t2, t2, a0\n\t"               \
  "and t1, t1, a0\n\t"               \
  "and t0, t0, a0\n\t"               \
  EQ_XPULP_DOTS                      \
  EQ_XPULP_NARROW_LOAD               \
  ".insn r 0x7b, 7, 0x28, t3, t0, x2\n\t" \
  ".insn r 0x7b, 7, 0x29, t2, t0, x2\n\t" \
  ".insn r 0x7b, 7, 0x28, t1, t0, x3\n\t" \
  ".insn r 0x7b, 7, 0x29, t0, t0, x3\n\t" \
  "and t3, t3, a0\n\t"               \
  "and t2, t2, a0\n\t"               \
  "and t1, t1, a0\n\t"               \
  EQ_XPULP_DOTS

#define EQ_XPULP_CLEAR_SUMS \
  "li s0, 0\n\t" \
  "li s1, 0\n\t" \
  "li s2, 0\n\t" \
  "li s3, 0\n\t" \
  "li s4, 0\n\t" \
  "li s5, 0\n\t" \
  "li s6, 0\n\t" \
  "li s7, 0\n\t" \
  "li s8, 0\n\t" \
  "li s9, 0\n\t" \
  "li s10, 0\n\t" \
  "li s11, 0\n\t" \
  "li a4, 0\n\t" \
  "li a5, 0\n\t" \
  "li a6, 0\n\t" \
  "li a7, 0\n\t"

#define EQ_XPULP_SHIFT_SUMS(shift) \
  "srai s0, s0, " #shift "\n\t" \
  "srai s1, s1, " #shift "\n\t" \
  "srai s2, s2, " #shift "\n\t" \
  "srai s3, s3, " #shift "\n\t" \
  "srai s4, s4, " #shift "\n\t" \
  "srai s5, s5, " #shift "\n\t" \
  "srai s6, s6, " #shift "\n\t" \
  "srai s7, s7, " #shift "\n\t" \
  "srai s8, s8, " #shift "\n\t" \
  "srai s9, s9, " #shift "\n\t" \
  "srai s10, s10, " #shift "\n\t" \
  "srai s11, s11, " #shift "\n\t" \
  "srai a4, a4, " #shift "\n\t" \
  "srai a5, a5, " #shift "\n\t" \
  "srai a6, a6, " #shift "\n\t" \
  "srai a7, a7, " #shift "\n\t"

/* The biases of the group, whose pointer (28(a0)) moves on. */
#define EQ_XPULP_ADD_BIASES \
  "lw t0, 28(a0)\n\t" \
  "lw t1, 0(t0)\n\t" \
  "lw t2, 4(t0)\n\t" \
  "lw t3, 8(t0)\n\t" \
  "lw t4, 12(t0)\n\t" \
  "addi t0, t0, 16\n\t" \
  "sw t0, 28(a0)\n\t" \
  "add s0, s0, t1\n\t" \
  "add s1, s1, t2\n\t" \
  "add s2, s2, t3\n\t" \
  "add s3, s3, t4\n\t" \
  "add s4, s4, t1\n\t" \
  "add s5, s5, t2\n\t" \
  "add s6, s6, t3\n\t" \
  "add s7, s7, t4\n\t" \
  "add s8, s8, t1\n\t" \
  "add s9, s9, t2\n\t" \
  "add s10, s10, t3\n\t" \
  "add s11, s11, t4\n\t" \
  "add a4, a4, t1\n\t" \
  "add a5, a5, t2\n\t" \
  "add a6, a6, t3\n\t" \
  "add a7, a7, t4\n\t"

/* c->of_pixels, for odd types. */
#define EQ_XPULP_ADD_PIXELS \
  "lw t1, 544(a0)\n\t" \
  "lw t2, 548(a0)\n\t" \
  "lw t3, 552(a0)\n\t" \
  "lw t4, 556(a0)\n\t" \
  "add s0, s0, t1\n\t" \
  "add s1, s1, t1\n\t" \
  "add s2, s2, t1\n\t" \
  "add s3, s3, t1\n\t" \
  "add s4, s4, t2\n\t" \
  "add s5, s5, t2\n\t" \
  "add s6, s6, t2\n\t" \
  "add s7, s7, t2\n\t" \
  "add s8, s8, t3\n\t" \
  "add s9, s9, t3\n\t" \
  "add s10, s10, t3\n\t" \
  "add s11, s11, t3\n\t" \
  "add a4, a4, t4\n\t" \
  "add a5, a5, t4\n\t" \
  "add a6, a6, t4\n\t" \
  "add a7, a7, t4\n\t"

/* Defines a twin of eq_xpulp_sum: `quads` is its loop of `length` instructions for 1 << `two` quads, with `mask` in a0;
 * `finish` stores what comes of the sums, with c in a0, as EQ_XPULP_STORE_SUMS does. */
#define EQ_XPULP_SUM_OF_FIELDS(name, quads, length, two, mask, finish)                                      \
  __attribute__((naked, noinline, unused)) static void name(eq_xpulp_block_t *c __attribute__((unused))) {      \
    __asm__ volatile(                                                                                           \
        EQ_XPULP_SAVE                                                                                           \
        "lw t6, 16(a0)\n\t"                                                                                     \
        "lw t1, 24(a0)\n\t"                                                                                     \
        "addi t2, a0, 32\n\t"                                                                                   \
        "sw a0, 52(sp)\n\t"                                                                                     \
        "sw t1, 56(sp)\n\t"                                                                                     \
        "sw t2, 60(sp)\n"                                                                                       \
        "1:\n\t"                                                                                                \
        "lw t0, 20(a0)\n\t"                                                                                     \
        "lw a1, 0(a0)\n\t"                                                                                      \
        "lw a2, 4(a0)\n\t"                                                                                      \
        "lw a3, 8(a0)\n\t"                                                                                      \
        "lw t5, 12(a0)\n\t"                                                                                     \
        "li a0, " #mask "\n\t"                                                                                  \
        "addi t0, t0, " #two "\n\t"                                                                             \
        "srli t0, t0, " #two "\n\t"                                                                             \
        EQ_XPULP_CLEAR_SUMS                                                                                     \
        ".option push\n\t"                                                                                      \
        ".option norvc\n\t" /* a hardware loop counts instructions of 4 bytes */                                \
        ".balign 4\n\t"                                                                                         \
        ".insn i 0x2b, 4, x14, t0, " #length " + 1\n\t" /* cv.setup 0 */                                        \
        quads                                                                                                   \
        ".option pop\n\t"                                                                                       \
        "lw a0, 52(sp)\n\t"                                                                                     \
        finish                                                                                                  \
        "bnez t1, 1b\n\t"                                                                                       \
        "sw t6, 16(a0)\n\t"                                                                                     \
        EQ_XPULP_RESTORE);                                                                                      \
  }

EQ_XPULP_SUM_OF_FIELDS(eq_xpulp_sum_int4, EQ_XPULP_QUAD_INT4, 26, 0, 0xf0f0f0f0,
                       EQ_XPULP_SHIFT_SUMS(4) EQ_XPULP_ADD_BIASES EQ_XPULP_STORE_SUMS)
EQ_XPULP_SUM_OF_FIELDS(eq_xpulp_sum_int2, EQ_XPULP_QUAD_2BIT, 27, 0, 0xc0c0c0c0,
                       EQ_XPULP_SHIFT_SUMS(5) EQ_XPULP_ADD_BIASES EQ_XPULP_ADD_PIXELS EQ_XPULP_STORE_SUMS)
EQ_XPULP_SUM_OF_FIELDS(eq_xpulp_sum_ternary, EQ_XPULP_QUAD_2BIT, 27, 0, 0xc0c0c0c0,
                       EQ_XPULP_SHIFT_SUMS(6) EQ_XPULP_ADD_BIASES EQ_XPULP_STORE_SUMS)
EQ_XPULP_SUM_OF_FIELDS(eq_xpulp_sum_binary, EQ_XPULP_QUADS_BINARY, 56, 1, 0x80808080,
                       EQ_XPULP_SHIFT_SUMS(6) EQ_XPULP_ADD_BIASES EQ_XPULP_ADD_PIXELS EQ_XPULP_STORE_SUMS)
EQ_XPULP_SUM_OF_FIELDS(eq_xpulp_sum_pow2, EQ_XPULP_QUAD_POW2, 38, 0, 0x01010101,
                       EQ_XPULP_ADD_BIASES EQ_XPULP_STORE_SUMS)
#else
static EQ_INLINE void eq_xpulp_sum_narrow(eq_xpulp_block_t *c, eq_narrow_t type) {
  const uint8_t *weights = (const uint8_t *)c->weights;
  const int32_t quads = type == EQ_BINARY ? (c->quads + 1) & ~1 : c->quads, shift = eq_xpulp_field_shift(type);
  int32_t *sums = c->sums;
  for (int32_t group = 0; group < c->groups; group++) {
    const int8_t *x[EQ_XPULP_PIXELS] = {c->x0, c->x1, c->x2, c->x3};
    eq_xpulp_sums_t s[EQ_XPULP_PIXELS] = {{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}};
    for (int32_t quad = 0; quad < quads; quad++) {
      const eq_xpulp_fields_t f = eq_xpulp_fields(&weights, type, quad & 1);
      for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
        s[i] = eq_xpulp_dot(s[i], eq_xcv_load_w(x[i], 4), f.c0, f.c1, f.c2, f.c3);
      }
    }
    for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
      const int32_t of_pixel = eq_narrow_is_odd(type) ? c->of_pixels[i] : 0;
      sums[0] = (s[i].c0 >> shift) + c->bias[0] + of_pixel;
      sums[1] = (s[i].c1 >> shift) + c->bias[1] + of_pixel;
      sums[2] = (s[i].c2 >> shift) + c->bias[2] + of_pixel;
      sums[3] = (s[i].c3 >> shift) + c->bias[3] + of_pixel;
      sums += EQ_XPULP_LANES;
    }
    c->bias += EQ_XPULP_LANES;
  }
  c->weights = (const int8_t *)weights;
}

__attribute__((noinline, unused)) static void eq_xpulp_sum_int4(eq_xpulp_block_t *c) {
  eq_xpulp_sum_narrow(c, EQ_INT4);
}

__attribute__((noinline, unused)) static void eq_xpulp_sum_int2(eq_xpulp_block_t *c) {
  eq_xpulp_sum_narrow(c, EQ_INT2);
}

__attribute__((noinline, unused)) static void eq_xpulp_sum_ternary(eq_xpulp_block_t *c) {
  eq_xpulp_sum_narrow(c, EQ_TERNARY);
}

__attribute__((noinline, unused)) static void eq_xpulp_sum_binary(eq_xpulp_block_t *c) {
  eq_xpulp_sum_narrow(c, EQ_BINARY);
}

__attribute__((noinline, unused)) static void eq_xpulp_sum_pow2(eq_xpulp_block_t *c) {
  eq_xpulp_sum_narrow(c, EQ_POW2);
}
#endif

/* All output channels of up to four pixels; their quads are zero-filled, for binary weights to an even number. */
static EQ_INLINE void eq_xpulp_narrow_product(const int8_t *const x[4], int32_t quads, const void *weights,
                                              const int32_t *bias, const eq_xpulp_requant_t *q, int32_t out_c,
                                              int8_t *y, int32_t pixels, eq_narrow_t type, eq_requant_form_t form) {
  eq_xpulp_block_t c;
  eq_xpulp_operands(&c, x, quads, weights, bias, pixels);
  if (eq_narrow_is_odd(type)) {
    for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
      c.of_pixels[i] = i < pixels ? eq_xpulp_byte_sum(x[i], quads) : c.of_pixels[pixels - 1];
    }
  }
  eq_xpulp_sum_t *const sum = type == EQ_INT4      ? eq_xpulp_sum_int4
                              : type == EQ_INT2    ? eq_xpulp_sum_int2
                              : type == EQ_TERNARY ? eq_xpulp_sum_ternary
                              : type == EQ_POW2    ? eq_xpulp_sum_pow2
                                                   : eq_xpulp_sum_binary;
  eq_xpulp_channels(&c, q, out_c, y, pixels, form, sum);
}

#endif
