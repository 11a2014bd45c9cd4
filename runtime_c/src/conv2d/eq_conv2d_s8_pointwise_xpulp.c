/* conv2d 1x1, stride 1, no padding: int8, Xpulp / CORE-V. The header states the contract. Pixels are read in place if
 * in_c is a multiple of 4. */
#include "eq_conv2d.h"
#include "eq_xpulp_block.h"

static EQ_INLINE void pointwise(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                                void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t in_c = p->in_c;
  const int32_t quads = (in_c + 3) / 4;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t count = range.end - pixel < EQ_XPULP_PIXELS ? range.end - pixel : EQ_XPULP_PIXELS;
    const int8_t *x = input + pixel * in_c;
    if ((in_c & 3) != 0) {
      int8_t *padded = scratch;
      for (int32_t i = 0; i < count; i++) {
        padded = eq_xpulp_fill(eq_xpulp_copy(padded, x + i * in_c, in_c), 0, 4 * quads - in_c);
      }
      x = scratch;
    }
    const int8_t *const pixels[4] = {x, x + 4 * quads, x + 8 * quads, x + 12 * quads};
    eq_xpulp_product(pixels, quads, p->weights, p->bias, &q, p->out_c, output + pixel * p->out_c, count, form);
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_high_xpulp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_shift_xpulp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_xpulp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_line_xpulp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_pointwise_step_xpulp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
