/* The matrix product of the MVE kernels for int16 activations: two pixels times four output channels, eight products a
 * vector. Weights are widened by their loads. As in eq_mve_product.h, eight sums take all even registers, and the sums
 * of a few groups go to memory and are requantized from there.
 *
 * Weights: [group of 4 channels][block of 8][4 channels][8 bytes]. */
#ifndef EQ_MVE_PRODUCT_S16_H
#define EQ_MVE_PRODUCT_S16_H

#include <stddef.h>

#include "eq_mve.h"
#include "eq_mve_put_s16.h"

enum { EQ_MVE_S16_GROUPS = 16 /* groups whose sums are in memory at a time */ };

/* A matrix product's operands. The assembly knows the first six members. */
typedef struct {
  const int16_t *x, *z;  /* the two pixels, whole blocks */
  const int8_t *weights; /* advances */
  int32_t blocks;
  int32_t groups;
  int32_t sums[EQ_MVE_S16_GROUPS * 2 * EQ_MVE_LANES]; /* [groups][2 pixels][4 channels] */
} eq_mve_product_s16_t;

_Static_assert(offsetof(eq_mve_product_s16_t, weights) == 8 && offsetof(eq_mve_product_s16_t, blocks) == 12 &&
                   offsetof(eq_mve_product_s16_t, groups) == 16 && offsetof(eq_mve_product_s16_t, sums) == 20,
               "the assembly in eq_mve_sum2_s16 relies on these offsets");

/* A block of two pixels and four channels: 14 instructions for 64 products. */
#define EQ_MVE_SUM2_S16_BLOCK(op)   \
  "vldrb.s16 q2, [r5], #32\n\t"     \
  "vldrh.16 q0, [r1], #16\n\t"      \
  "vldrh.16 q1, [r3], #16\n\t"      \
  op " r0, q0, q2\n\t"              \
  "vldrb.s16 q3, [r5, #-24]\n\t"    \
  op " r8, q1, q2\n\t"              \
  "vldrb.s16 q2, [r5, #-16]\n\t"    \
  op " r2, q0, q3\n\t"              \
  op " r10, q1, q3\n\t"             \
  "vldrb.s16 q3, [r5, #-8]\n\t"     \
  op " r4, q0, q2\n\t"              \
  op " r12, q1, q2\n\t"             \
  op " r6, q0, q3\n\t"              \
  op " lr, q1, q3\n\t"

/* Sums of c->groups groups for two pixels; c->weights moves on. Two blocks a turn after the first; an odd number of
 * them enters the loop in its middle. */
__attribute__((naked, noinline)) static void eq_mve_sum2_s16(eq_mve_product_s16_t *c __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "ldrd r4, r6, [r0]\n\t"
      "ldrd r5, r8, [r0, #8]\n\t"
      "ldr r9, [r0, #16]\n\t"
      "add r11, r0, #20\n\t"
      "sub r8, #1\n\t" /* blocks after the first */
      "push {r0, r4, r6, r8}\n"
      "1:\n\t"
      "ldr r1, [sp, #4]\n\t"
      "ldrd r3, r7, [sp, #8]\n\t" EQ_MVE_SUM2_S16_BLOCK("vmladav.s16")
      "cbz r7, 4f\n\t"
      "tst r7, #1\n\t"
      "bne 3f\n"
      "2:\n\t" EQ_MVE_SUM2_S16_BLOCK("vmladava.s16")
      "3:\n\t" EQ_MVE_SUM2_S16_BLOCK("vmladava.s16")
      "subs r7, #2\n\t"
      "bgt 2b\n"
      "4:\n\t"
      "stm r11!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"
      "subs r9, #1\n\t"
      "bne 1b\n\t"
      "pop {r0, r4, r6, r8}\n\t"
      "str r5, [r0, #8]\n\t"
      "pop {r4-r11, pc}");
}

