/* gain_gradient, portable C, for the element that was included before. */
#include "eq_gain_gradient.h"

void KERNEL(gain_gradient, scalar)(const eq_gain_gradient_t *p, const ELEMENT *restrict dy, const ELEMENT *restrict x,
                                   float *restrict dgain, eq_range_t range) {
  for (int32_t c = range.begin; c < range.end; c++) {
    float sum = 0.0f;
    for (int32_t at = c; at < p->pixels * p->channels; at += p->channels) {
      sum = eq_fma(LOAD(dy + at), LOAD(x + at), sum);
    }
    dgain[c] = sum;
  }
}
