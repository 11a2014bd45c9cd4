/* matmul, int16, portable C. The header states the contract. */
#include "eq_matmul.h"

#include "eq_requant_wide.h"

void eq_matmul_s16_scalar(const eq_matmul_s8_t *p, const int16_t *input1, const int16_t *input2,
                          int16_t *restrict output, void *restrict scratch, eq_range_t range) {
  (void)scratch;
  const int32_t inner = p->inner, k_stride = p->k_stride;
  for (int32_t row = range.begin; row < range.end; row++) {
    const int16_t *const x = input1 + row * inner;
    const int16_t *z = input2 + (row / p->rows) * p->batch_stride;
    int16_t *const y = output + row * p->columns;
    for (int32_t n = 0; n < p->columns; n++, z += p->n_stride) {
      int64_t acc = 0;
      for (int32_t k = 0; k < inner; k++) {
        acc += x[k] * z[k * k_stride];
      }
      y[n] = eq_requantize_wide(acc, 0, &p->requant);
    }
  }
}
