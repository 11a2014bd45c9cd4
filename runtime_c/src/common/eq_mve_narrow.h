/* The matrix product of the MVE kernels with weights of less than 8 bits (eq_narrow.h): eq_mve_product.h with other
 * weights. A vector of packed weights is turned into vectors with a channel's fields at the top of each byte (a shift, and
 * a mask where other fields lie below), so that sums come out 2^(8 - bits) times as large. Fields beyond K are 0, so what
 * lies beyond a patch does not count. */
#ifndef EQ_MVE_NARROW_H
#define EQ_MVE_NARROW_H

#include "eq_mve_product.h"
#include "eq_narrow.h"

/* 16 inputs' weights of four channels. */
typedef struct {
  int8x16_t c0, c1, c2, c3;
} eq_mve_fields_t;

/* Bytes of packed weights for 16 inputs, for 32 of binary ones. */
static EQ_INLINE int32_t eq_mve_row_bytes(eq_narrow_t type) { return eq_narrow_bits(type) == 4 ? 32 : 16; }

/* Powers of two of the fields in the upper halves of bytes: 1 << k, or -128 >> (7 - k) rounded, which of 8 is 0. */
static EQ_INLINE int8x16_t eq_mve_powers(int8x16_t v) {
  const uint8x16_t signs = vandq_u8((uint8x16_t)v, vdupq_n_u8(0x80));
  return vrshlq_s8((int8x16_t)vmaxq_u8(signs, vdupq_n_u8(1)), vshrq_n_s8(v, 4));
}

/* The fields at `w`; `second`: of two blocks that share binary bytes. */
static EQ_INLINE eq_mve_fields_t eq_mve_fields(const uint8_t *w, eq_narrow_t type, int32_t second) {
  const int8x16_t row = vldrbq_s8((const int8_t *)w);
  if (type == EQ_INT4) {
    const int8x16_t next = vldrbq_s8((const int8_t *)w + 16), mask = vdupq_n_s8(-16);
    return (eq_mve_fields_t){vshlq_n_s8(row, 4), vandq_s8(row, mask), vshlq_n_s8(next, 4), vandq_s8(next, mask)};
  }
  if (type == EQ_POW2) {
    const int8x16_t next = vldrbq_s8((const int8_t *)w + 16);
    return (eq_mve_fields_t){eq_mve_powers(vshlq_n_s8(row, 4)), eq_mve_powers(row), eq_mve_powers(vshlq_n_s8(next, 4)),
                             eq_mve_powers(next)};
  }
  if (type == EQ_BINARY) {
    const int8x16_t mask = vdupq_n_s8(-128);
    if (second) {
      return (eq_mve_fields_t){vshlq_n_s8(row, 7), vandq_s8(vshlq_n_s8(row, 6), mask),
                               vandq_s8(vshlq_n_s8(row, 5), mask), vandq_s8(vshlq_n_s8(row, 4), mask)};
    }
    return (eq_mve_fields_t){vandq_s8(vshlq_n_s8(row, 3), mask), vandq_s8(vshlq_n_s8(row, 2), mask),
                             vandq_s8(vshlq_n_s8(row, 1), mask), vandq_s8(row, mask)};
  }
  const int8x16_t mask = vdupq_n_s8(-64);
  return (eq_mve_fields_t){vshlq_n_s8(row, 6), vandq_s8(vshlq_n_s8(row, 4), mask),
                           vandq_s8(vshlq_n_s8(row, 2), mask), vandq_s8(row, mask)};
}

/* Sum of n bytes. */
static EQ_INLINE int32_t eq_mve_byte_sum(const int8_t *x, int32_t n) {
  int32_t sum = 0;
  for (; n > 0; n -= EQ_MVE_BLOCK) {
    const mve_pred16_t lanes = vctp8q((uint32_t)n);
    sum = vaddvaq_p_s8(sum, vldrbq_z_s8(x, lanes), lanes);
    x += EQ_MVE_BLOCK;
  }
  return sum;
}

