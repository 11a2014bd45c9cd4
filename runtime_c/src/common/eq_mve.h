/* What the Armv8.1-M MVE (Helium) kernels share: the matrix product of 1 or 2 pixels and 4 channels, requantization. */
#ifndef EQ_MVE_H
#define EQ_MVE_H

#include "eq_inline.h"
#include "eq_requant.h"
#include "eq_types.h"

#if !defined(__ARM_FEATURE_MVE) || (__ARM_FEATURE_MVE & 1) == 0
#error "a *_mve.c kernel needs a core with MVE, e.g. -mcpu=cortex-m55"
#endif

#include <arm_mve.h>

enum { EQ_MVE_LANES = 4, EQ_MVE_BLOCK = 16 };

/* Requantization parameters as the kernels keep them. */
typedef struct {
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t zero_point, act_min, act_max;
} eq_mve_requant_t;

static EQ_INLINE eq_mve_requant_t eq_mve_requant(const eq_requant_t *q) {
  return (eq_mve_requant_t){q->multiplier, q->shift, q->output_zero_point, q->act_min, q->act_max};
}

/* Sums of four channels scaled, before zero point and clamp; `m` and `s` are the four channels' constants.
 * SHIFT: a left shift that saturates stands for a value far outside int8, so the clamp makes it exact (eq_requant.h
 * keeps such sums out anyway). TFLITE: VQRDMULH is SRDHM; adding -1 to negative values before the rounding shift turns
 * half-up into half away from zero. */
static EQ_INLINE int32x4_t eq_mve_scale(int32x4_t acc, int32x4_t m, int32x4_t s, eq_requant_form_t form) {
  if (form == EQ_REQUANT_HIGH) {
    return vrmulhq_s32(acc, m);
  }
  if (form == EQ_REQUANT_SHIFT) {
    return vrmulhq_s32(vqshlq_s32(acc, vsubq_s32(vdupq_n_s32(32), s)), m);
  }
  const int32x4_t zero = vdupq_n_s32(0);
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(acc, vmaxq_s32(s, zero)), m);
  const int32x4_t right = vminq_s32(s, zero);
  const int32x4_t negative = vandq_s32(high, right); /* bit 31: negative value and a shift to do */
  return vrshlq_s32(vqaddq_s32(high, vshrq_n_s32(negative, 31)), right);
}

/* Requantized, in 32-bit lanes. */
static EQ_INLINE int32x4_t eq_mve_requantize(int32x4_t acc, int32x4_t m, int32x4_t s, const eq_mve_requant_t *q,
                                             eq_requant_form_t form) {
  const int32x4_t v = vaddq_n_s32(eq_mve_scale(acc, m, s, form), q->zero_point);
  return vminq_s32(vmaxq_s32(v, vdupq_n_s32(q->act_min)), vdupq_n_s32(q->act_max));
}

/* Sums of one pixel in four channels. */
typedef struct {
  int32_t c0, c1, c2, c3;
} eq_mve_sums_t;

static EQ_INLINE int32x4_t eq_mve_vector(eq_mve_sums_t s) {
  int32x4_t v;
  __asm__("vmov %e0, %1, %2\n\tvmov %f0, %3, %4" : "=&w"(v) : "r"(s.c0), "r"(s.c1), "r"(s.c2), "r"(s.c3));
  return v;
}

/* `blocks` (at least one) blocks of 16 filter bytes: two pixels times four channels. VMLADAVA sums into even registers
 * only, so the eight sums take them all, the loop cannot use LR for a low-overhead branch, and the compiler would shuffle
 * and spill: hence the assembly. */
