/* Eight channels of floating-point values as two float32 vectors: those of FP16 as the even and the odd ones, because
 * widening takes every other half, those of float32 as the first and the last four. Numbers of channels below 8 are for
 * the last ones of a tensor: what lies behind them is neither read nor written. */
#ifndef EQ_MVE_FLOAT_H
#define EQ_MVE_FLOAT_H

#include "eq_float.h"
#include "eq_inline.h"
#include "eq_types.h"

#if !defined(__ARM_FEATURE_MVE) || (__ARM_FEATURE_MVE & 2) == 0
#error "a floating-point *_mve.c kernel needs a core with MVE-F, e.g. -mcpu=cortex-m55"
#endif

#include <arm_mve.h>

enum { EQ_MVE_FLOAT_LANES = 8 };

typedef struct {
  float32x4_t a, b;
} eq_mve_float8_t;

static EQ_INLINE uint32_t eq_mve_lanes(int32_t channels, int32_t from) {
  return channels <= from ? 0u : (uint32_t)(channels - from);
}

/* Conversions between halves and float32 stand as numbers: GNU as 2.40 encodes the registers of VCVTB and VCVTT wrongly,
 * so they are fixed here. Two loads have registers of their own, because kernels need both at a time. */
static EQ_INLINE eq_mve_float8_t eq_mve_widen(uint16x8_t x) {
  register uint16x8_t halves __asm__("q6") = x;
  register float32x4_t even __asm__("q7");
  __asm__(".inst.w 0xfe3fee0d\n\t" /* vcvtb.f32.f16 q7, q6 */
          ".inst.w 0xfe3fde0d" /* vcvtt.f32.f16 q6, q6 */
          : "=&w"(even), "+w"(halves));
  return (eq_mve_float8_t){even, vreinterpretq_f32_u16(halves)};
}

static EQ_INLINE eq_mve_float8_t eq_mve_load_f16(const eq_f16_t *x, int32_t channels) {
  return eq_mve_widen(channels >= 8 ? vld1q_u16(x) : vldrhq_z_u16(x, vctp16q(eq_mve_lanes(channels, 0))));
}

static EQ_INLINE eq_mve_float8_t eq_mve_load_other_f16(const eq_f16_t *x, int32_t channels) {
  register uint16x8_t halves __asm__("q4") =
      channels >= 8 ? vld1q_u16(x) : vldrhq_z_u16(x, vctp16q(eq_mve_lanes(channels, 0)));
  register float32x4_t even __asm__("q5");
  __asm__(".inst.w 0xfe3fae09\n\t" /* vcvtb.f32.f16 q5, q4 */
          ".inst.w 0xfe3f9e09" /* vcvtt.f32.f16 q4, q4 */
          : "=&w"(even), "+w"(halves));
  return (eq_mve_float8_t){even, vreinterpretq_f32_u16(halves)};
}

static EQ_INLINE eq_mve_float8_t eq_mve_load_f32(const float *x, int32_t channels) {
  if (channels >= 8) {
    return (eq_mve_float8_t){vld1q_f32(x), vld1q_f32(x + 4)};
  }
  return (eq_mve_float8_t){vldrwq_z_f32(x, vctp32q(eq_mve_lanes(channels, 0))),
                           vldrwq_z_f32(x + 4, vctp32q(eq_mve_lanes(channels, 4)))};
}

static EQ_INLINE eq_mve_float8_t eq_mve_load_other_f32(const float *x, int32_t channels) {
  return eq_mve_load_f32(x, channels);
}

/* Eight float32 biases in the places of the channels. */
static EQ_INLINE eq_mve_float8_t eq_mve_bias_f16(const float *bias) {
  const float32x4x2_t pairs = vld2q_f32(bias);
  return (eq_mve_float8_t){pairs.val[0], pairs.val[1]};
}

static EQ_INLINE eq_mve_float8_t eq_mve_bias_f32(const float *bias) {
  return (eq_mve_float8_t){vld1q_f32(bias), vld1q_f32(bias + 4)};
}

static EQ_INLINE void eq_mve_store_f16(eq_f16_t *y, eq_mve_float8_t value, int32_t channels) {
  register uint16x8_t even __asm__("q6") = vreinterpretq_u16_f32(value.a);
  register float32x4_t odd __asm__("q7") = value.b;
  __asm__(".inst.w 0xee3fce0d\n\t" /* vcvtb.f16.f32 q6, q6 */
          ".inst.w 0xee3fde0f" /* vcvtt.f16.f32 q6, q7 */
          : "+w"(even)
          : "w"(odd));
  if (channels >= 8) {
    vst1q_u16(y, even);
  } else {
    vstrhq_p_u16(y, even, vctp16q(eq_mve_lanes(channels, 0)));
  }
}

static EQ_INLINE void eq_mve_store_f32(float *y, eq_mve_float8_t value, int32_t channels) {
  if (channels >= 8) {
    vst1q_f32(y, value.a);
    vst1q_f32(y + 4, value.b);
  } else {
    vstrwq_p_f32(y, value.a, vctp32q(eq_mve_lanes(channels, 0)));
    vstrwq_p_f32(y + 4, value.b, vctp32q(eq_mve_lanes(channels, 4)));
  }
}

/* The bounds are spread where they are used: kept in vectors they would drive sums out of their registers. */
static EQ_INLINE eq_mve_float8_t eq_mve_clamp_float(eq_mve_float8_t x, float low, float high) {
  __asm__ volatile("" : "+r"(low), "+r"(high));
  const float32x4_t lows = vdupq_n_f32(low), highs = vdupq_n_f32(high);
  return (eq_mve_float8_t){vminnmq_f32(vmaxnmq_f32(x.a, lows), highs), vminnmq_f32(vmaxnmq_f32(x.b, lows), highs)};
}

#endif
