/* The matrix product of the FP16 MVE kernels with partial sums in FP16: two pixels (or rows) times eight output
 * channels. Eight products a lane are summed by VFMA.F16, widened, and added to float32 sums, multiplied by what the
 * weights were divided by so that no partial sum overflows whatever the input (edgeq/ops/half_sums.py).
 *
 * Pixels: whole blocks of eight elements, 4-byte aligned. Weights: [k][8 channels]. */
#ifndef EQ_MVE_HALF_BLOCK_H
#define EQ_MVE_HALF_BLOCK_H

#include "eq_element_f16.h"
#include "eq_mve_float.h"
#include "eq_mve_put_s16.h"

/* A product of eight weights with an element of either pixel, in the bottom halves of `x` and `z`. */
#define EQ_MVE_HALF_STEP(op, x, z)  \
  "vldrh.16 q6, [%[w]], #16\n\t"    \
  op " q4, q6, %[" x "]\n\t"        \
  op " q5, q6, %[" z "]\n\t"

/* Four elements. The first of a block starts the sums. */
#define EQ_MVE_HALF_QUAD(first)          \
  "ldrd %[a], %[b], [%[x]], #8\n\t"      \
  "ldrd %[c], %[d], [%[z]], #8\n\t"      \
  EQ_MVE_HALF_STEP(first, "a", "c")      \
  "lsrs %[a], %[a], #16\n\t"             \
  "lsrs %[c], %[c], #16\n\t"             \
  EQ_MVE_HALF_STEP("vfma.f16", "a", "c") \
  EQ_MVE_HALF_STEP("vfma.f16", "b", "d") \
  "lsrs %[b], %[b], #16\n\t"             \
  "lsrs %[d], %[d], #16\n\t"             \
  EQ_MVE_HALF_STEP("vfma.f16", "b", "d")

/* Adds `blocks` (at least 1) blocks' products to the sums of both pixels, which start at the same; returns the weights
 * behind. The conversions stand as numbers, as in eq_mve_float.h. */
static EQ_INLINE const eq_f16_t *eq_mve_half_sum2(const int16_t *x, const int16_t *z, const eq_f16_t *w, int32_t blocks,
                                                  float scale, eq_mve_float8_t start, eq_mve_float8_t *first,
                                                  eq_mve_float8_t *second) {
  register float32x4_t s0 __asm__("q0") = start.a, s1 __asm__("q1") = start.b;
  register float32x4_t s2 __asm__("q2") = start.a, s3 __asm__("q3") = start.b;
  uint32_t a, b, c, d;
  __asm__ volatile(
      "dls lr, %[n]\n"
      "1:\n\t" EQ_MVE_HALF_QUAD("vmul.f16") EQ_MVE_HALF_QUAD("vfma.f16")
      ".inst.w 0xfe3fee09\n\t" /* vcvtb.f32.f16 q7, q4 */
      ".inst.w 0xfe3f9e09\n\t" /* vcvtt.f32.f16 q4, q4 */
      "vfma.f32 q0, q7, %[scale]\n\t"
      ".inst.w 0xfe3fee0b\n\t" /* vcvtb.f32.f16 q7, q5 */
      "vfma.f32 q1, q4, %[scale]\n\t"
      ".inst.w 0xfe3fbe0b\n\t" /* vcvtt.f32.f16 q5, q5 */
      "vfma.f32 q2, q7, %[scale]\n\t"
      "vfma.f32 q3, q5, %[scale]\n\t"
      "le lr, 1b"
      : [x] "+r"(x), [z] "+r"(z), [w] "+r"(w), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), "+w"(s0),
        "+w"(s1), "+w"(s2), "+w"(s3)
      : [n] "r"(blocks), [scale] "r"(eq_float_bits(scale))
      : "q4", "q5", "q6", "q7", "lr", "cc", "memory");
  *first = (eq_mve_float8_t){s0, s1};
  *second = (eq_mve_float8_t){s2, s3};
  return w;
}

/* Channels range.begin (a multiple of 8) to range.end - 1 of `pixels` (1 or 2) pixels; y is channel 0 of the first one,
 * `pitch` elements before the next. */
static EQ_INLINE void eq_mve_half_product(const int16_t *x, const int16_t *z, int32_t pixels, int32_t whole,
                                          const eq_f16_t *weights, float scale, const float *bias, eq_f16_t *y,
                                          int32_t pitch, eq_range_t range, float low, float high) {
  const eq_f16_t *w = weights + range.begin * whole;
  for (int32_t o = range.begin; o < range.end; o += EQ_MVE_FLOAT_LANES) {
    const int32_t channels = range.end - o;
    eq_mve_float8_t first, second;
    w = eq_mve_half_sum2(x, z, w, whole / EQ_MVE_HALFWORDS, scale, eq_mve_bias_f16(bias + o), &first, &second);
    eq_mve_store_f16(y + o, eq_mve_clamp_float(first, low, high), channels);
    if (pixels > 1) {
      eq_mve_store_f16(y + o + pitch, eq_mve_clamp_float(second, low, high), channels);
    }
  }
}

#endif
