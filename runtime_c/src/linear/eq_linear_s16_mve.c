/* linear, int16 activations, Armv8.1-M MVE, 32-bit sums. The header states the contract, eq_mve_product_s16.h the
 * matrix product. Rows go in pairs, in place if in_features is a multiple of 8. */
#include "eq_linear_packed_s16.h"
#include "eq_mve_product_s16.h"

EQ_LINEAR_PACKED_S16_PROTOTYPE(eq_linear_s16_mve) {
  const int32_t count = p->in_features, whole = eq_mve_whole_s16(count);
  int16_t *const copies = scratch;
  eq_mve_product_s16_t c;
  c.blocks = whole / EQ_MVE_HALFWORDS;
  for (int32_t row = 0; row < p->rows; row += 2) {
    const int32_t rows = row + 1 < p->rows ? 2 : 1;
    c.x = input + row * count;
    if (count != whole) {
      for (int32_t i = 0; i < rows; i++) {
        eq_mve_put_s16(copies + i * whole, 0, input + (row + i) * count, count);
        eq_mve_put_s16(copies + i * whole, count, NULL, whole - count);
      }
      c.x = copies;
    }
    c.z = c.x + whole;
    eq_mve_channels_s16(&c, p->weights, p->bias, &p->requant, range, output + row * p->out_features, p->out_features,
                        rows);
  }
}
