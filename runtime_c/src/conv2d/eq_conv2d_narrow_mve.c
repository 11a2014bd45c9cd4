/* conv2d with weights of less than 8 bits, Armv8.1-M MVE. The header states the contract, eq_mve_narrow.h the matrix
 * product; patches as in eq_conv2d_s8_mve.c. */
#include "eq_conv2d_narrow.h"
#include "eq_mve_narrow.h"
#include "eq_mve_patch.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_narrow_t type, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t padded = eq_mve_padded(patch_bytes);
  int8_t *const patches = scratch;
  eq_mve_patch_t gather = eq_mve_patches(p, input, (uint8_t *)patches + 2 * padded + EQ_MVE_BLOCK);
  eq_mve_product_t c;
  eq_mve_operands(&c, patch_bytes, p->bias, p->out_c, &p->requant);
  if (type == EQ_BINARY) {
    if ((c.blocks & 1) != 0 && gather.way == EQ_MVE_PATCH_IN_PLACE) {
      gather.way = EQ_MVE_PATCH_ROWS; /* a block beyond the patch is read */
    }
    c.blocks = (c.blocks + 1) / 2;
  }
  /* What is read beyond a patch meets fields of 0, but must be readable and is best defined. */
  (void)eq_mve_fill(patches, 0, 2 * padded + EQ_MVE_BLOCK);
  eq_mve_pixels_t at = eq_mve_pixels(p, gather, patches, range.begin);
  c.y = output + range.begin * p->out_c;
  for (int32_t left = range.end - range.begin; left > 0; left -= 2) {
    const int8_t *places[2] = {patches, patches};
    eq_mve_next_patches(&at, left, places);
    c.x = places[0];
    c.z = places[1];
    if (left > 1) {
      eq_mve_narrow_product(&c, patch_bytes, p->weights, p->out_c, 2, type, form);
    } else {
      eq_mve_narrow_product(&c, patch_bytes, p->weights, p->out_c, 1, type, form);
    }
    c.y += 2 * p->out_c;
  }
}

EQ_CONV2D_NARROW_FUNCTIONS(mve)
