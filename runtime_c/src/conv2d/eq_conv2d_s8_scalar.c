/* conv2d, int8, portable C. The header states the contract.
 *
 * The patches of two pixels are gathered once and used by every output channel, so that the inner loop has one shape
 * for every geometry and knows nothing of borders. */
#include "eq_patch.h"
#include "eq_run.h"
#include "eq_scalar_block.h"

static EQ_INLINE void conv2d(const eq_conv2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             void *restrict scratch, eq_range_t range, eq_requant_form_t form) {
  const int32_t out_c = p->out_c;
  const int32_t patch_bytes = p->kernel_h * p->kernel_w * p->in_c;
  int8_t *const patch = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    int8_t *const y = output + pixel * out_c;
    const int32_t pair = pixel + 1 < range.end;
    /* One loop and not two calls: the gathering is inlined. */
    for (int32_t i = 0; i <= pair; i++) {
      (void)eq_gather_patch(p, input, pixel + i, patch + i * patch_bytes, eq_copy_run, eq_fill_run);
    }
    for (int32_t o = 0; o < out_c; o += 4) {
      const eq_weights_t w = eq_weights_of(p->weights, o, out_c, patch_bytes);
      eq_sums_t s = eq_bias_of(p->bias, o, out_c);
      if (pair) {
        eq_sums_t t = s;
        eq_run2(&s, &t, patch, patch + patch_bytes, w, patch_bytes);
        eq_store_sums(&p->requant, t, o, 0, out_c, y + out_c, form);
      } else {
        eq_run1(&s, patch, w, patch_bytes);
      }
      eq_store_sums(&p->requant, s, o, 0, out_c, y, form);
    }
  }
}

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_high_scalar) { conv2d(p, input, output, scratch, range, EQ_REQUANT_HIGH); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_shift_scalar) { conv2d(p, input, output, scratch, range, EQ_REQUANT_SHIFT); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_tflite_scalar) { conv2d(p, input, output, scratch, range, EQ_REQUANT_TFLITE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_line_scalar) { conv2d(p, input, output, scratch, range, EQ_REQUANT_LINE); }

EQ_CONV2D_S8_PROTOTYPE(eq_conv2d_s8_step_scalar) { conv2d(p, input, output, scratch, range, EQ_REQUANT_STEP); }
