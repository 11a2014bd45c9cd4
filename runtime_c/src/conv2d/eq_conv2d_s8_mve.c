/* conv2d, int8, Armv8.1-M MVE. The header states the contract, eq_mve_product.h the matrix product.
 *
 * The patches of two pixels are gathered once and used by every output channel. */
#include "eq_mve_product.h"
#include "eq_patch.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t padded = eq_mve_padded(patch_bytes);
  const eq_range_t channels = {0, p->out_c};
  int8_t *const patch = scratch;
  eq_mve_product_t c;
  eq_mve_operands(&c, patch_bytes, p->bias, p->out_c, &p->requant);
  c.x = patch;
  c.z = patch + padded;
  /* Bytes after a patch meet zero weights, but must be readable and are best defined. */
  (void)eq_mve_fill(patch + patch_bytes, 0, padded - patch_bytes);
  (void)eq_mve_fill(patch + padded + patch_bytes, 0, padded - patch_bytes);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    const int32_t pair = pixel + 1 < range.end;
    /* One loop and not two calls: the gathering is inlined. */
    for (int32_t i = 0; i <= pair; i++) {
      (void)eq_gather_patch(p, input, pixel + i, patch + i * padded, eq_mve_copy, eq_mve_fill);
    }
    c.y = output + pixel * p->out_c;
    if (pair) {
      eq_mve_product(&c, p->weights, channels, 2, form);
    } else {
      eq_mve_product(&c, p->weights, channels, 1, form);
    }
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_mve) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }
