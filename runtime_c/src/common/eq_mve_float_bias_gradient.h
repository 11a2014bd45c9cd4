/* bias_gradient, MVE, eight channels at a time, for the element that was included before. */
#include "eq_bias_gradient.h"
#include "eq_mve_float_wgrad.h"

void KERNEL(bias_gradient, mve)(const eq_bias_gradient_t *p, const ELEMENT *restrict dy, float *restrict db,
                                eq_range_t range) {
  for (int32_t c = range.begin; c < range.end; c += EQ_MVE_FLOAT_LANES) {
    const int32_t channels = range.end - c;
    const ELEMENT *at = dy + c;
    eq_mve_float8_t sum = eq_mve_no_sums();
    for (int32_t pixel = p->pixels; pixel > 0; pixel--) {
      const eq_mve_float8_t d = MVE(load)(at, channels);
      sum = (eq_mve_float8_t){vaddq_f32(sum.a, d.a), vaddq_f32(sum.b, d.b)};
      at += p->channels;
    }
    eq_mve_put_some(db + c, sum, channels);
  }
}
