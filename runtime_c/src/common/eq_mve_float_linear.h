/* linear in floating point, MVE, for the element that was included before. */
#include "eq_linear_float.h"
#include "eq_mve_float_block.h"

void KERNEL(linear, mve)(const RECORD(linear) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                         void *restrict scratch, eq_range_t range) {
  const int32_t count = p->in_features;
  float *const x = scratch;
  for (int32_t row = 0; row < p->rows; row += EQ_MVE_FLOAT_PIXELS) {
    const int32_t rows = p->rows - row < EQ_MVE_FLOAT_PIXELS ? p->rows - row : EQ_MVE_FLOAT_PIXELS;
    for (int32_t i = 0; i < rows; i++) {
      const ELEMENT *from = input + (row + i) * count;
      for (int32_t k = 0; k < count; k++) {
        x[EQ_MVE_FLOAT_PIXELS * k + i] = LOAD(from + k);
      }
    }
    eq_mve_float_product(x, rows, count, p->weights, p->bias, output + row * p->out_features, p->out_features, range,
                         p->act_min, p->act_max);
  }
}