static EQ_INLINE void eq_mve_add_fields(int32_t sums[4], const int8_t *x, eq_mve_fields_t f) {
  const int8x16_t v = vldrbq_s8(x);
  sums[0] = vmladavaq_s8(sums[0], v, f.c0);
  sums[1] = vmladavaq_s8(sums[1], v, f.c1);
  sums[2] = vmladavaq_s8(sums[2], v, f.c2);
  sums[3] = vmladavaq_s8(sums[3], v, f.c3);
}

/* Sums of `blocks` (for binary weights: pairs of blocks) with the weights at w, 2^(8 - bits) times as large. */
static EQ_INLINE void eq_mve_field_sums(const int8_t *x, const uint8_t *w, int32_t blocks, eq_narrow_t type,
                                        int32_t sums[4]) {
  int32_t s[4] = {0, 0, 0, 0};
  for (; blocks > 0; blocks--) {
    eq_mve_add_fields(s, x, eq_mve_fields(w, type, 0));
    x += EQ_MVE_BLOCK;
    if (type == EQ_BINARY) {
      eq_mve_add_fields(s, x, eq_mve_fields(w, type, 1));
      x += EQ_MVE_BLOCK;
    }
    w += eq_mve_row_bytes(type);
  }
  sums[0] = s[0];
  sums[1] = s[1];
  sums[2] = s[2];
  sums[3] = s[3];
}

#define EQ_MVE_PIXELS     \
  "vldrb.8 q0, [r1], #16\n\t" \
  "vldrb.8 q1, [r3], #16\n\t"

/* Products of the two pixels with a channel's fields. `op`: VMLADAV for the first ones of a sum, else VMLADAVA. */
#define EQ_MVE_DOT(op, first, second, fields) \
  op " " first ", q0, " fields "\n\t"         \
  op " " second ", q1, " fields "\n\t"

/* Fields that are shifted up and masked (mask in q4). */
#define EQ_MVE_FIELDS(shift)         \
  "vshl.i8 q3, q2, #" #shift "\n\t" \
  "vand q3, q3, q4\n\t"

#define EQ_MVE_INT4_BLOCK(op)          \
  "vldrb.8 q2, [r5], #32\n\t"          \
  EQ_MVE_PIXELS                        \
  "vshl.i8 q3, q2, #4\n\t"             \
  EQ_MVE_DOT(op, "r0", "r8", "q3")     \
  "vand q2, q2, q4\n\t"                \
  EQ_MVE_DOT(op, "r2", "r10", "q2")    \
  "vldrb.8 q2, [r5, #-16]\n\t"         \
  "vshl.i8 q3, q2, #4\n\t"             \
  EQ_MVE_DOT(op, "r4", "r12", "q3")    \
  "vand q2, q2, q4\n\t"                \
  EQ_MVE_DOT(op, "r6", "lr", "q2")

/* Powers of two of the fields in the upper halves of the bytes of `v`, to q3: 0x80 in q4, 1 in q5, q6 is free. */
#define EQ_MVE_POWERS(v)             \
  "vand q3, " v ", q4\n\t"           \
  "vshr.s8 q6, " v ", #4\n\t"        \
  "vmax.u8 q3, q3, q5\n\t"           \
  "vrshl.s8 q3, q3, q6\n\t"

#define EQ_MVE_POW2_BLOCK(op)          \
  "vldrb.8 q2, [r5], #32\n\t"          \
  EQ_MVE_PIXELS                        \
  "vshl.i8 q7, q2, #4\n\t"             \
  EQ_MVE_POWERS("q7")                  \
  EQ_MVE_DOT(op, "r0", "r8", "q3")     \
  EQ_MVE_POWERS("q2")                  \
  EQ_MVE_DOT(op, "r2", "r10", "q3")    \
  "vldrb.8 q2, [r5, #-16]\n\t"         \
  "vshl.i8 q7, q2, #4\n\t"             \
  EQ_MVE_POWERS("q7")                  \
  EQ_MVE_DOT(op, "r4", "r12", "q3")    \
  EQ_MVE_POWERS("q2")                  \
  EQ_MVE_DOT(op, "r6", "lr", "q3")

