/* conv2d with weights of less than 8 bits, Armv7E-M DSP. The header states the contract, eq_narrow_dsp.h the matrix
 * product; patches as in eq_conv2d_s8_dsp.c. */
#include "eq_conv2d_narrow.h"
#include "eq_dsp_patch.h"
#include "eq_narrow_dsp.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_narrow_t type, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t quads = (patch_bytes + 3) / 4, padded = eq_narrow_dsp_padded(patch_bytes, type);
  uint32_t *const panel = scratch;
  int8_t *const patch = (int8_t *)(panel + padded * EQ_DSP_PANEL_WORDS);
  for (int32_t i = quads * EQ_DSP_PANEL_WORDS; i < padded * EQ_DSP_PANEL_WORDS; i++) {
    panel[i] = 0; /* inputs of fields that fill up a word */
  }
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_DSP_PANEL_PIXELS) {
    const int32_t count = range.end - pixel < EQ_DSP_PANEL_PIXELS ? range.end - pixel : EQ_DSP_PANEL_PIXELS;
    eq_dsp_widen_patches(p, input, pixel, count, panel, patch);
    eq_narrow_dsp_product(panel, p->weights, padded, p->bias, &p->requant, p->out_c, output + pixel * p->out_c, count,
                          type, form);
  }
}

EQ_CONV2D_NARROW_FUNCTIONS(dsp)
