/* conv2d in floating point, portable C, for the element that was included before: a block of pixels. Input gradients
 * are made of them as well. */
#ifndef EQ_FLOAT_CONV2D_BLOCK_H
#define EQ_FLOAT_CONV2D_BLOCK_H

#include "eq_float_block.h"
#include "eq_float_patch.h"

/* Up to EQ_FLOAT_PIXELS pixels; y is channel 0 of the first one, `pitch` elements before the next. */
static EQ_INLINE void eq_float_conv2d_block(const RECORD(conv2d) *p, const ELEMENT *input, int32_t pixel, int32_t pixels,
                                            ELEMENT *y, int32_t pitch, void *scratch) {
  const int32_t count = p->kernel_h * p->kernel_w * p->in_c;
  const eq_range_t channels = {0, p->out_c};
  float *const x = scratch;
  for (int32_t i = 0; i < pixels; i++) {
    float *const end = eq_float_gather(p, input, pixel + i, x + i, EQ_FLOAT_PIXELS);
    if ((count & 1) != 0) {
      *end = 0.0f;
    }
  }
  eq_float_product(x, pixels, count, p->weights, p->bias, y, pitch, channels, p->act_min, p->act_max);
}

#endif
