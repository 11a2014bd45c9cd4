/* dwconv2d_wgrad: the gradient of a depthwise convolution's weights, float32 [kernel_h][kernel_w][channels]; the
 * formula and the record of eq_conv2d_wgrad.h, channel by channel. Work unit of `range`: channels, in groups of
 * four (mve: eight, xpulp: two). No scratch. */
#ifndef EQ_DWCONV2D_WGRAD_H
#define EQ_DWCONV2D_WGRAD_H

#include "eq_conv2d_wgrad.h"

typedef eq_conv2d_wgrad_t eq_dwconv2d_wgrad_t;

EQ_CONV2D_WGRAD_PROTOTYPE(eq_dwconv2d_wgrad_f16_scalar, eq_f16_t);
EQ_CONV2D_WGRAD_PROTOTYPE(eq_dwconv2d_wgrad_f16_mve, eq_f16_t);
EQ_CONV2D_WGRAD_PROTOTYPE(eq_dwconv2d_wgrad_f16_xpulp, eq_f16_t); /* channels: an even number */
EQ_CONV2D_WGRAD_PROTOTYPE(eq_dwconv2d_wgrad_f32_scalar, float);
EQ_CONV2D_WGRAD_PROTOTYPE(eq_dwconv2d_wgrad_f32_mve, float);

#endif
