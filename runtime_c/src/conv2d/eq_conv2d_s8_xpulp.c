/* conv2d, int8, Xpulp / CORE-V. The header states the contract, eq_xpulp_block.h the matrix product.
 *
 * The patches of four pixels are gathered once and used by every output channel. */
#include "eq_patch.h"
#include "eq_xpulp_block.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t quads = (patch_bytes + 3) / 4;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  int8_t *const patches = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t count = range.end - pixel < EQ_XPULP_PIXELS ? range.end - pixel : EQ_XPULP_PIXELS;
    for (int32_t i = 0; i < count; i++) {
      int8_t *const patch = patches + 4 * quads * i;
      int8_t *const rest = eq_gather_patch(p, input, pixel + i, patch, eq_xpulp_copy, eq_xpulp_fill);
      (void)eq_xpulp_fill(rest, 0, 4 * quads - patch_bytes);
    }
    eq_xpulp_product(patches, 4 * quads, quads, p->weights, p->bias, &q, p->out_c, output + pixel * p->out_c, count,
                     form);
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_xpulp) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }
