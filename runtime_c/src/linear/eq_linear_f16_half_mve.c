/* linear, FP16 storage and partial sums, Armv8.1-M MVE. The header states the contract, eq_mve_half_block.h the matrix
 * product. Rows go in pairs, in place if in_features is a multiple of 8. */
#include "eq_linear_float.h"
#include "eq_mve_half_block.h"

EQ_LINEAR_F16_PROTOTYPE(eq_linear_f16_half_mve) {
  const int32_t count = p->in_features, whole = eq_mve_whole_s16(count);
  int16_t *const copies = scratch;
  for (int32_t row = 0; row < p->rows; row += 2) {
    const int32_t rows = row + 1 < p->rows ? 2 : 1;
    const int16_t *x = (const int16_t *)input + row * count;
    if (count != whole) {
      for (int32_t i = 0; i < rows; i++) {
        eq_mve_put_s16(copies + i * whole, 0, x + i * count, count);
        eq_mve_put_s16(copies + i * whole, count, NULL, whole - count);
      }
      x = copies;
    }
    eq_mve_half_product(x, rows > 1 ? x + whole : x, rows, whole, p->weights, p->weight_scale, p->bias,
                        output + row * p->out_features, p->out_features, range, p->act_min, p->act_max);
  }
}
