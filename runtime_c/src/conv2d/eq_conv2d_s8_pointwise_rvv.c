/* conv2d 1x1, stride 1, no padding: int8, RISC-V vectors. The header states the contract, eq_rvv_product.h the product.
 * When the output lies over the input, pixels are copied first: how many channels are computed before the first is
 * stored depends on the vector length. */
#include "eq_conv2d.h"
#include "eq_rvv_product.h"

static EQ_INLINE void pointwise(const eq_conv2d_s8_t *p, const int8_t *input, int8_t *output, void *scratch,
                                eq_range_t range, eq_requant_form_t form) {
  const int32_t in_c = p->in_c;
  const eq_range_t channels = {0, p->out_c};
  const eq_rvv_layer_t layer = {p->weights, p->bias, p->out_c, p->requant};
  eq_rvv_pixels_t x = {.pitch = in_c, .rows = 1, .columns = 1, .run = in_c};
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_RVV_PIXELS) {
    const int32_t left = range.end - pixel, count = left < EQ_RVV_PIXELS ? left : EQ_RVV_PIXELS;
    x.first = input + pixel * in_c;
    if (input == output) {
      (void)eq_rvv_copy(scratch, x.first, count * in_c);
      x.first = scratch;
    }
    eq_rvv_product(&layer, x, channels, output + pixel * p->out_c, count, form);
  }
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_high_rvv) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_shift_rvv) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_rvv) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_line_rvv) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_step_rvv) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
