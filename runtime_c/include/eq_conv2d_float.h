/* conv2d in floating point: 2-D convolution, channels last, in FP16 storage (f16) or float32 (f32).
 *
 *   y[oy][ox][o] = clamp(bias[o] + sum over ky, kx, c of x[oy*stride_h - pad_top + ky*dilation_h]
 *                                                         [ox*stride_w - pad_left + kx*dilation_w][c] * w[o][ky][kx][c])
 *
 * with x = 0 outside the image. Products are summed in float32, in the order of K = (ky, kx, c) from the bias on, each
 * added with one rounding where the target has a fused multiply-add; kernels with vectors keep several sums and add them
 * at the end. The result is rounded once to the type that stores it: within the bound of edgeq/ops/float_types.py for
 * n = K + 2. Kernels "half" sum up to eight products (depthwise: nine) in FP16 before they add them to the float32 sum:
 * the bound has terms for that (edgeq/ops/half_sums.py).
 *
 * Weights: [up(out_c, 4)/4][up(K, 2)][4] (scalar), [up(out_c, 4)/4][up(K, 4)/2][4][2] (xpulp),
 * [up(out_c, 8)/8][K][8] (mve; half: K up to a multiple of 8); biases: float32, up(out_c, 4) (mve: 8). Both
 * are 0 behind the last channel. scratch: float32 [up(K, 2)][4] (scalar), FP16 [up(K, 4)/2][4][2] (xpulp), float32 [K][3]
 * (mve), FP16 [2][up(K, 8)] (half; none for 1x1 with stride 1 without padding and whole blocks). Work unit of `range`:
 * output pixels. Input and output must not overlap. */
#ifndef EQ_CONV2D_FLOAT_H
#define EQ_CONV2D_FLOAT_H

#include "eq_float.h"
#include "eq_types.h"

#define EQ_CONV2D_FLOAT_FIELDS \
  int32_t in_h, in_w, in_c;     \
  int32_t out_h, out_w, out_c;  \
  int32_t kernel_h, kernel_w;   \
  int32_t stride_h, stride_w;   \
  int32_t pad_top, pad_left;    \
  int32_t dilation_h, dilation_w; \
  float act_min, act_max;       \
  const float *bias

typedef struct {
  EQ_CONV2D_FLOAT_FIELDS;
  const eq_f16_t *weights;
  float weight_scale; /* of half_mve: what the weights are divided by */
} eq_conv2d_f16_t;

typedef struct {
  EQ_CONV2D_FLOAT_FIELDS;
  const float *weights;
} eq_conv2d_f32_t;

#define EQ_CONV2D_F16_PROTOTYPE(name) \
  void name(const eq_conv2d_f16_t *p, const eq_f16_t *restrict input, eq_f16_t *restrict output, void *restrict scratch, \
            eq_range_t range)
#define EQ_CONV2D_F32_PROTOTYPE(name) \
  void name(const eq_conv2d_f32_t *p, const float *restrict input, float *restrict output, void *restrict scratch, \
            eq_range_t range)

EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_scalar);
EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_mve);
EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_half_mve);
EQ_CONV2D_F16_PROTOTYPE(eq_conv2d_f16_xpulp);
EQ_CONV2D_F32_PROTOTYPE(eq_conv2d_f32_scalar);
EQ_CONV2D_F32_PROTOTYPE(eq_conv2d_f32_mve);

#endif
