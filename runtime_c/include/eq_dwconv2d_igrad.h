/* dwconv2d_igrad: the gradient of a depthwise convolution's input; the formula and the record of eq_conv2d_igrad.h, channel
 * by channel, with weights [kernel_h][kernel_w][channels]. Work unit of `range`: rows of dx. No scratch. */
#ifndef EQ_DWCONV2D_IGRAD_H
#define EQ_DWCONV2D_IGRAD_H

#include "eq_conv2d_igrad.h"

typedef eq_conv2d_igrad_f16_t eq_dwconv2d_igrad_f16_t;
typedef eq_conv2d_igrad_f32_t eq_dwconv2d_igrad_f32_t;

void eq_dwconv2d_igrad_f16_scalar(const eq_dwconv2d_igrad_f16_t *p, const eq_f16_t *restrict dy, eq_f16_t *restrict dx,
                                  eq_range_t range);
void eq_dwconv2d_igrad_f32_scalar(const eq_dwconv2d_igrad_f32_t *p, const float *restrict dy, float *restrict dx,
                                  eq_range_t range);

#endif
