/* matmul in floating point, portable C, for the element that was included before: four columns at a time. */
#include "eq_matmul_float.h"

void KERNEL(matmul, scalar)(const RECORD(matmul) *p, const ELEMENT *restrict left, const ELEMENT *restrict right,
                            ELEMENT *restrict output, eq_range_t range) {
  const float low = p->act_min, high = p->act_max;
  for (int32_t row = range.begin; row < range.end; row++) {
    const ELEMENT *const x = left + row * p->inner;
    const ELEMENT *const matrix = right + (row / p->rows) * p->batch_stride;
    ELEMENT *const y = output + row * p->columns;
    int32_t n = 0;
    for (; n + 4 <= p->columns; n += 4) {
      const ELEMENT *at = matrix + n * p->n_stride;
      float sum0 = 0.0f, sum1 = 0.0f, sum2 = 0.0f, sum3 = 0.0f;
      for (int32_t k = 0; k < p->inner; k++) {
        const float value = LOAD(x + k);
        sum0 = eq_fma(value, LOAD(at), sum0);
        sum1 = eq_fma(value, LOAD(at + p->n_stride), sum1);
        sum2 = eq_fma(value, LOAD(at + 2 * p->n_stride), sum2);
        sum3 = eq_fma(value, LOAD(at + 3 * p->n_stride), sum3);
        at += p->k_stride;
      }
      STORE(y + n, eq_clampf(p->factor * sum0, low, high));
      STORE(y + n + 1, eq_clampf(p->factor * sum1, low, high));
      STORE(y + n + 2, eq_clampf(p->factor * sum2, low, high));
      STORE(y + n + 3, eq_clampf(p->factor * sum3, low, high));
    }
    for (; n < p->columns; n++) {
      const ELEMENT *at = matrix + n * p->n_stride;
      float sum = 0.0f;
      for (int32_t k = 0; k < p->inner; k++) {
        sum = eq_fma(LOAD(x + k), LOAD(at), sum);
        at += p->k_stride;
      }
      STORE(y + n, eq_clampf(p->factor * sum, low, high));
    }
  }
}
