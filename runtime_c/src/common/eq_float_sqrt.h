/* sqrt in float32 without a library: by an instruction where the target has one, otherwise by Newton's steps from a guess of
 * half the exponent. Error below 2 * 2^-24 of the result; 0 for 0, infinite for infinite, no number for no number. */
#ifndef EQ_FLOAT_SQRT_H
#define EQ_FLOAT_SQRT_H

#include "eq_float.h"

EQ_FLOAT_INLINE float eq_float_sqrt(float x) {
#if defined(__ARM_FP) && (__ARM_FP & 4) != 0
  float y;
  __asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
  return y;
#elif defined(__riscv_flen)
  float y;
  __asm__("fsqrt.s %0, %1" : "=f"(y) : "f"(x));
  return y;
#else
  if (!(x > 0.0f) || x > 3.40282347e38f) {
    return x;
  }
  float y = eq_float_of_bits((eq_float_bits(x) >> 1) + 0x1fc00000u);
  for (int32_t i = 0; i < 4; i++) {
    y = 0.5f * (y + x / y);
  }
  return y;
#endif
}

#endif
