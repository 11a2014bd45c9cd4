/* conv2d with weights of less than 8 bits, Xpulp / CORE-V. The header states the contract; patches as in
 * eq_conv2d_s8_xpulp.c. */
#include "eq_conv2d_narrow.h"
#include "eq_xpulp_narrow.h"
#include "eq_xpulp_patch.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_narrow_t type, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t quads = type == EQ_BINARY ? (patch_bytes + 7) / 8 * 2 : (patch_bytes + 3) / 4;
  const eq_xpulp_requant_t q = eq_xpulp_requant(&p->requant);
  eq_xpulp_patches_t at = eq_xpulp_patches(p, input, scratch, quads, range.begin);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t count = range.end - pixel < EQ_XPULP_PIXELS ? range.end - pixel : EQ_XPULP_PIXELS;
    const int8_t *pixels[4];
    eq_xpulp_next_patches(&at, count, pixels);
    eq_xpulp_narrow_product(pixels, quads, p->weights, p->bias, &q, p->out_c, output + pixel * p->out_c, count, type,
                            form);
  }
}

EQ_CONV2D_NARROW_FUNCTIONS(xpulp)