#define EQ_MVE_2BIT_BLOCK(op)          \
  "vldrb.8 q2, [r5], #16\n\t"          \
  EQ_MVE_PIXELS                        \
  "vshl.i8 q3, q2, #6\n\t"             \
  EQ_MVE_DOT(op, "r0", "r8", "q3")     \
  EQ_MVE_FIELDS(4)                     \
  EQ_MVE_DOT(op, "r2", "r10", "q3")    \
  EQ_MVE_FIELDS(2)                     \
  EQ_MVE_DOT(op, "r4", "r12", "q3")    \
  "vand q2, q2, q4\n\t"                \
  EQ_MVE_DOT(op, "r6", "lr", "q2")

/* Two blocks that share their bytes. */
#define EQ_MVE_BINARY_BLOCK(op)        \
  "vldrb.8 q2, [r5], #16\n\t"          \
  EQ_MVE_PIXELS                        \
  EQ_MVE_FIELDS(3)                     \
  EQ_MVE_DOT(op, "r0", "r8", "q3")     \
  EQ_MVE_FIELDS(2)                     \
  EQ_MVE_DOT(op, "r2", "r10", "q3")    \
  EQ_MVE_FIELDS(1)                     \
  EQ_MVE_DOT(op, "r4", "r12", "q3")    \
  "vand q3, q2, q4\n\t"                \
  EQ_MVE_DOT(op, "r6", "lr", "q3")     \
  EQ_MVE_PIXELS                        \
  "vshl.i8 q3, q2, #7\n\t"             \
  EQ_MVE_DOT("vmladava.s8", "r0", "r8", "q3")  \
  EQ_MVE_FIELDS(6)                     \
  EQ_MVE_DOT("vmladava.s8", "r2", "r10", "q3") \
  EQ_MVE_FIELDS(5)                     \
  EQ_MVE_DOT("vmladava.s8", "r4", "r12", "q3") \
  EQ_MVE_FIELDS(4)                     \
  EQ_MVE_DOT("vmladava.s8", "r6", "lr", "q3")

/* Defines the twin of eq_mve_sum2 for a type; c->blocks counts what `block` takes, sums are 2^(8 - bits) times as
 * large. */
#define EQ_MVE_NARROW_SUM2(name, block, mask)                                                             \
  __attribute__((naked, noinline, unused)) static void name(eq_mve_product_t *c __attribute__((unused))) { \
    __asm__ volatile(                                                                                     \
        "push {r4-r11, lr}\n\t"                                                                           \
        "vpush {d8-d15}\n\t"                                                                               \
        "vmov.i8 q4, #" #mask "\n\t"                                                                      \
        "vmov.i8 q5, #1\n\t"                                                                             \
        "ldrd r4, r6, [r0]\n\t"                                                                           \
        "ldrd r5, r8, [r0, #8]\n\t"                                                                       \
        "ldr r9, [r0, #16]\n\t"                                                                           \
        "add r11, r0, #20\n\t"                                                                            \
        "sub r8, #1\n\t" /* blocks after the first */                                                     \
        "push {r0, r4, r6, r8}\n"                                                                         \
        "1:\n\t"                                                                                          \
        "ldr r1, [sp, #4]\n\t"                                                                            \
        "ldrd r3, r7, [sp, #8]\n\t" block("vmladav.s8")                                                   \
        "cmp r7, #0\n\t"                                                                                  \
        "beq 3f\n"                                                                                        \
        "2:\n\t" block("vmladava.s8")                                                                     \
        "subs r7, #1\n\t"                                                                                 \
        "bne 2b\n"                                                                                        \
        "3:\n\t"                                                                                          \
        "stm r11!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"                                                \
        "subs r9, #1\n\t"                                                                                 \
        "bne 1b\n\t"                                                                                      \
        "pop {r0, r4, r6, r8}\n\t"                                                                        \
        "str r5, [r0, #8]\n\t"                                                                            \
        "vpop {d8-d15}\n\t"                                                                                \
        "pop {r4-r11, pc}");                                                                              \
  }

