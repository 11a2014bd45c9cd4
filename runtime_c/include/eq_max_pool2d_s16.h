/* max_pool2d with int16 activations: maximum over a window; see eq_max_pool2d.h, which says the same for int8. */
#ifndef EQ_MAX_POOL2D_S16_H
#define EQ_MAX_POOL2D_S16_H

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
} eq_max_pool2d_s16_t;

void eq_max_pool2d_s16_scalar(const eq_max_pool2d_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                              eq_range_t range);

#endif
