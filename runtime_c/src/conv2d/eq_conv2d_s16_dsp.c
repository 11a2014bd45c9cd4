/* conv2d, int16 activations, Armv7E-M DSP, 32-bit sums. The header states the contract, eq_dsp_product_s16.h the matrix
 * product. The patches of four pixels are gathered once and used by every output channel. */
#include "eq_dsp_product_s16.h"
#include "eq_patch_s16.h"

EQ_CONV2D_PACKED_S16_PROTOTYPE(eq_conv2d_s16_dsp) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c, quads = (count + 3) / 4;
  const eq_range_t channels = {0, p->out_c};
  int16_t *const panel = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_DSP_S16_PIXELS) {
    const int32_t left = range.end - pixel, pixels = left < EQ_DSP_S16_PIXELS ? left : EQ_DSP_S16_PIXELS;
    for (int32_t i = 0; i < pixels; i++) {
      eq_gather_s16(p, input, pixel + i, panel + 2 * i, eq_dsp_put_panel_s16);
      eq_dsp_put_panel_s16(panel + 2 * i, count, NULL, 4 * quads - count);
    }
    eq_dsp_channels_s16(panel, pixels, quads, p->weights, p->bias, &p->requant, channels, output + pixel * p->out_c,
                        p->out_c);
  }
}
