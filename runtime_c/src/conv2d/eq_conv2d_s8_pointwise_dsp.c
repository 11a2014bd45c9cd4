/* conv2d 1x1, stride 1, no padding: int8, Armv7E-M DSP. The header states the contract, eq_dsp_panel.h the product.
 *
 * Four pixels are widened to the panel before any of their outputs is stored: the output may lie over the input. */
#include "eq_conv2d.h"
#include "eq_dsp_panel.h"

static EQ_INLINE void pointwise(const eq_conv2d_s8_t *p, const int8_t *input, int8_t *output, void *scratch,
                                eq_range_t range, eq_requant_form_t form) {
  const int32_t in_c = p->in_c;
  const int32_t quads = (in_c + 3) / 4;
  uint32_t *const panel = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_DSP_PANEL_PIXELS) {
    const int32_t count = range.end - pixel < EQ_DSP_PANEL_PIXELS ? range.end - pixel : EQ_DSP_PANEL_PIXELS;
    for (int32_t i = 0; i < EQ_DSP_PANEL_PIXELS; i++) {
      /* Columns beyond the last pixel repeat it; their sums are not stored. */
      const int32_t source = pixel + (i < count ? i : count - 1);
      (void)eq_dsp_widen(input + source * in_c, in_c, panel + i);
    }
    eq_dsp_panel_product(panel, p->weights, quads, p->bias, &p->requant, p->out_c, output + pixel * p->out_c,
                         count, form);
  }
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_high_dsp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_HIGH);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_shift_dsp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_SHIFT);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_tflite_dsp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_TFLITE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_line_dsp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_LINE);
}

EQ_CONV2D_S8_IN_PLACE_PROTOTYPE(eq_conv2d_s8_pointwise_step_dsp) {
  pointwise(p, input, output, scratch, range, EQ_REQUANT_STEP);
}
