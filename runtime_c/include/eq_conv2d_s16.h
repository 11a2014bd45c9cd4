/* conv2d and dwconv2d with int16 activations, int8 weights, int64 bias and accumulators (eq_requant_wide.h).
 *
 *   acc[oy][ox][o] = bias[o] + sum over ky, kx, i of input[oy*stride - pad + ky*dilation][..][i] * weight
 *
 * Input zero point 0, so padding adds nothing. Weights: conv2d [out_c][kernel_h][kernel_w][in_c]; dwconv2d
 * [kernel_h][kernel_w][channels]. Work unit of `range`: output pixels. No scratch. Input and output must not overlap. */
#ifndef EQ_CONV2D_S16_H
#define EQ_CONV2D_S16_H

#include "eq_requant.h"
#include "eq_types.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  int32_t twice; /* which form of requantization (eq_requant_wide.h) */
  const int8_t *weights;
  const int64_t *bias;
  eq_requant_t requant;
} eq_conv2d_s16_t;

void eq_conv2d_s16_scalar(const eq_conv2d_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                          eq_range_t range);
void eq_dwconv2d_s16_scalar(const eq_conv2d_s16_t *p, const int16_t *restrict input, int16_t *restrict output,
                            eq_range_t range);

#endif
