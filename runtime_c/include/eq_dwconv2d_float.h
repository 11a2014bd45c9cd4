/* dwconv2d in floating point: depthwise convolution, channels last, FP16 storage (f16) or float32 (f32); the formula of
 * eq_conv2d_float.h with one input channel each (n = kernel_h * kernel_w + 2), the record as well, in_c = out_c.
 *
 * Weights: [kernel_h][kernel_w][channels], half: [up(channels, 8)/8][taps][8]; biases: float32, mve: up(channels, 8).
 * scratch: xpulp 8 bytes a tap, half up(channels, 8) zeros of FP16 and up(taps, 2) + 1 pointers. Work unit of `range`:
 * output pixels, xpulp: rows of pairs of channels, pairs first. Input and output must not overlap. */
#ifndef EQ_DWCONV2D_FLOAT_H
#define EQ_DWCONV2D_FLOAT_H

#include "eq_conv2d_float.h"

typedef eq_conv2d_f16_t eq_dwconv2d_f16_t;
typedef eq_conv2d_f32_t eq_dwconv2d_f32_t;

EQ_CONV2D_F16_PROTOTYPE(eq_dwconv2d_f16_scalar);
/* channels: an even number; an infinite element makes no numbers of the sums of the channel that shares its word, too */
EQ_CONV2D_F16_PROTOTYPE(eq_dwconv2d_f16_xpulp);
EQ_CONV2D_F16_PROTOTYPE(eq_dwconv2d_f16_mve);
EQ_CONV2D_F16_PROTOTYPE(eq_dwconv2d_f16_half_mve);
EQ_CONV2D_F32_PROTOTYPE(eq_dwconv2d_f32_scalar);
EQ_CONV2D_F32_PROTOTYPE(eq_dwconv2d_f32_mve);

#endif
