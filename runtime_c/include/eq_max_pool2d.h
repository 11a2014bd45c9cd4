/* max_pool2d, int8: maximum over a window; input and output share one scale and zero point.
 *
 *   output = clamp(max of the window's pixels that lie inside the image, act_min, act_max)
 *
 * Every window must touch the image. Layout: [h][w][channels]. Work unit of `range`: output elements,
 * (oy*out_w + ox)*channels + c. No scratch. Input and output must not overlap. */
#ifndef EQ_MAX_POOL2D_H
#define EQ_MAX_POOL2D_H

#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  int32_t act_min;
  int32_t act_max;
} eq_max_pool2d_s8_t;

void eq_max_pool2d_s8_scalar(const eq_max_pool2d_s8_t *p, const int8_t *restrict input, int8_t *restrict output,
                             eq_range_t range);

#endif
