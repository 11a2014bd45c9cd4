/* conv2d_wgrad: the gradient of a convolution's weights, channels last; activations in FP16 storage (f16) or float32 (f32).
 *
 *   dw[o][ky][kx][i] = sum over oy, ox of dy[oy][ox][o] * x[oy*stride_h - pad_top + ky*dilation_h]
 *                                                          [ox*stride_w - pad_left + kx*dilation_w][i]
 *
 * with x = 0 outside the image; float32, summed in float32 in the order of the pixels. in_*: x; out_*: dy. n = out_h * out_w
 * + 2 in the bound of edgeq/ops/float_types.py. Work unit of `range`: (tap, block of four channels of x), taps first. No
 * scratch. */
#ifndef EQ_CONV2D_WGRAD_H
#define EQ_CONV2D_WGRAD_H

#include "eq_float.h"
#include "eq_types.h"
#include "eq_window_fields.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  EQ_WINDOW_FIELDS;
} eq_conv2d_wgrad_t;

void eq_conv2d_wgrad_f16_scalar(const eq_conv2d_wgrad_t *p, const eq_f16_t *restrict x, const eq_f16_t *restrict dy,
                                float *restrict dw, eq_range_t range);
void eq_conv2d_wgrad_f32_scalar(const eq_conv2d_wgrad_t *p, const float *restrict x, const float *restrict dy,
                                float *restrict dw, eq_range_t range);

#endif
