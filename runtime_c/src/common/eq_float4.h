/* Four floating-point neighbours at a time. */
#ifndef EQ_FLOAT4_H
#define EQ_FLOAT4_H

#include "eq_float.h"

/* Four numbers. */
typedef struct {
  float v0, v1, v2, v3;
} eq_float4_t;

/* Four neighbours. Where there are instructions for it, a word of two is loaded at a time: x is aligned to 4 bytes. */
EQ_FLOAT_INLINE eq_float4_t eq_f16_load4(const eq_f16_t *x) {
#if defined(__ARM_FP) && defined(__ARM_FEATURE_FMA)
  eq_float4_t y;
  __asm__("vldr %0, [%4]\n\tvldr %2, [%4, #4]\n\tvcvtt.f32.f16 %1, %0\n\tvcvtb.f32.f16 %0, %0\n\t"
          "vcvtt.f32.f16 %3, %2\n\tvcvtb.f32.f16 %2, %2"
          : "=&t"(y.v0), "=&t"(y.v1), "=&t"(y.v2), "=&t"(y.v3)
          : "r"(x), "m"(*(const eq_f16_t(*)[4])x));
  return y;
#else
  return (eq_float4_t){eq_f16_load(x), eq_f16_load(x + 1), eq_f16_load(x + 2), eq_f16_load(x + 3)};
#endif
}

EQ_FLOAT_INLINE eq_float4_t eq_f32_load4(const float *x) { return (eq_float4_t){x[0], x[1], x[2], x[3]}; }

#endif
