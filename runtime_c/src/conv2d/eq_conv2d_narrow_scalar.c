/* conv2d with weights of less than 8 bits, portable C. The header states the contract; patches as in
 * eq_conv2d_s8_scalar.c. */
#include "eq_conv2d_narrow.h"
#include "eq_narrow_scalar.h"
#include "eq_patch.h"
#include "eq_run.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_narrow_t type, eq_requant_form_t form) {
  const int32_t out_c = p->out_c;
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  const int32_t group_bytes = eq_narrow_group_bytes(type, patch_bytes, 1);
  int8_t *const patch = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    int8_t *const y = output + pixel * out_c;
    const int32_t pair = pixel + 1 < range.end;
    for (int32_t i = 0; i <= pair; i++) {
      (void)eq_gather_patch(p, input, pixel + i, patch + i * patch_bytes, eq_copy_run, eq_fill_run);
    }
    const uint8_t *w = p->weights;
    for (int32_t o = 0; o < out_c; o += 4) {
      eq_sums_t s = eq_bias_of(p->bias, o, out_c), t = s;
      if (pair) {
        eq_narrow_run(&s, &t, patch, patch + patch_bytes, w, patch_bytes, type, 1);
        eq_store_sums(&p->requant, t, o, 0, out_c, y + out_c, form);
      } else {
        eq_narrow_run(&s, &t, patch, patch, w, patch_bytes, type, 0);
      }
      eq_store_sums(&p->requant, s, o, 0, out_c, y, form);
      w += group_bytes;
    }
  }
}

EQ_CONV2D_NARROW_FUNCTIONS(scalar)
