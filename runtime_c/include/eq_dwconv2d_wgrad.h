/* dwconv2d_wgrad: the gradient of a depthwise convolution's weights, float32 [kernel_h][kernel_w][channels]; the formula and
 * the record of eq_conv2d_wgrad.h, channel by channel. Work unit of `range`: channels, in groups of four. No scratch. */
#ifndef EQ_DWCONV2D_WGRAD_H
#define EQ_DWCONV2D_WGRAD_H

#include "eq_conv2d_wgrad.h"

typedef eq_conv2d_wgrad_t eq_dwconv2d_wgrad_t;

void eq_dwconv2d_wgrad_f16_scalar(const eq_dwconv2d_wgrad_t *p, const eq_f16_t *restrict x, const eq_f16_t *restrict dy,
                                  float *restrict dw, eq_range_t range);
void eq_dwconv2d_wgrad_f32_scalar(const eq_dwconv2d_wgrad_t *p, const float *restrict x, const float *restrict dy,
                                  float *restrict dw, eq_range_t range);

#endif
