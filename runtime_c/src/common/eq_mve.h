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
  const int32_t *offset;
  int32_t zero_point, act_min, act_max;
} eq_mve_requant_t;

static EQ_INLINE eq_mve_requant_t eq_mve_requant(const eq_requant_t *q) {
  return (eq_mve_requant_t){q->multiplier, q->shift, q->offset, q->output_zero_point, q->act_min, q->act_max};
}

/* Constants of four lanes; what a form does not read is a copy of `m`. */
typedef struct {
  int32x4_t m, s, offset;
} eq_mve_scale_t;

/* Sums of four lanes scaled, before zero point and clamp.
 * SHIFT: a left shift that saturates stands for a value far outside int8, so the clamp makes it exact (eq_requant.h
 * keeps such sums out anyway). TFLITE: VQRDMULH is SRDHM; adding -1 to negative values before the rounding shift turns
 * half-up into half away from zero. */
static EQ_INLINE int32x4_t eq_mve_scale(int32x4_t acc, eq_mve_scale_t k, eq_requant_form_t form) {
  const int32x4_t m = k.m, s = k.s;
  if (form == EQ_REQUANT_HIGH) {
    return vrmulhq_s32(acc, m);
  }
  if (form == EQ_REQUANT_SHIFT) {
    return vrmulhq_s32(vqshlq_s32(acc, vsubq_s32(vdupq_n_s32(32), s)), m);
  }
  if (form == EQ_REQUANT_LINE) {
    return vshlq_s32(vaddq_s32(vmulhq_s32(acc, m), k.offset), vnegq_s32(s));
  }
  if (form == EQ_REQUANT_STEP) {
    const int32x4_t below = vaddq_s32(vqrdmulhq_s32(acc, m), vshrq_n_s32(acc, 31));
    return vshlq_s32(vaddq_s32(below, k.offset), vnegq_s32(s));
  }
  const int32x4_t zero = vdupq_n_s32(0);
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(acc, vmaxq_s32(s, zero)), m);
  const int32x4_t right = vminq_s32(s, zero);
  const int32x4_t negative = vandq_s32(high, right); /* bit 31: negative value and a shift to do */
  return vrshlq_s32(vqaddq_s32(high, vshrq_n_s32(negative, 31)), right);
}

/* One channel's constants in all lanes. */
static EQ_INLINE eq_mve_scale_t eq_mve_scale_of(const eq_mve_requant_t *q, int32_t channel, eq_requant_form_t form) {
  const int32x4_t m = vdupq_n_s32(q->multiplier[channel]);
  return (eq_mve_scale_t){m, form == EQ_REQUANT_HIGH ? m : vdupq_n_s32(q->shift[channel]),
                          eq_has_offset(form) ? vdupq_n_s32(q->offset[channel]) : m};
}

/* Requantized, in 32-bit lanes. */
static EQ_INLINE int32x4_t eq_mve_requantize(int32x4_t acc, eq_mve_scale_t k, const eq_mve_requant_t *q,
                                             eq_requant_form_t form) {
  const int32x4_t v = vaddq_n_s32(eq_mve_scale(acc, k, form), q->zero_point);
  return vminq_s32(vmaxq_s32(v, vdupq_n_s32(q->act_min)), vdupq_n_s32(q->act_max));
}

/* Saturated to 16 bits, in the bottom halves of the words; the top halves are left as they were. Assembly, because
 * GCC 12 copies the operand first. */
static EQ_INLINE int16x8_t eq_mve_narrow(int32x4_t v) {
  __asm__("vqmovnb.s32 %q0, %q0" : "+w"(v));
  return (int16x8_t)v;
}

/* 0, step, 2*step, 3*step. Not VIDUP: GCC 12 forgets at -O1 and -Os that it changes its start register. */
static EQ_INLINE uint32x4_t eq_mve_multiples(uint32_t step) {
  static const uint32_t lanes[EQ_MVE_LANES] = {0, 1, 2, 3};
  return vmulq_n_u32(vldrwq_u32(lanes), step);
}

/* Four sums as a vector: two instructions, where lane by lane it would be four. */
static EQ_INLINE int32x4_t eq_mve_vector(int32_t s0, int32_t s1, int32_t s2, int32_t s3) {
  int32x4_t v;
  __asm__("vmov %e0, %1, %2\n\tvmov %f0, %3, %4" : "=&w"(v) : "r"(s0), "r"(s1), "r"(s2), "r"(s3));
  return v;
}

#endif
