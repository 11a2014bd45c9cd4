/* avg_pool2d, int8: mean over a window; input and output share one scale and zero point.
 *
 *   acc, n = sum and number of the window's pixels that lie inside the image (padding does not count)
 *   output = clamp((acc + offset * n) / n rounded half away from zero - offset, act_min, act_max)
 *
 * Rounding as in TensorFlow Lite: (acc >= 0 ? acc + n/2 : acc - n/2) / n with C's truncating division.
 * Every window must touch the image (n >= 1). Layout: [h][w][channels]. Work unit of `range`: output elements,
 * (oy*out_w + ox)*channels + c. No scratch. Input and output must not overlap. */
#ifndef EQ_AVG_POOL2D_H
#define EQ_AVG_POOL2D_H

#include "eq_types.h"

typedef struct {
  int32_t offset; /* 0, or 128 where bytes stand for those of an unsigned model: rounding half up */
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t act_min;
  int32_t act_max;
} eq_avg_pool2d_s8_t;

void eq_avg_pool2d_s8_scalar(const eq_avg_pool2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range);

#endif
