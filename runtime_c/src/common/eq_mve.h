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

/* Requantizes four (or, under `lanes`, fewer) neighbouring channels of one pixel and stores them. */
static EQ_INLINE void eq_mve_store(int32x4_t acc, int32x4_t m, int32x4_t s, const eq_mve_requant_t *q, int8_t *y,
                                   mve_pred16_t lanes, eq_requant_form_t form) {
  int32x4_t v = vaddq_n_s32(eq_mve_scale(acc, m, s, form), q->zero_point);
  v = vminq_s32(vmaxq_s32(v, vdupq_n_s32(q->act_min)), vdupq_n_s32(q->act_max));
  vstrbq_p_s32(y, v, lanes);
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

/* Sums of two pixels over `bytes` filter bytes; returns the weights after these four channels. Bytes after the last whole
 * block are loaded under a predicate, so that nothing beyond the pixel is read. */
static EQ_INLINE const int8_t *eq_mve_dot2(const int8_t *x, const int8_t *z, const int8_t *weights, int32_t bytes,
                                           eq_mve_sums_t *sums_x, eq_mve_sums_t *sums_z) {
  eq_mve_sums_t s = {0, 0, 0, 0}, t = {0, 0, 0, 0};
  if (bytes >= EQ_MVE_BLOCK) {
    eq_mve_blocks2(&x, &z, &weights, bytes / EQ_MVE_BLOCK, &s, &t);
  }
  if (bytes % EQ_MVE_BLOCK != 0) {
    const mve_pred16_t tail = vctp8q((uint32_t)(bytes % EQ_MVE_BLOCK));
    const int8x16_t vx = vldrbq_z_s8(x, tail), vz = vldrbq_z_s8(z, tail);
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

/* The same for one pixel. */
static EQ_INLINE const int8_t *eq_mve_dot1(const int8_t *x, const int8_t *weights, int32_t bytes, eq_mve_sums_t *sums) {
  eq_mve_sums_t s = {0, 0, 0, 0};
  for (; bytes > 0; bytes -= EQ_MVE_BLOCK) {
    const int8x16_t vx = vldrbq_z_s8(x, vctp8q((uint32_t)bytes));
    s.c0 = vmladavaq_s8(s.c0, vx, vldrbq_s8(weights));
    s.c1 = vmladavaq_s8(s.c1, vx, vldrbq_s8(weights + 16));
    s.c2 = vmladavaq_s8(s.c2, vx, vldrbq_s8(weights + 32));
    s.c3 = vmladavaq_s8(s.c3, vx, vldrbq_s8(weights + 48));
    x += EQ_MVE_BLOCK;
    weights += 4 * EQ_MVE_BLOCK;
  }
  *sums = s;
  return weights;
}

/* Output channels [range.begin, range.end) of one or two (`count`) pixels whose filter bytes lie at x and z. `y` is the
 * first pixel's channel 0, the second is `pitch` bytes on. */
static EQ_INLINE void eq_mve_product(const int8_t *x, const int8_t *z, int32_t bytes, const int8_t *weights,
                                     const int32_t *bias, const eq_mve_requant_t *q, eq_range_t range, int8_t *y,
                                     int32_t pitch, int32_t count, eq_requant_form_t form) {
  const int32_t first = range.begin & ~(EQ_MVE_LANES - 1);
  weights += first * ((bytes + EQ_MVE_BLOCK - 1) & ~(EQ_MVE_BLOCK - 1));
  for (int32_t o = first; o < range.end; o += EQ_MVE_LANES) {
    mve_pred16_t lanes = vctp32q((uint32_t)(range.end - o));
    if (o < range.begin) {
      lanes = (mve_pred16_t)(lanes & (0xffffu << 4 * (range.begin - o)));
    }
    eq_mve_sums_t s, t;
    if (count == 2) {
      weights = eq_mve_dot2(x, z, weights, bytes, &s, &t);
    } else {
      weights = eq_mve_dot1(x, weights, bytes, &s);
      t = s;
    }
    const int32x4_t b = vldrwq_z_s32(bias + o, lanes);
    const int32x4_t m = vldrwq_z_s32(q->multiplier + o, lanes);
    const int32x4_t shift = form == EQ_REQUANT_HIGH ? b : vldrbq_z_s32(q->shift + o, lanes);
    eq_mve_store(vaddq_s32(eq_mve_vector(s), b), m, shift, q, y + o, lanes, form);
    if (count == 2) {
      eq_mve_store(vaddq_s32(eq_mve_vector(t), b), m, shift, q, y + pitch + o, lanes, form);
    }
  }
}

#endif