static EQ_INLINE void eq_mve_blocks2(const int8_t **x, const int8_t **z, const int8_t **weights, int32_t blocks,
                                     eq_mve_sums_t *s, eq_mve_sums_t *t) {
  __asm__ volatile(
      "1:\n\t"
      "vldrb.8 q0, [%[x]], #16\n\t"
      "vldrb.8 q2, [%[w]], #64\n\t"
      "vmladava.s8 %[s0], q0, q2\n\t"
      "vldrb.8 q1, [%[z]], #16\n\t"
      "vmladava.s8 %[t0], q1, q2\n\t"
      "vldrb.8 q3, [%[w], #-48]\n\t"
      "vmladava.s8 %[s1], q0, q3\n\t"
      "vmladava.s8 %[t1], q1, q3\n\t"
      "vldrb.8 q2, [%[w], #-32]\n\t"
      "vmladava.s8 %[s2], q0, q2\n\t"
      "vmladava.s8 %[t2], q1, q2\n\t"
      "vldrb.8 q3, [%[w], #-16]\n\t"
      "vmladava.s8 %[s3], q0, q3\n\t"
      "vmladava.s8 %[t3], q1, q3\n\t"
      "subs %[n], #1\n\t"
      "bne 1b"
      : [x] "+r"(*x), [z] "+r"(*z), [w] "+r"(*weights), [n] "+r"(blocks), [s0] "+Te"(s->c0), [s1] "+Te"(s->c1),
        [s2] "+Te"(s->c2), [s3] "+Te"(s->c3), [t0] "+Te"(t->c0), [t1] "+Te"(t->c1), [t2] "+Te"(t->c2),
        [t3] "+Te"(t->c3)
      :
      : "q0", "q1", "q2", "q3", "cc", "memory");
}

/* The same for one pixel. */
static EQ_INLINE void eq_mve_blocks1(const int8_t **x, const int8_t **weights, int32_t blocks, eq_mve_sums_t *s) {
  __asm__ volatile(
      "dls lr, %[n]\n"
      "1:\n\t"
      "vldrb.8 q0, [%[x]], #16\n\t"
      "vldrb.8 q1, [%[w]], #64\n\t"
      "vmladava.s8 %[s0], q0, q1\n\t"
      "vldrb.8 q2, [%[w], #-48]\n\t"
      "vmladava.s8 %[s1], q0, q2\n\t"
      "vldrb.8 q1, [%[w], #-32]\n\t"
      "vmladava.s8 %[s2], q0, q1\n\t"
      "vldrb.8 q2, [%[w], #-16]\n\t"
      "vmladava.s8 %[s3], q0, q2\n\t"
      "le lr, 1b"
      : [x] "+r"(*x), [w] "+r"(*weights), [s0] "+Te"(s->c0), [s1] "+Te"(s->c1), [s2] "+Te"(s->c2), [s3] "+Te"(s->c3)
      : [n] "r"(blocks)
      : "q0", "q1", "q2", "lr", "cc", "memory");
}

/* A matrix product's operands: one or two (`z` not null) pixels of `bytes` filter bytes. */
typedef struct {
  const int8_t *x, *z;
  int32_t bytes;
  const int32_t *bias;
  int8_t *y;     /* channel 0 of the first pixel */
  int32_t pitch; /* to the second pixel */
  eq_mve_requant_t requant;
} eq_mve_product_t;

/* Sums of `pixels` (1 or 2, a compile-time constant) pixels in four channels; returns the weights after them. Bytes after
 * the last whole block are loaded under a predicate, so that nothing beyond the pixel is read. */
static EQ_INLINE const int8_t *eq_mve_dot(const eq_mve_product_t *c, const int8_t *weights, int32_t pixels,
                                          eq_mve_sums_t *sums_x, eq_mve_sums_t *sums_z) {
  eq_mve_sums_t s = {0, 0, 0, 0}, t = {0, 0, 0, 0};
  const int8_t *x = c->x, *z = c->z;
  const int32_t blocks = c->bytes / EQ_MVE_BLOCK, rest = c->bytes % EQ_MVE_BLOCK;
  if (blocks > 0) {
    if (pixels == 2) {
      eq_mve_blocks2(&x, &z, &weights, blocks, &s, &t);
    } else {
      eq_mve_blocks1(&x, &weights, blocks, &s);
    }
  }
  if (rest != 0) {
    const mve_pred16_t tail = vctp8q((uint32_t)rest);
    const int8x16_t vx = vldrbq_z_s8(x, tail), vz = pixels == 2 ? vldrbq_z_s8(z, tail) : vx;
    int8x16_t w = vldrbq_s8(weights);
    s.c0 = vmladavaq_s8(s.c0, vx, w);
    t.c0 = vmladavaq_s8(t.c0, vz, w);
    w = vldrbq_s8(weights + 16);
    s.c1 = vmladavaq_s8(s.c1, vx, w);
    t.c1 = vmladavaq_s8(t.c1, vz, w);
    w = vldrbq_s8(weights + 32);
    s.c2 = vmladavaq_s8(s.c2, vx, w);
    t.c2 = vmladavaq_s8(t.c2, vz, w);
    w = vldrbq_s8(weights + 48);
    s.c3 = vmladavaq_s8(s.c3, vx, w);
    t.c3 = vmladavaq_s8(t.c3, vz, w);
    weights += EQ_MVE_LANES * EQ_MVE_BLOCK;
  }
  *sums_x = s;
  *sums_z = t;
  return weights;
}

