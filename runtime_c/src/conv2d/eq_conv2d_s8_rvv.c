/* conv2d, int8, RISC-V vectors. The header states the contract, eq_rvv_product.h the product. */
#include "eq_conv2d.h"
#include "eq_rvv_product.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const eq_range_t channels = {0, p->out_c};
  const eq_rvv_layer_t layer = {p->weights, p->bias, p->out_c, p->requant};
  int32_t segment;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += segment) {
    eq_rvv_pixels_t x = eq_rvv_segment(p, input, pixel, range.end, scratch, &segment);
    for (int32_t i = 0; i < segment; i += EQ_RVV_PIXELS) {
      const int32_t count = segment - i < EQ_RVV_PIXELS ? segment - i : EQ_RVV_PIXELS;
      eq_rvv_product(&layer, x, channels, output + (pixel + i) * p->out_c, count, form);
      x.first += EQ_RVV_PIXELS * x.pitch;
    }
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_rvv) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_rvv) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_rvv) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_rvv) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_rvv) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
