/* normalize in floating point, portable C, for the element that was included before. */
#include "eq_float_normalize_set.h"

void KERNEL(normalize, scalar)(const RECORD(normalize) *p, const ELEMENT *input, ELEMENT *output, eq_range_t range) {
  for (int32_t s = range.begin; s < range.end; s++) {
    const ELEMENT *const x = input + s * p->set_stride;
    ELEMENT *const y = output + s * p->set_stride;
    const float *const gain = p->gain + s * p->gain_stride, *const bias = p->bias + s * p->gain_stride;
    const eq_normalize_set_t set = eq_normalize_set(p, x);
    for (int32_t i = 0; i < p->runs; i++) {
      for (int32_t j = 0; j < p->inner; j++) {
        const int32_t at = i * p->run_stride + j;
        const float value = (LOAD(x + at) - set.mean) * set.factor * gain[j] + bias[j];
        STORE(y + at, eq_clampf(value, p->act_min, p->act_max));
      }
    }
  }
}
