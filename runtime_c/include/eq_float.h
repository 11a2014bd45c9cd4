/* Floating point for kernels: binary16 storage, multiply-add, limits. Nothing here needs a library.
 *
 * FP16 values are bit patterns in memory (eq_f16_t) and float32 in registers. Conversions are exact or rounded to the
 * nearest, ties to even, and infinite beyond 65504: by instructions where the target has them (Arm FPUs with half
 * precision; RISC-V with EQ_FLOAT_ZFH defined, whose encodings PULP's smallfloat shares), otherwise by integer code. */
#ifndef EQ_FLOAT_H
#define EQ_FLOAT_H

#include <stdint.h>

typedef uint16_t eq_f16_t; /* IEEE 754 binary16 */

#define EQ_FLOAT_INLINE static inline __attribute__((always_inline, unused))
#define EQ_FLOAT_INFINITY __builtin_inff()

EQ_FLOAT_INLINE uint32_t eq_float_bits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

EQ_FLOAT_INLINE float eq_float_of_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

#if defined(__ARM_FP) && defined(__ARM_FEATURE_FMA)

EQ_FLOAT_INLINE float eq_f16_load(const eq_f16_t *x) {
  float value;
  __asm__("vcvtb.f32.f16 %0, %1" : "=t"(value) : "t"(eq_float_of_bits(*x)));
  return value;
}

EQ_FLOAT_INLINE void eq_f16_store(eq_f16_t *y, float value) {
  float half = 0.0f;
  __asm__("vcvtb.f16.f32 %0, %1" : "+t"(half) : "t"(value));
  *y = (eq_f16_t)eq_float_bits(half);
}

#elif defined(EQ_FLOAT_ZFH) && defined(__riscv_flen)

EQ_FLOAT_INLINE float eq_f16_load(const eq_f16_t *x) {
  float value;
  __asm__(".option push\n\t.option arch, +zfh\n\tflh %0, %1\n\tfcvt.s.h %0, %0\n\t.option pop" : "=f"(value) : "m"(*x));
  return value;
}

EQ_FLOAT_INLINE void eq_f16_store(eq_f16_t *y, float value) {
  float half;
  __asm__(".option push\n\t.option arch, +zfh\n\tfcvt.h.s %1, %2\n\tfsh %1, %0\n\t.option pop"
          : "=m"(*y), "=&f"(half)
          : "f"(value));
}

#else

EQ_FLOAT_INLINE float eq_f16_load(const eq_f16_t *x) {
  const uint32_t sign = (uint32_t)(*x & 0x8000u) << 16, magnitude = *x & 0x7fffu;
  if (magnitude < 0x400u) { /* below the normal numbers: magnitude * 2^-24 */
    const float value = (float)magnitude * 5.9604644775390625e-8f;
    return sign != 0u ? -value : value;
  }
  const uint32_t rebias = magnitude >= 0x7c00u ? (255u - 31u) << 23 : (127u - 15u) << 23;
  return eq_float_of_bits(sign | ((magnitude << 13) + rebias));
}

EQ_FLOAT_INLINE void eq_f16_store(eq_f16_t *y, float value) {
  const uint32_t bits = eq_float_bits(value), sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
  uint32_t half;
  if (magnitude >= 0x47800000u) { /* 2^16 and more: infinity, or no number */
    half = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
  } else if (magnitude < 0x38800000u) { /* below 2^-14: adding 0.5 aligns to steps of 2^-24 and rounds */
    half = eq_float_bits(eq_float_of_bits(magnitude) + 0.5f) - 0x3f000000u;
  } else { /* half of the last place less one, or with an odd neighbour the whole half; a carry moves the exponent on */
    half = (magnitude - ((127u - 15u) << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  }
  *y = (eq_f16_t)(sign | half);
}

#endif

EQ_FLOAT_INLINE float eq_f32_load(const float *x) { return *x; }
EQ_FLOAT_INLINE void eq_f32_store(float *y, float value) { *y = value; }

/* x * y + sum, with one rounding where the target has an instruction for it, with two elsewhere. */
EQ_FLOAT_INLINE float eq_fma(float x, float y, float sum) {
#if defined(__FP_FAST_FMAF)
  return __builtin_fmaf(x, y, sum);
#else
  return x * y + sum;
#endif
}

/* What is no number stays it. */
EQ_FLOAT_INLINE float eq_clampf(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }

#endif
