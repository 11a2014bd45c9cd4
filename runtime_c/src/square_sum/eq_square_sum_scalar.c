/* square_sum, portable C. The header states the contract. */
#include "eq_square_sum.h"

void eq_square_sum_scalar(const eq_square_sum_t *p, const float *restrict x, float *restrict sum, eq_range_t range) {
  for (int32_t part = range.begin; part < range.end; part++) {
    const int32_t begin = part * p->chunk, end = begin + p->chunk < p->elements ? begin + p->chunk : p->elements;
    float total = 0.0f;
    int32_t i = begin;
    for (; i + 4 <= end; i += 4) {
      const float x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
      total = eq_fma(x1, x1, eq_fma(x0, x0, total));
      total = eq_fma(x3, x3, eq_fma(x2, x2, total));
    }
    for (; i < end; i++) {
      total = eq_fma(x[i], x[i], total);
    }
    sum[part] = total;
  }
}
