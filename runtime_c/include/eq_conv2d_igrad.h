/* conv2d_igrad: the gradient of a convolution's input, channels last, FP16 storage (f16) or float32 (f32).
 *
 *   dx[iy][ix][i] = sum over ky, kx, o of dy[(iy + pad_top - ky*dilation_h) / stride_h]
 *                                          [(ix + pad_left - kx*dilation_w) / stride_w][o] * w[o][ky][kx][i]
 *
 * over the taps for which the places are whole numbers inside dy. in_*: dx; out_*: dy. Summed in float32, n = taps
 * * out_c + 2. Pixels with the same remainders of iy + pad_top and ix + pad_left by the strides, a phase, have the
 * same taps, and are the outputs of a convolution of dy (eq_conv2d_float.h, with its blocks).
 *
 * Weights, phase by phase: [up(in_c, 4)/4][up(K, 2)][4] (scalar), [up(in_c, 4)/4][up(K, 4)/2][4][2] (xpulp),
 * [up(in_c, 8)/8][K][8] (mve); K = (tap, o), the last tap of the phase first. scratch: zeros, float32 up(in_c, 4)
 * (mve: 8), and what a convolution has for the phase with the most taps. Work unit of `range`: blocks of 4 (mve: 3)
 * pixels of every phase. dx may lie over dy where window and stride are 1x1 and the sizes the same: a block's pixels are
 * gathered before they are written. */
#ifndef EQ_CONV2D_IGRAD_H
#define EQ_CONV2D_IGRAD_H

#include "eq_float.h"
#include "eq_types.h"
#include "eq_window_fields.h"

#define EQ_CONV2D_IGRAD_FIELDS \
  int32_t in_h, in_w, in_c;    \
  int32_t out_h, out_w, out_c; \
  EQ_WINDOW_FIELDS

typedef struct {
  EQ_CONV2D_IGRAD_FIELDS;
  const eq_f16_t *weights;
} eq_conv2d_igrad_f16_t;

typedef struct {
  EQ_CONV2D_IGRAD_FIELDS;
  const float *weights;
} eq_conv2d_igrad_f32_t;

#define EQ_CONV2D_IGRAD_F16_PROTOTYPE(name) \
  void name(const eq_conv2d_igrad_f16_t *p, const eq_f16_t *dy, eq_f16_t *dx, void *restrict scratch, eq_range_t range)
#define EQ_CONV2D_IGRAD_F32_PROTOTYPE(name) \
  void name(const eq_conv2d_igrad_f32_t *p, const float *dy, float *dx, void *restrict scratch, eq_range_t range)

EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_conv2d_igrad_f16_scalar);
EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_conv2d_igrad_f16_mve);
EQ_CONV2D_IGRAD_F16_PROTOTYPE(eq_conv2d_igrad_f16_xpulp);
EQ_CONV2D_IGRAD_F32_PROTOTYPE(eq_conv2d_igrad_f32_scalar);
EQ_CONV2D_IGRAD_F32_PROTOTYPE(eq_conv2d_igrad_f32_mve);

#endif
