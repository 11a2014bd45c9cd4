/* linear in floating point, portable C, for the element that was included before. */
#include "eq_float_block.h"
#include "eq_linear_float.h"

void KERNEL(linear, scalar)(const RECORD(linear) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                            void *restrict scratch, eq_range_t range) {
  const int32_t count = p->in_features;
  float *const x = scratch;
  for (int32_t row = 0; row < p->rows; row += EQ_FLOAT_PIXELS) {
    const int32_t rows = p->rows - row < EQ_FLOAT_PIXELS ? p->rows - row : EQ_FLOAT_PIXELS;
    for (int32_t i = 0; i < rows; i++) {
      const ELEMENT *from = input + (row + i) * count;
      for (int32_t k = 0; k < count; k++) {
        x[EQ_FLOAT_PIXELS * k + i] = LOAD(from + k);
      }
      if ((count & 1) != 0) {
        x[EQ_FLOAT_PIXELS * count + i] = 0.0f;
      }
    }
    eq_float_product(x, rows, count, p->weights, p->bias, output + row * p->out_features, p->out_features, range,
                     p->act_min, p->act_max);
  }
}