/* The same for one pixel; the second pixel's sums are left alone. */
static EQ_INLINE void eq_mve_sum1_s16(eq_mve_product_s16_t *c) {
  const int8_t *weights = c->weights;
  int32_t *sums = c->sums;
  for (int32_t group = c->groups; group > 0; group--) {
    const int16_t *x = c->x;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t block = c->blocks; block > 0; block--) {
      const int16x8_t v = vldrhq_s16(x);
      s0 = vmladavaq_s16(s0, v, vldrbq_s16(weights));
      s1 = vmladavaq_s16(s1, v, vldrbq_s16(weights + 8));
      s2 = vmladavaq_s16(s2, v, vldrbq_s16(weights + 16));
      s3 = vmladavaq_s16(s3, v, vldrbq_s16(weights + 24));
      x += EQ_MVE_HALFWORDS;
      weights += EQ_MVE_LANES * EQ_MVE_HALFWORDS;
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    sums += 2 * EQ_MVE_LANES;
  }
  c->weights = weights;
}

/* Requantizes sums in 32-bit lanes; `right` is minus the shift. */
static EQ_INLINE int32x4_t eq_mve_scale_s16(int32x4_t acc, int32x4_t m, int32x4_t right) {
  return vrshlq_s32(vmulhq_s32(acc, m), right);
}

/* Requantizes four sums and stores the first `left` of them, or all. */
static EQ_INLINE void eq_mve_store4_s16(int16_t *y, const int32_t *sums, int32x4_t bias, int32x4_t m, int32x4_t right,
                                        int32x4_t low, int32x4_t high, int32_t left) {
  const int32x4_t scaled = eq_mve_scale_s16(vaddq_s32(vldrwq_s32(sums), bias), m, right);
  const int32x4_t v = vminq_s32(vmaxq_s32(scaled, low), high);
  if (left >= EQ_MVE_LANES) {
    vstrhq_s32(y, v);
  } else {
    vstrhq_p_s32(y, v, vctp32q((uint32_t)left));
  }
}

/* Requantizes and stores c->groups groups from channel o on, of which the last may end at `end`. */
static EQ_INLINE void eq_mve_store_s16(const eq_mve_product_s16_t *c, const int32_t *bias, const eq_requant_t *q,
                                       int32_t o, int32_t end, int16_t *y, int32_t pitch, int32_t pixels) {
  const int32x4_t low = vdupq_n_s32(q->act_min), high = vdupq_n_s32(q->act_max);
  const int32_t *sums = c->sums, *multiplier = q->multiplier + o;
  const int8_t *shift = q->shift + o;
  int32_t left = end - o;
  bias += o;
  y += o;
  for (int32_t group = c->groups; group > 0; group--) {
    const int32x4_t b = vldrwq_s32(bias), m = vldrwq_s32(multiplier), right = vnegq_s32(vldrbq_s32(shift));
    eq_mve_store4_s16(y, sums, b, m, right, low, high, left);
    if (pixels == 2) {
      eq_mve_store4_s16(y + pitch, sums + EQ_MVE_LANES, b, m, right, low, high, left);
    }
    sums += 2 * EQ_MVE_LANES;
    bias += EQ_MVE_LANES;
    multiplier += EQ_MVE_LANES;
    shift += EQ_MVE_LANES;
    y += EQ_MVE_LANES;
    left -= EQ_MVE_LANES;
  }
}

/* Output channels range.begin (a multiple of 4) to range.end - 1 of the `pixels` (1 or 2) pixels in c->x and c->z; y is
 * the first one's channel 0, `pitch` before the second one's. */
static EQ_INLINE void eq_mve_channels_s16(eq_mve_product_s16_t *c, const int8_t *weights, const int32_t *bias,
                                          const eq_requant_t *q, eq_range_t range, int16_t *y, int32_t pitch,
                                          int32_t pixels) {
  c->weights = weights + range.begin * c->blocks * EQ_MVE_HALFWORDS;
  for (int32_t o = range.begin; o < range.end; o += EQ_MVE_S16_GROUPS * EQ_MVE_LANES) {
    const int32_t groups = (range.end - o + EQ_MVE_LANES - 1) / EQ_MVE_LANES;
    c->groups = groups < EQ_MVE_S16_GROUPS ? groups : EQ_MVE_S16_GROUPS;
    if (pixels == 2) {
      eq_mve_sum2_s16(c);
      eq_mve_store_s16(c, bias, q, o, range.end, y, pitch, 2);
    } else {
      eq_mve_sum1_s16(c);
      eq_mve_store_s16(c, bias, q, o, range.end, y, pitch, 1);
    }
  }
}

#endif
