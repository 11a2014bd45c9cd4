/* The matrix product of the portable floating-point kernels: up to four pixels (or rows) times four output channels, two
 * products a turn. Include an eq_element_*.h before.
 *
 * Pixels lie side by side in float32: x[k][4]. Weights: [k][4 channels]. k runs to an even number, zeros at the end. */
#ifndef EQ_FLOAT_BLOCK_H
#define EQ_FLOAT_BLOCK_H

#include "eq_float_put.h"
#include "eq_types.h"

enum { EQ_FLOAT_PIXELS = 4, EQ_FLOAT_LANES = 4 };

static EQ_INLINE int32_t eq_float_even(int32_t count) { return (count + 1) & ~1; }

/* Sums of one pixel in four channels. */
static EQ_INLINE eq_float4_t eq_float_add4(eq_float4_t sum, float x, eq_float4_t w) {
  sum.v0 = eq_fma(x, w.v0, sum.v0);
  sum.v1 = eq_fma(x, w.v1, sum.v1);
  sum.v2 = eq_fma(x, w.v2, sum.v2);
  sum.v3 = eq_fma(x, w.v3, sum.v3);
  return sum;
}

/* Channels range.begin (a multiple of 4) to range.end - 1 of `pixels` pixels; y is channel 0 of the first one. */
static EQ_INLINE void eq_float_product(const float *x, int32_t pixels, int32_t count, const ELEMENT *weights,
                                       const float *bias, ELEMENT *y, int32_t pitch, eq_range_t range, float low,
                                       float high) {
  const int32_t even = eq_float_even(count);
  const ELEMENT *w = weights + range.begin * even;
  for (int32_t o = range.begin; o < range.end; o += EQ_FLOAT_LANES) {
    const eq_float4_t start = {bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
    const ELEMENT *const end = w + EQ_FLOAT_LANES * even;
    const float *at = x;
    const int32_t channels = range.end - o;
    ELEMENT *const to = y + o;
    if (pixels == EQ_FLOAT_PIXELS) {
      eq_float4_t s0 = start, s1 = start, s2 = start, s3 = start;
      while (w != end) {
        const eq_float4_t w0 = LOAD4(w);
        s0 = eq_float_add4(s0, at[0], w0);
        s1 = eq_float_add4(s1, at[1], w0);
        s2 = eq_float_add4(s2, at[2], w0);
        s3 = eq_float_add4(s3, at[3], w0);
        const eq_float4_t w1 = LOAD4(w + 4);
        s0 = eq_float_add4(s0, at[4], w1);
        s1 = eq_float_add4(s1, at[5], w1);
        s2 = eq_float_add4(s2, at[6], w1);
        s3 = eq_float_add4(s3, at[7], w1);
        w += 8;
        at += 8;
      }
      eq_float_put4(s0, to, channels, low, high);
      eq_float_put4(s1, to + pitch, channels, low, high);
      eq_float_put4(s2, to + 2 * pitch, channels, low, high);
      eq_float_put4(s3, to + 3 * pitch, channels, low, high);
      continue;
    }
    const ELEMENT *const begin = w;
    for (int32_t i = 0; i < pixels; i++) {
      eq_float4_t s = start;
      at = x + i;
      for (w = begin; w != end; w += 8) {
        s = eq_float_add4(s, at[0], LOAD4(w));
        s = eq_float_add4(s, at[4], LOAD4(w + 4));
        at += 8;
      }
      eq_float_put4(s, to + i * pitch, channels, low, high);
    }
  }
}

#endif
