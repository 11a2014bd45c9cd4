/* conv2d, int8, Armv8.1-M MVE. The header states the contract, eq_mve.h the matrix product.
 *
 * The patches of two pixels are gathered once and used by every output channel. */
#include "eq_mve.h"
#include "eq_patch.h"

static EQ_INLINE int8_t *copy_run(int8_t *target, const int8_t *source, int32_t bytes) {
  int8_t *const end = target + bytes;
  for (; bytes > 0; bytes -= EQ_MVE_BLOCK) {
    const mve_pred16_t lanes = vctp8q((uint32_t)bytes);
    vstrbq_p_s8(target, vldrbq_z_s8(source, lanes), lanes);
    source += EQ_MVE_BLOCK;
    target += EQ_MVE_BLOCK;
  }
  return end;
}

static EQ_INLINE int8_t *fill_run(int8_t *target, int32_t value, int32_t bytes) {
  int8_t *const end = target + bytes;
  const int8x16_t values = vdupq_n_s8((int8_t)value);
  for (; bytes > 0; bytes -= EQ_MVE_BLOCK) {
    vstrbq_p_s8(target, values, vctp8q((uint32_t)bytes));
    target += EQ_MVE_BLOCK;
  }
  return end;
}

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t padded_bytes = (patch_bytes + EQ_MVE_BLOCK - 1) & ~(EQ_MVE_BLOCK - 1);
  const int32_t out_c = p->out_c;
  const eq_range_t channels = {0, out_c};
  int8_t *const patch = scratch;
  eq_mve_product_t c = {patch, patch + padded_bytes, padded_bytes, p->bias, NULL, out_c, eq_mve_requant(&p->requant)};
  /* Bytes after a patch meet zero weights, but must be readable and are best defined. */
  (void)fill_run(patch + patch_bytes, 0, padded_bytes - patch_bytes);
  (void)fill_run(patch + padded_bytes + patch_bytes, 0, padded_bytes - patch_bytes);
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    const int32_t pair = pixel + 1 < range.end;
    /* One loop and not two calls: the gathering is inlined. */
    for (int32_t i = 0; i <= pair; i++) {
      (void)eq_gather_patch(p, input, pixel + i, patch + i * padded_bytes, copy_run, fill_run);
    }
    c.y = output + pixel * out_c;
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
