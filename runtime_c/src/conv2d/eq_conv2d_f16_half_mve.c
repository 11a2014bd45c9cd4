/* conv2d, FP16 storage and partial sums, Armv8.1-M MVE. The header states the contract, eq_mve_half_block.h the matrix
 * product. Pixels of 1x1 kernels are read in place if in_c is a multiple of 8. */
#include "eq_conv2d_float.h"
#include "eq_mve_half_block.h"

#define EQ_PATCH_RECORD eq_conv2d_f16_t
#include "eq_patch_s16.h"

EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_half_mve) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c, whole = eq_mve_whole_s16(count);
  const int32_t in_place = eq_is_pointwise_s16(p) && count == whole;
  const eq_range_t channels = {0, p->out_c};
  int16_t *const patches = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    const int32_t pixels = pixel + 1 < range.end ? 2 : 1;
    const int16_t *x = (const int16_t *)input + pixel * count;
    if (!in_place) {
      for (int32_t i = 0; i < pixels; i++) {
        eq_gather_s16(p, (const int16_t *)input, pixel + i, patches + i * whole, eq_mve_put_s16);
        eq_mve_put_s16(patches + i * whole, count, NULL, whole - count);
      }
      x = patches;
    }
    eq_mve_half_product(x, pixels > 1 ? x + whole : x, pixels, whole, p->weights, p->weight_scale, p->bias,
                        output + pixel * p->out_c, p->out_c, channels, p->act_min, p->act_max);
  }
}
