/* conv2d in floating point, MVE, for the element that was included before. */
#include "eq_mve_float_conv2d_block.h"

void KERNEL(conv2d, mve)(const RECORD(conv2d) *p, const ELEMENT *restrict input, ELEMENT *restrict output,
                         void *restrict scratch, eq_range_t range) {
  for (int32_t pixel = range.begin; pixel < range.end; pixel += EQ_MVE_FLOAT_PIXELS) {
    const int32_t left = range.end - pixel;
    const int32_t pixels = left < EQ_MVE_FLOAT_PIXELS ? left : EQ_MVE_FLOAT_PIXELS;
    eq_mve_conv2d_block(p, input, pixel, pixels, output + pixel * p->out_c, p->out_c, scratch);
  }
}
