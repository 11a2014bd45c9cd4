/* conv2d in floating point, portable C, for the element that was included before. */
#include "eq_float_block.h"
#include "eq_float_patch.h"

void KERNEL(conv2d, scalar)(const RECORD(conv2d) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                            void *restrict scratch, eq_range_t range) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c;
  const eq_range_t channels = {0, p->out_c};
  float *const x = scratch;
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_FLOAT_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_FLOAT_PIXELS ? left : EQ_FLOAT_PIXELS;
    for (int32_t i = 0; i < pixels; i++) {
      float *const end = eq_float_gather(p, input, pixel + i, x + i, EQ_FLOAT_PIXELS);
      if ((count & 1) != 0) {
        *end = 0.0f;
      }
    }
    eq_float_product(x, pixels, count, p->weights, p->bias, output + pixel * p->out_c, p->out_c, channels, p->act_min,
                     p->act_max);
  }
}
