/* conv2d 1x1, stride 1, no padding: int8, Armv8.1-M MVE. The header states the contract. Pixels are read in place. */
#include "eq_conv2d.h"
#include "eq_mve.h"

static EQ_INLINE void pointwise(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                                eq_range_t range, eq_requant_form_t form) {
  const int32_t in_c = p->in_c, out_c = p->out_c;
  const eq_range_t channels = {0, out_c};
  eq_mve_product_t c = {NULL, NULL, in_c, p->bias, NULL, out_c, eq_mve_requant(&p->requant)};
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    c.x = input + pixel * in_c;
    c.z = c.x + in_c;
    c.y = output + pixel * out_c;
    if (pixel + 1 < range.end) {
      eq_mve_product(&c, p->weights, channels, 2, form);
    } else {
      eq_mve_product(&c, p->weights, channels, 1, form);
    }
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_high_mve) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_shift_mve) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_mve) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_TFLITE);
}