/* Four whole channels from o on: no predicates, which GCC moves around a lot. */
static EQ_INLINE const int8_t *eq_mve_four(const eq_mve_product_t *c, const int8_t *weights, int32_t o, int32_t pixels,
                                           eq_requant_form_t form) {
  eq_mve_sums_t s, t;
  weights = eq_mve_dot(c, weights, pixels, &s, &t);
  const int32x4_t b = vldrwq_s32(c->bias + o), m = vldrwq_s32(c->requant.multiplier + o);
  const int32x4_t shift = form == EQ_REQUANT_HIGH ? b : vldrbq_s32(c->requant.shift + o);
  vstrbq_s32(c->y + o, eq_mve_requantize(vaddq_s32(eq_mve_vector(s), b), m, shift, &c->requant, form));
  if (pixels == 2) {
    vstrbq_s32(c->y + c->pitch + o, eq_mve_requantize(vaddq_s32(eq_mve_vector(t), b), m, shift, &c->requant, form));
  }
  return weights;
}

/* Those of the channels o .. o+3 that lie in `range`. */
static EQ_INLINE const int8_t *eq_mve_part(const eq_mve_product_t *c, const int8_t *weights, int32_t o,
                                           eq_range_t range, int32_t pixels, eq_requant_form_t form) {
  eq_mve_sums_t s, t;
  weights = eq_mve_dot(c, weights, pixels, &s, &t);
  mve_pred16_t lanes = vctp32q((uint32_t)(range.end - o));
  if (o < range.begin) {
    lanes = (mve_pred16_t)(lanes & (0xffffu << 4 * (range.begin - o)));
  }
  const int32x4_t b = vldrwq_z_s32(c->bias + o, lanes), m = vldrwq_z_s32(c->requant.multiplier + o, lanes);
  const int32x4_t shift = form == EQ_REQUANT_HIGH ? b : vldrbq_z_s32(c->requant.shift + o, lanes);
  int32x4_t v = eq_mve_requantize(vaddq_s32(eq_mve_vector(s), b), m, shift, &c->requant, form);
  vstrbq_p_s32(c->y + o, v, lanes);
  if (pixels == 2) {
    v = eq_mve_requantize(vaddq_s32(eq_mve_vector(t), b), m, shift, &c->requant, form);
    vstrbq_p_s32(c->y + c->pitch + o, v, lanes);
  }
  return weights;
}

/* Output channels [range.begin, range.end). `weights` are those of channel 0. */
static EQ_INLINE void eq_mve_product(const eq_mve_product_t *c, const int8_t *weights, eq_range_t range, int32_t pixels,
                                     eq_requant_form_t form) {
  int32_t o = range.begin & ~(EQ_MVE_LANES - 1);
  weights += o * ((c->bytes + EQ_MVE_BLOCK - 1) & ~(EQ_MVE_BLOCK - 1));
  while (o < range.end) {
    if (o >= range.begin && o + EQ_MVE_LANES <= range.end) {
      weights = eq_mve_four(c, weights, o, pixels, form);
    } else {
      weights = eq_mve_part(c, weights, o, range, pixels, form);
    }
    o += EQ_MVE_LANES;
  }
}

#endif
