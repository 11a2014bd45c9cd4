/* conv2d 1x1, stride 1, no padding: int8, portable C. The header states the contract. */
#include "eq_conv2d.h"
#include "eq_scalar_block.h"

static EQ_INLINE void pointwise(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                                eq_range_t range, eq_requant_form_t form) {
  const int32_t in_c = p->in_c, out_c = p->out_c;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    const int8_t *const x = input + pixel * in_c;
    int8_t *const y = output + pixel * out_c;
    for (int32_t o = 0; o < out_c; o += 4) {
      const eq_weights_t w = eq_weights_of(p->weights, o, out_c, in_c);
      eq_sums_t s = eq_bias_of(p->bias, o, out_c);
      if (pixel + 1 < range.end) {
        eq_sums_t t = s;
        eq_run2(&s, &t, x, x + in_c, w, in_c);
        eq_store_sums(&p->requant, t, o, 0, out_c, y + out_c, form);
      } else {
        eq_run1(&s, x, w, in_c);
      }
      eq_store_sums(&p->requant, s, o, 0, out_c, y, form);
    }
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_high_scalar) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_shift_scalar) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_scalar) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_line_scalar) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_step_scalar) {
  (void)scratch;
  pointwise(p, input, output, range, EQ_REQUANT_STEP);
}
