/* normalize_gradient in floating point, portable C, for the element that was included before. */
#include "eq_float_normalize_set.h"
#include "eq_normalize_gradient.h"

void KERNEL(normalize_gradient, scalar)(const RECORD(normalize) *p, const ELEMENT *dy, const ELEMENT *restrict x,
                                        ELEMENT *dx, eq_range_t range) {
  const float count = (float)(p->runs * p->inner);
  for (int32_t s = range.begin; s < range.end; s++) {
    const int32_t first = s * p->set_stride;
    const float *const gain = p->gain + s * p->gain_stride;
    const eq_normalize_set_t set = eq_normalize_set(p, x + first);
    float sum = 0.0f, product = 0.0f;
    for (int32_t i = 0; i < p->runs; i++) {
      for (int32_t j = 0; j < p->inner; j++) {
        const int32_t at = first + i * p->run_stride + j;
        const float g = LOAD(dy + at) * gain[j];
        sum += g;
        product = eq_fma(g, (LOAD(x + at) - set.mean) * set.factor, product);
      }
    }
    const float mean = p->centred != 0 ? sum / count : 0.0f, slope = product / count;
    for (int32_t i = 0; i < p->runs; i++) {
      for (int32_t j = 0; j < p->inner; j++) {
        const int32_t at = first + i * p->run_stride + j;
        const float normalized = (LOAD(x + at) - set.mean) * set.factor;
        STORE(dx + at, set.factor * (LOAD(dy + at) * gain[j] - mean - normalized * slope));
      }
    }
  }
}
