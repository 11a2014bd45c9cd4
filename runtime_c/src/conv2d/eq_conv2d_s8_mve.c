/* conv2d, int8, Armv8.1-M MVE. The header states the contract, eq_mve_product.h the matrix product.
 *
 * The patches of two pixels are gathered once (eq_mve_patch.h) and used by every output channel. */
#include "eq_mve_patch.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t padded = eq_mve_padded(patch_bytes);
  const eq_range_t channels = {0, p->out_c};
  int8_t *const patches = scratch;
  const eq_mve_patch_t gather = eq_mve_patches(p, input, (uint8_t *)patches + 2 * padded);
  eq_mve_product_t c;
  eq_mve_operands(&c, patch_bytes, p->bias, p->out_c, &p->requant);
  /* Bytes after a patch meet zero weights, but must be readable and are best defined. */
  (void)eq_mve_fill(patches + patch_bytes, 0, padded - patch_bytes);
  (void)eq_mve_fill(patches + padded + patch_bytes, 0, padded - patch_bytes);
  eq_mve_pixels_t at = eq_mve_pixels(p, gather, patches, range.begin);
  c.y = output + range.begin * p->out_c;
  for (int32_t left = range.end - range.begin; left > 0; left -= 2) {
    const int8_t *places[2] = {patches, patches};
    eq_mve_next_patches(&at, left, places);
    c.x = places[0];
    c.z = places[1];
    if (left > 1) {
      eq_mve_product(&c, p->weights, channels, 2, form);
    } else {
      eq_mve_product(&c, p->weights, channels, 1, form);
    }
    c.y += 2 * p->out_c;
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