EQ_MVE_NARROW_SUM2(eq_mve_sum2_int4, EQ_MVE_INT4_BLOCK, 0xf0)
EQ_MVE_NARROW_SUM2(eq_mve_sum2_2bit, EQ_MVE_2BIT_BLOCK, 0xc0)
EQ_MVE_NARROW_SUM2(eq_mve_sum2_binary, EQ_MVE_BINARY_BLOCK, 0x80)
EQ_MVE_NARROW_SUM2(eq_mve_sum2_pow2, EQ_MVE_POW2_BLOCK, 0x80)

/* The same for one pixel. */
static EQ_INLINE void eq_mve_narrow_sum1(eq_mve_product_t *c, eq_narrow_t type) {
  const uint8_t *weights = (const uint8_t *)c->weights;
  for (int32_t group = 0; group < c->groups; group++) {
    eq_mve_field_sums(c->x, weights, c->blocks, type, c->sums + 2 * EQ_MVE_LANES * group);
    weights += c->blocks * eq_mve_row_bytes(type);
  }
  c->weights = (const int8_t *)weights;
}

/* Brings the sums of c->groups groups back to size; for odd types doubled, and with the pixels' own sums added. */
static EQ_INLINE void eq_mve_resize_sums(eq_mve_product_t *c, int32_t pixels, const int32_t of_pixels[2],
                                         eq_narrow_t type) {
  int32_t *sums = c->sums;
  for (int32_t group = c->groups; group > 0; group--) {
    for (int32_t i = 0; i < 2; i++) {
      if (i < pixels) {
        int32x4_t v = vldrwq_s32(sums);
        v = type == EQ_INT4    ? vshrq_n_s32(v, 4)
            : type == EQ_INT2  ? vshrq_n_s32(v, 5)
                               : vshrq_n_s32(v, 6); /* EQ_TERNARY, and EQ_BINARY doubled */
        vstrwq_s32(sums, eq_narrow_is_odd(type) ? vaddq_n_s32(v, of_pixels[i]) : v);
      }
      sums += EQ_MVE_LANES;
    }
  }
}

/* All output channels of `pixels` (1 or 2, a compile-time constant) pixels with `bytes` bytes each, readable to whole
 * blocks, for binary weights to an even number. */
static EQ_INLINE void eq_mve_narrow_product(eq_mve_product_t *c, int32_t bytes, const void *weights, int32_t out_c,
                                            int32_t pixels, eq_narrow_t type, eq_requant_form_t form) {
  int32_t of_pixels[2] = {0, 0};
  if (eq_narrow_is_odd(type)) {
    of_pixels[0] = eq_mve_byte_sum(c->x, bytes);
    of_pixels[1] = pixels == 2 ? eq_mve_byte_sum(c->z, bytes) : 0;
  }
  const eq_range_t channels = {0, out_c};
  c->weights = weights;
  for (int32_t o = 0; o < out_c;) {
    const int32_t whole = (out_c - o) / EQ_MVE_LANES;
    c->groups = whole < 1 ? 1 : whole < EQ_MVE_GROUPS ? whole : EQ_MVE_GROUPS;
    if (pixels == 1) {
      eq_mve_narrow_sum1(c, type);
    } else if (type == EQ_INT4) {
      eq_mve_sum2_int4(c);
    } else if (type == EQ_POW2) {
      eq_mve_sum2_pow2(c);
    } else if (type == EQ_BINARY) {
      eq_mve_sum2_binary(c);
    } else {
      eq_mve_sum2_2bit(c);
    }
    if (type != EQ_POW2) {
      eq_mve_resize_sums(c, pixels, of_pixels, type);
    }
    if (whole > 0) {
      eq_mve_store_groups(c, o, c->groups, pixels, form);
    } else {
      eq_mve_store_part(c, c->sums, o, channels, c->y, form);
      if (pixels == 2) {
        eq_mve_store_part(c, c->sums + EQ_MVE_LANES, o, channels, c->y + c->pitch, form);
      }
    }
    o += c->groups * EQ_MVE_LANES;
  }
}

#endif
