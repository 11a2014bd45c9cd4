/* The matrix product of the floating-point MVE kernels: up to three pixels (or rows) times eight output channels. Include
 * an eq_element_*.h before. Six sums of four channels, and two registers for the weights, take all eight vectors.
 *
 * Pixels lie side by side in float32: x[k][3]. Weights: [k][8 channels]. */
#ifndef EQ_MVE_FLOAT_BLOCK_H
#define EQ_MVE_FLOAT_BLOCK_H

#include "eq_mve_float.h"

enum { EQ_MVE_FLOAT_PIXELS = 3 };

static EQ_INLINE eq_mve_float8_t eq_mve_add8(eq_mve_float8_t sum, float x, eq_mve_float8_t w) {
  return (eq_mve_float8_t){vfmaq_n_f32(sum.a, w.a, x), vfmaq_n_f32(sum.b, w.b, x)};
}

/* Channels range.begin (a multiple of 8) to range.end - 1 of `pixels` pixels; y is channel 0 of the first one, `pitch`
 * elements before the next. */
static EQ_INLINE void eq_mve_float_product(const float *x, int32_t pixels, int32_t count, const ELEMENT *weights,
                                           const float *bias, ELEMENT *y, int32_t pitch, eq_range_t range, float low,
                                           float high) {
  const ELEMENT *w = weights + range.begin * count;
  for (int32_t o = range.begin; o < range.end; o += EQ_MVE_FLOAT_LANES) {
    const eq_mve_float8_t start = MVE(bias)(bias + o);
    const ELEMENT *const begin = w;
    const int32_t channels = range.end - o;
    if (pixels == EQ_MVE_FLOAT_PIXELS) {
      eq_mve_float8_t s0 = start, s1 = start, s2 = start;
      const float *at = x;
      for (int32_t k = count; k > 0; k--) {
        const eq_mve_float8_t w8 = MVE(load)(w, EQ_MVE_FLOAT_LANES);
        s0 = eq_mve_add8(s0, at[0], w8);
        s1 = eq_mve_add8(s1, at[1], w8);
        s2 = eq_mve_add8(s2, at[2], w8);
        at += EQ_MVE_FLOAT_PIXELS;
        w += EQ_MVE_FLOAT_LANES;
      }
      MVE(store)(y + o, eq_mve_clamp_float(s0, low, high), channels);
      MVE(store)(y + o + pitch, eq_mve_clamp_float(s1, low, high), channels);
      MVE(store)(y + o + 2 * pitch, eq_mve_clamp_float(s2, low, high), channels);
      continue;
    }
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
      eq_mve_float8_t s = start;
      const float *at = x + pixel;
      w = begin;
      for (int32_t k = count; k > 0; k--) {
        s = eq_mve_add8(s, *at, MVE(load)(w, EQ_MVE_FLOAT_LANES));
        at += EQ_MVE_FLOAT_PIXELS;
        w += EQ_MVE_FLOAT_LANES;
      }
      MVE(store)(y + o + pixel * pitch, eq_mve_clamp_float(s, low, high), channels);
    }
  }
}

#endif
