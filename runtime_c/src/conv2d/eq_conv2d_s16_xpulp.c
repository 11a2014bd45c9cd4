/* conv2d, int16 activations, Xpulp / CORE-V, 32-bit sums. The header states the contract, eq_xpulp_block_s16.h the
 * matrix product. The patches of four pixels are gathered once and used by every output channel. */
#include "eq_patch_s16.h"
#include "eq_xpulp_block_s16.h"

EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_conv2d_s16_xpulp) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c, pairs = (count + 1) / 2;
  const int32_t in_place = eq_is_pointwise_s16(p) && count % 2 == 0;
  const eq_range_t channels = {0, p->out_c};
  int16_t *const patches = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_XPULP_PIXELS) {
    const int32_t left = range.end - pixel, pixels = left < EQ_XPULP_PIXELS ? left : EQ_XPULP_PIXELS;
    const int16_t *x[EQ_XPULP_PIXELS];
    for (int32_t i = 0; i < EQ_XPULP_PIXELS; i++) {
      int16_t *const patch = patches + i * 2 * pairs;
      x[i] = in_place ? input + (pixel + i) * count : patch;
      if (!in_place && i < pixels) {
        patch[2 * pairs - 1] = 0;
        eq_gather_s16(p, input, pixel + i, patch, eq_xpulp_put_patch_s16);
      }
    }
    eq_xpulp_product_s16(x, pixels, pairs, p->weights, p->bias, &p->requant, channels, output + pixel * p->out_c,
                         p->out_c);
  }
}
