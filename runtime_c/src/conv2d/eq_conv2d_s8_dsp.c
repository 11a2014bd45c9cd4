/* conv2d, int8, Armv7E-M DSP. The header states the contract, eq_dsp_panel.h the matrix product.
 *
 * The patches of four pixels are widened into a panel once and used by every output channel. */
#include "eq_dsp_patch.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t quads = (p->kernel_h * p->kernel_w * p->in_c + 3) / 4;
  uint32_t *const panel = scratch;
  int8_t *const patch = (int8_t *)(panel + quads * EQ_DSP_PANEL_WORDS);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_DSP_PANEL_PIXELS) {
    const int32_t count = range.end - pixel < EQ_DSP_PANEL_PIXELS ? range.end - pixel : EQ_DSP_PANEL_PIXELS;
    eq_dsp_widen_patches(p, input, pixel, count, panel, patch);
    eq_dsp_panel_product(panel, p->weights, quads, p->bias, &p->requant, p->out_c, output + pixel * p->out_c,
                         count, form);
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_dsp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
