/* linear, FP16 storage, Xpulp with smallfloat. The header states the contract, eq_xpulp_f16.h the matrix product. */
#include "eq_linear_float.h"
#include "eq_xpulp_f16.h"

EQ_LINEAR_F16_PROTOTYPE(eq_linear_f16_xpulp) {
  const int32_t count = p->in_features, whole = eq_xpulp_whole_f16(count);
  eq_f16_t *const x = scratch;
  for (int32_t row = 0; row < p->rows; row += EQ_XPULP_F16_PIXELS) {
    const int32_t rows = p->rows - row < EQ_XPULP_F16_PIXELS ? p->rows - row : EQ_XPULP_F16_PIXELS;
    for (int32_t i = 0; i < rows; i++) {
      eq_spread_pairs(x + 2 * i, 0, input + (row + i) * count, count);
      eq_spread_pairs(x + 2 * i, count, NULL, whole - count);
    }
    eq_xpulp_product_f16(x, rows, whole, p->weights, p->bias, output + row * p->out_features, p->out_features, range,
                         p->act_min, p->act_max);
  }
}
