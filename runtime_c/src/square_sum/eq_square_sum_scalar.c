/* square_sum, portable C. The header states the contract. */
#include "eq_square_sum.h"

void eq_square_sum_scalar(const eq_square_sum_t *p, const float *restrict x, float *restrict sum, eq_range_t range) {
  for (int32_t part = range.begin; part < range.end; part++) {
    const int32_t begin = part * p->chunk, end = begin + p->chunk < p->elements ? begin + p->chunk : p->elements;
    float total = 0.0f;
    for (int32_t i = begin; i < end; i++) {
      total = eq_fma(x[i], x[i], total);
    }
    sum[part] = total;
  }
}
