/* Layers that Arm's CMSIS-NN computes: what a layer is, and functions that hand it to the library.
 *
 * The formulas are those of the operator's own header (eq_conv2d.h and so on); the library gives the same numbers when it
 * is compiled for the network's rounding (CMSIS_NN_USE_SINGLE_ROUNDING or not, which the model's C checks):
 *
 *   with it      y = floor((acc * multiplier + 2^(30 - shift)) / 2^(31 - shift))
 *   without it   TensorFlow Lite's double rounding of acc * multiplier * 2^(shift - 31)
 *
 * Layout: activations [h][w][c]; weights as stated, int8; bias, multipliers and shifts one a channel. The bias is not
 * folded: acc = bias + sum of weight * (x - input_zero_point). A function computes its whole layer. `scratch` is 16-byte
 * aligned and has `scratch_bytes`, what CMSIS-NN asks for; where the library linked asks for more, or refuses its arguments,
 * the function returns EQ_ERROR_LIBRARY, otherwise EQ_OK. Input and output must not overlap, except for add. */
#ifndef EQ_CMSIS_NN_H
#define EQ_CMSIS_NN_H

#include <stdbool.h>

#include "eq_types.h"

/* conv2d: weights [out_c][kernel_h][kernel_w][in_c]; dwconv2d: [kernel_h][kernel_w][out_c], in_c == out_c. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t dilation_h, dilation_w;
  int32_t input_zero_point, output_zero_point;
  int32_t act_min, act_max;
  int32_t scratch_bytes;
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multipliers;
  const int32_t *shifts;
} eq_conv2d_s8_cmsis_nn_t;
typedef eq_conv2d_s8_cmsis_nn_t eq_dwconv2d_s8_cmsis_nn_t;

eq_status_t eq_conv2d_s8_cmsis_nn(const eq_conv2d_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output, void *scratch);
eq_status_t eq_dwconv2d_s8_cmsis_nn(const eq_dwconv2d_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output, void *scratch);

/* Whether the library linked rounds once: it is asked to scale a sum that the two ways round to different numbers. */
bool eq_conv2d_s8_cmsis_nn_rounds_once(void);

/* linear: weights [out_features][in_features]; the input's zero point is folded into the bias. No scratch. */
typedef struct {
  int32_t rows, in_features, out_features;
  int32_t output_zero_point;
  int32_t act_min, act_max;
  int32_t scratch_bytes;
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multipliers;
  const int32_t *shifts;
} eq_linear_s8_cmsis_nn_t;

eq_status_t eq_linear_s8_cmsis_nn(const eq_linear_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output, void *scratch);

/* Pools: padding is left out. No scratch for the largest value. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;
  int32_t act_min, act_max;
  int32_t scratch_bytes;
} eq_avg_pool2d_s8_cmsis_nn_t;
typedef eq_avg_pool2d_s8_cmsis_nn_t eq_max_pool2d_s8_cmsis_nn_t;

eq_status_t eq_avg_pool2d_s8_cmsis_nn(const eq_avg_pool2d_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output,
                                      void *scratch);
eq_status_t eq_max_pool2d_s8_cmsis_nn(const eq_max_pool2d_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output,
                                      void *scratch);

/* add: TensorFlow Lite's sum in three stages; the output may lie over an input. No scratch. */
typedef struct {
  int32_t elements;
  int32_t left_shift;
  int32_t zero_point1, multiplier1, shift1;
  int32_t zero_point2, multiplier2, shift2;
  int32_t zero_point, sum_multiplier, sum_shift;
  int32_t act_min, act_max;
  int32_t scratch_bytes;
} eq_add_s8_cmsis_nn_t;

eq_status_t eq_add_s8_cmsis_nn(const eq_add_s8_cmsis_nn_t *p, const int8_t *input1, const int8_t *input2, int8_t *output,
                               void *scratch);

/* softmax over rows of `depth`: TensorFlow Lite's reference kernel; differences below least_difference count as none. */
typedef struct {
  int32_t rows, depth;
  int32_t multiplier, shift;
  int32_t least_difference;
  int32_t scratch_bytes;
} eq_softmax_s8_cmsis_nn_t;

eq_status_t eq_softmax_s8_cmsis_nn(const eq_softmax_s8_cmsis_nn_t *p, const int8_t *input, int8_t *output, void *scratch);

#endif
