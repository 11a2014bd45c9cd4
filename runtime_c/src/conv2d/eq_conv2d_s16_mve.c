/* conv2d, int16 activations, Armv8.1-M MVE, 32-bit sums. The header states the contract, eq_mve_product_s16.h the
 * matrix product. The patches of two pixels are gathered once and used by every output channel. */
#include "eq_mve_product_s16.h"
#include "eq_patch_s16.h"

EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_conv2d_s16_mve) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c, whole = eq_mve_whole_s16(count);
  const int32_t in_place = eq_is_pointwise_s16(p) && count == whole;
  const eq_range_t channels = {0, p->out_c};
  int16_t *const patches = scratch;
  eq_mve_product_s16_t c;
  c.blocks = whole / EQ_MVE_HALFWORDS;
  c.x = patches;
  c.z = patches + whole;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += 2) {
    const int32_t pixels = pixel + 1 < range.end ? 2 : 1;
    if (in_place) {
      c.x = input + pixel * count;
      c.z = c.x + count;
    } else {
      for (int32_t i = 0; i < pixels; i++) {
        eq_gather_s16(p, input, pixel + i, patches + i * whole, eq_mve_put_s16);
        eq_mve_put_s16(patches + i * whole, count, NULL, whole - count);
      }
    }
    eq_mve_channels_s16(&c, p->weights, p->bias, &p->requant, channels, output + pixel * p->out_c, p->out_c, pixels);
  }
}
