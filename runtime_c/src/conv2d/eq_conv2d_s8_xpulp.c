/* conv2d, int8, Xpulp / CORE-V. The header states the contract, eq_xpulp_block.h the matrix product.
 *
 * The patches of four pixels are gathered once and used by every output channel; those of a 1x1 kernel are read in
 * place if in_c is a multiple of 4. */
#include "eq_xpulp_block.h"
#include "eq_xpulp_patch.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t quads = (p->kernel_h * p->kernel_w * p->in_c + 3) / 4;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  eq_xpulp_patches_t at = eq_xpulp_patches(p, input, scratch, quads, range.begin);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t count = range.end - pixel < EQ_XPULP_PIXELS ? range.end - pixel : EQ_XPULP_PIXELS;
    const int8_t *pixels[4];
    eq_xpulp_next_patches(&at, count, pixels);
    eq_xpulp_product(pixels, quads, p->weights, p->bias, &q, p->out_c, output + pixel * p->out_c, count, form);
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
