/* conv2d in floating point, MVE, for the element that was included before: a block of pixels. Input gradients are
 * made of them as well. */
#ifndef EQ_MVE_FLOAT_CONV2D_BLOCK_H
#define EQ_MVE_FLOAT_CONV2D_BLOCK_H

#include "eq_float_patch.h"
#include "eq_mve_float_block.h"

/* Up to EQ_MVE_FLOAT_PIXELS pixels; y is channel 0 of the first one, `pitch` elements before the next. */
static EQ_INLINE void eq_mve_conv2d_block(const RECORD(conv2d) *p, const ELEMENT *input, int32_t pixel, int32_t pixels,
                                          ELEMENT *y, int32_t pitch, void *scratch) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c;
  const eq_range_t channels = {0, p->out_c};
  float *const x = scratch;
  for (int32_t i = 0; i < pixels; i++) {
    (void)eq_float_gather(p, input, pixel + i, x + i, EQ_MVE_FLOAT_PIXELS);
  }
  eq_mve_float_product(x, pixels, count, p->weights, p->bias, y, pitch, channels, p->act_min, p->act_max);
}

#endif
