/* conv2d 1x1, stride 1, no padding: int8, Armv8.1-M MVE. The header states the contract.
 *
 * Pixels are read in place if in_c is a multiple of 16. When the output lies over the input, that is right as long as
 * all sums of two pixels are made before the first one is stored; with more channels the pixels are copied first. */
#include "eq_conv2d.h"
#include "eq_mve_product.h"

static EQ_INLINE void pointwise(const eq_conv2d_s8_t *p, const int8_t *input, int8_t *output, void *scratch,
                                eq_range_t range, eq_requant_form_t form) {
  const int32_t in_c = p->in_c;
  const eq_range_t channels = {0, p->out_c};
  const int32_t copied = input == output && p->out_c > EQ_MVE_GROUPS * EQ_MVE_LANES && in_c % EQ_MVE_BLOCK == 0;
  eq_mve_product_t c;
  eq_mve_operands(&c, in_c, p->bias, p->out_c, &p->requant);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    const int32_t rows = pixel + 1 < range.end ? 2 : 1;
    const int8_t *x = input + pixel * in_c;
    if (copied) {
      (void)eq_mve_copy(scratch, x, rows * in_c);
      x = scratch;
    }
    c.y = output + pixel * p->out_c;
    eq_mve_rows_product(&c, x, in_c, p->weights, scratch, channels, rows, form);
  }
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_high_mve) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_shift_mve) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_mve) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_line_mve) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_step_mve) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
