/* max_pool2d in floating point: the largest value under a window; padding never wins. FP16 storage (f16) or float32 (f32), channels last.
 *
 * Work unit of `range`: output pixels. Input and output must not overlap. No scratch. */
#ifndef EQ_MAX_POOL2D_FLOAT_H
#define EQ_MAX_POOL2D_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  float act_min, act_max;
} eq_max_pool2d_f32_t;

typedef eq_max_pool2d_f32_t eq_max_pool2d_f16_t;

void eq_max_pool2d_f16_scalar(const eq_max_pool2d_f16_t *p, const eq_f16_t *restrict input, eq_f16_t *restrict output,
                             eq_range_t range);
void eq_max_pool2d_f32_scalar(const eq_max_pool2d_f32_t *p, const float *restrict input, float *restrict output,
                             eq_range_t range);

#endif
