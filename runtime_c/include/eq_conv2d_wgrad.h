/* conv2d_wgrad: the gradient of a convolution's weights, channels last; activations in FP16 storage (f16) or
 * float32 (f32).
 *
 *   dw[o][ky][kx][i] = sum over oy, ox of dy[oy][ox][o] * x[oy*stride_h - pad_top + ky*dilation_h]
 *                                                          [ox*stride_w - pad_left + kx*dilation_w][i]
 *
 * with x = 0 outside the image; float32, summed in float32 in the order of the pixels. in_*: x; out_*: dy. n =
 * out_h * out_w + 2 in the bound of edgeq/ops/float_types.py.
 *
 * Work unit of `range`: (tap, block of four channels of x; mve: eight), taps first; no scratch (scalar, mve).
 * (Block of eight places of the window [kernel_h][kernel_w][in_c], pair of channels of dy), blocks first; scratch:
 * FP16 [up(pixels, 2)/2][8 places][2] of at most EQ_CONV2D_WGRAD_PIXELS output pixels (xpulp). */
#ifndef EQ_CONV2D_WGRAD_H
#define EQ_CONV2D_WGRAD_H

#include "eq_float.h"
#include "eq_types.h"
#include "eq_window_fields.h"

/* Output pixels under which kernels gather what their window's places have. */
enum { EQ_CONV2D_WGRAD_PIXELS = 64 };

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  EQ_WINDOW_FIELDS;
} eq_conv2d_wgrad_t;

#define EQ_CONV2D_WGRAD_PROTOTYPE(name, element) \
  void name(const eq_conv2d_wgrad_t *p, const element *restrict x, const element *restrict dy, float *restrict dw, \
            void *restrict scratch, eq_range_t range)

EQ_CONV2D_WGRAD_PROTOTYPE(eq_conv2d_wgrad_f16_scalar, eq_f16_t);
EQ_CONV2D_WGRAD_PROTOTYPE(eq_conv2d_wgrad_f16_mve, eq_f16_t);
EQ_CONV2D_WGRAD_PROTOTYPE(eq_conv2d_wgrad_f16_xpulp, eq_f16_t);
EQ_CONV2D_WGRAD_PROTOTYPE(eq_conv2d_wgrad_f32_scalar, float);
EQ_CONV2D_WGRAD_PROTOTYPE(eq_conv2d_wgrad_f32_mve, float);

#endif
