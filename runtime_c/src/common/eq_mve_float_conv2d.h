/* conv2d in floating point, MVE, for the element that was included before. */
#include "eq_float_patch.h"
#include "eq_mve_float_block.h"

void KERNEL(conv2d, mve)(const RECORD(conv2d) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                         void *restrict scratch, eq_range_t range) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c;
  const eq_range_t channels = {0, p->out_c};
  float *const x = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_MVE_FLOAT_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_MVE_FLOAT_PIXELS ? left : EQ_MVE_FLOAT_PIXELS;
    for (int32_t i = 0; i < pixels; i++) {
      (void)eq_float_gather(p, input, pixel + i, x + i, EQ_MVE_FLOAT_PIXELS);
    }
    eq_mve_float_product(x, pixels, count, p->weights, p->bias, output + pixel * p->out_c, p->out_c, channels,
                         p->act_min, p->act_max);
  }
}
