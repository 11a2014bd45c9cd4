/* Eight channels of floating-point values as two float32 vectors, for the element that was included before. */
#ifndef EQ_MVE_FLOAT_H
#define EQ_MVE_FLOAT_H

#include "eq_inline.h"
#include "eq_types.h"

#if !defined(__ARM_FEATURE_MVE) || (__ARM_FEATURE_MVE & 2) == 0
#error "a floating-point *_mve.c kernel needs a core with MVE-F, e.g. -mcpu=cortex-m55"
#endif

#include <arm_mve.h>

enum { EQ_MVE_FLOAT_LANES = 8 };

/* Channels 0 to 3 and 4 to 7. */
typedef struct {
  float32x4_t low, high;
} eq_mve_float8_t;

/* Conversions between halves and float32 as numbers: GNU as 2.40 encodes the registers of VCVTB and VCVTT wrongly, so they
 * are fixed here. */

/* Eight weights. FP16 ones are stored as 0 4 1 5 2 6 3 7: widening takes every other one. */
static EQ_INLINE eq_mve_float8_t eq_mve_weights_f16(const eq_f16_t *w) {
  register uint16x8_t halves __asm__("q6") = vld1q_u16(w);
  register float32x4_t low __asm__("q7");
  __asm__(".inst.w 0xfe3fee0d\n\t" /* vcvtb.f32.f16 q7, q6 */
          ".inst.w 0xfe3fde0d" /* vcvtt.f32.f16 q6, q6 */
          : "=&w"(low), "+w"(halves));
  return (eq_mve_float8_t){low, vreinterpretq_f32_u16(halves)};
}

static EQ_INLINE eq_mve_float8_t eq_mve_weights_f32(const float *w) {
  return (eq_mve_float8_t){vld1q_f32(w), vld1q_f32(w + 4)};
}

/* The first `count` (up to 4) of four neighbours as float32, zeros behind them. */
static EQ_INLINE float32x4_t eq_mve_load_f16(const eq_f16_t *x, uint32_t count) {
  register uint32x4_t value __asm__("q7") = vldrhq_z_u32(x, vctp32q(count));
  __asm__(".inst.w 0xfe3fee0f" /* vcvtb.f32.f16 q7, q7 */ : "+w"(value));
  return vreinterpretq_f32_u32(value);
}

static EQ_INLINE float32x4_t eq_mve_load_f32(const float *x, uint32_t count) { return vldrwq_z_f32(x, vctp32q(count)); }

/* Stores the first `count` (up to 4) of four values. */
static EQ_INLINE void eq_mve_store_f16(eq_f16_t *y, float32x4_t value, uint32_t count) {
  register uint32x4_t word __asm__("q7") = vreinterpretq_u32_f32(value);
  __asm__(".inst.w 0xee3fee0f" /* vcvtb.f16.f32 q7, q7 */ : "+w"(word)); /* into the lower halves, which are stored */
  vstrhq_p_u32(y, word, vctp32q(count));
}

static EQ_INLINE void eq_mve_store_f32(float *y, float32x4_t value, uint32_t count) {
  vstrwq_p_f32(y, value, vctp32q(count));
}

static EQ_INLINE float32x4_t eq_mve_clamp_float(float32x4_t x, float low, float high) {
  return vminnmq_f32(vmaxnmq_f32(x, vdupq_n_f32(low)), vdupq_n_f32(high));
}

/* The channels of eight that are below `channels`. */
static EQ_INLINE void eq_mve_put8(eq_mve_float8_t sum, ELEMENT *y, int32_t channels, float low, float high) {
  MVE(store)(y, eq_mve_clamp_float(sum.low, low, high), channels < 4 ? (uint32_t)channels : 4u);
  if (channels > 4) {
    MVE(store)(y + 4, eq_mve_clamp_float(sum.high, low, high), channels < 8 ? (uint32_t)channels - 4u : 4u);
  }
}

#endif
