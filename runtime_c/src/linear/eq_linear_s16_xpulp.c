/* linear, int16 activations, Xpulp / CORE-V, 32-bit sums. The header states the contract, eq_xpulp_block_s16.h the
 * matrix product. Rows go in fours, in place if in_features is even. */
#include "eq_linear_packed_s16.h"
#include "eq_xpulp_block_s16.h"

EQ_LINEAR_PACKED_S16_PROTOTYPE(eq_linear_s16_xpulp) {
  const int32_t count = p->in_features, pairs = (count + 1) / 2;
  int16_t *const copies = scratch;
  for (int32_t row = 0; row < p->rows; row += EQ_XPULP_PIXELS) {
    const int32_t left = p->rows - row, rows = left < EQ_XPULP_PIXELS ? left : EQ_XPULP_PIXELS;
    const int16_t *x[EQ_XPULP_PIXELS];
    for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
      int16_t *const copy = copies + i * 2 * pairs;
      x[i] = count % 2 == 0 ? input + (row + i) * count : copy;
      if (count % 2 != 0 && i < rows) {
        copy[2 * pairs - 1] = 0;
        eq_xpulp_put_patch_s16(copy, 0, input + (row + i) * count, count);
      }
    }
    eq_xpulp_product_s16(x, rows, pairs, p->weights, p->bias, &p->requant, range, output + row * p->out_features,
                         p->out_features);
  }
}
