/* dwconv2d_igrad: the gradient of a depthwise convolution's input; the formula and the record of eq_conv2d_igrad.h,
 * channel by channel.
 *
 * Weights, phase by phase, the last tap first: [taps][channels]. scratch: zeros, float32 up(channels, 4) (mve: 8), and
 * what a depthwise convolution has (eq_dwconv2d_float.h). Work unit of `range`: a pixel of
 * every phase, xpulp: a row of every phase of pairs of channels, pairs first. */
#ifndef EQ_DWCONV2D_IGRAD_H
#define EQ_DWCONV2D_IGRAD_H

#include "eq_conv2d_igrad.h"

typedef eq_conv2d_igrad_f16_t eq_dwconv2d_igrad_f16_t;
typedef eq_conv2d_igrad_f32_t eq_dwconv2d_igrad_f32_t;

EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_dwconv2d_igrad_f16_scalar);
EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_dwconv2d_igrad_f16_mve);
EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_dwconv2d_igrad_f16_xpulp); /* channels: an even number */
EQ_CONV2D_IGRAD_F32_PROTOTYPE(eq_dwconv2d_igrad_f32_scalar);
EQ_CONV2D_IGRAD_F32_PROTOTYPE(eq_dwconv2d_igrad_f32_mve);

#endif
